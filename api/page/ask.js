// What the store is asked.

import { inUTC } from "./times.js";
import { duration, setClock } from "./view.js";

// metrics are those of the cards.
export const metrics = [
  "wanctl_rtt_ms", "wanctl_rtt_baseline_ms", "wanctl_loss_ratio",
  "wanctl_rate_download_mbps", "wanctl_rate_upload_mbps", "wanctl_state",
];
const mostNames = 200; // names in one question
// Steps that no tier can answer for are read from raw samples, so they are for short views alone.
const fine = [0.1, 0.2, 0.5, 1, 2, 3];
const coarse = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];

// stepFor is the width of a point, in seconds, that makes 300 to 1000 of them, one for two pixels or so; 0 is every sample.
export function stepFor(span, width) {
  const want = span / Math.min(1000, Math.max(300, width / 2));
  if (want < 0.05) return 0;
  return (span <= 900 ? fine : coarse).find((step) => step >= want) ?? 86400;
}

let zoneless = false; // the store does not know the zone that is shown

// withoutZones says that the store does not know that one, and whether that is news.
export const withoutZones = () => !zoneless && (zoneless = true);

// shownZone is the zone whose days are meant.
export const shownZone = () => (zoneless || inUTC() ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone);

// stepWords are the words that ask for points of that width.
export function stepWords(step) {
  if (!step) return {};
  return { step: duration(step), ...(step % 86400 === 0 && { tz: shownZone() }) };
}

// Refusal is an answer that has no data.
export class Refusal extends Error {
  constructor(status, message, parameter) {
    super(message);
    Object.assign(this, { status, parameter });
  }
}

// answerTo asks one question about points, or another one at its own path.
//
// Errors: Refusal, and those of the network.
export async function answerTo(question, signal, path = "metrics/history") {
  const token = sessionStorage.getItem("wanstore.token");
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const answer = await fetch(`${path}?${question}`, { headers, signal, cache: "no-store" });
  setClock(answer);
  if (answer.ok) return answer;
  const { error } = await answer.json().catch(() => ({}));
  throw new Refusal(answer.status, error?.message ?? answer.statusText, error?.parameter);
}

export const fetched = async (question, signal) => (await answerTo(new URLSearchParams(question), signal)).json();

// pages asks for the points of some metrics page by page, newest first. The first page is short, so that something can be
// seen soon, and says what is now; the second is as long as can be, because each one costs the store as much as all of
// the view.
export async function* pages(names, words, signal) {
  for (let i = 0; i < names.length; i += mostNames) yield* pagesOf(names.slice(i, i + mostNames), words, signal);
}

async function* pagesOf(names, words, signal) {
  let question = new URLSearchParams({
    metrics: names.join(","), limit: 4000, latest: "yes", quantiles: "0.5,0.95,0.99", ...words,
  });
  while (question) {
    const page = await fetched(question, signal);
    yield page;
    const next = page.metadata.next;
    question = next && new URLSearchParams(next.slice(next.indexOf("?")));
    question?.set("limit", 100000);
  }
}
