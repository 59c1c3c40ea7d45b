// What is looked at, what is asked for it, and who is told. The drawing is in charts.js; what may come after the first
// paint (keys and buttons, following live, notices, words for screen readers) is loaded then.

import { Card, forgetColours, showUTC, stretch } from "./charts.js";

// The view is {range} seconds up to now, or {from, to} in Unix seconds. It is kept in the address, to go back to and to share.
// Without an address it is an hour, or as much of that as there is: {range, fit}.

const units = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 };
const least = 2;
const most = 366 * 86400;

function seconds(text) {
  let total = 0;
  for (const [, n, unit] of text.matchAll(/([\d.]+)([smhdw])/g)) total += n * units[unit];
  return total;
}

// duration writes seconds in the widest unit that divides them.
export function duration(total) {
  const unit = ["d", "h", "m", "s"].find((u) => total >= units[u] && total % units[u] === 0);
  return unit ? `${total / units[unit]}${unit}` : `${Math.round(total * 1000)}ms`;
}

// instant reads Unix seconds, or what Date reads, such as RFC 3339. A + that is not escaped is a space in an address.
const instant = (text) => Number(text) || Date.parse(text.replace(/(T.*) (\d\d:?\d\d)$/, "$1+$2")) / 1000;

export function viewOf(hash) {
  const words = new URLSearchParams(hash.replace(/^#/, ""));
  const from = instant(words.get("from") ?? "");
  const to = words.has("to") ? instant(words.get("to")) : now();
  if (to > from && from > 0) return { from, to };
  const range = Math.min(most, Math.max(least, seconds(words.get("range") ?? "")));
  return words.has("range") ? { range } : { range: 3600, fit: true };
}

const hashOf = (view) => (view.range ? `#range=${duration(view.range)}` : `#from=${tidy(view.from)}&to=${tidy(view.to)}`);
const tidy = (at) => Number(at.toFixed(at % 1 ? 3 : 0));

// extent is the view as moments.
export function extent() {
  const { view, fitted } = app;
  if (!view.range) return { from: view.from, to: view.to };
  const to = fitted?.to ?? now();
  return { from: Math.max(to - view.range, fitted?.from ?? 0), to };
}

// fit makes the first view as short as what there is. It ends with the newest sample where that is longer ago than all of
// them take.
function fit() {
  app.fitted = null;
  if (!app.view.fit || app.latest.size === 0) return;
  const newest = newestOf(app.latest.values());
  const first = Math.min(newest, ...[...app.series.values()].map((series) => series.t[0]));
  const past = now() - newest > Math.max(15, newest - first);
  const to = past ? newest + Math.max(least, newest - first) * 0.02 : null;
  app.fitted = { from: app.series.size > 0 ? Math.min(first, (to ?? now()) - least) : 0, to };
}

// live says that the view ends now. A first view of what was recorded long ago does not.
export const live = () => Boolean(app.view.range) && !app.fitted?.to;

// newestOf is the moment of the newest of some samples, undefined where there is none.
export const newestOf = (samples) => [...samples].reduce((newest, { at }) => (newest > at ? newest : at), undefined);

// go shows another view. With "instead" it takes the place of the present one, else Back leads here again.
export function go(view, instead) {
  const depth = history.state?.depth ?? 0;
  if (hashOf(view) === location.hash) return;
  history[instead ? "replaceState" : "pushState"]({ depth: instead ? depth : depth + 1 }, "", hashOf(view));
  look();
}

export function back() {
  if (history.state?.depth > 0) return history.back();
  magnify(2);
}

// magnify shows so many times as much around a moment, or more of the past where the view follows the present.
export function magnify(factor, around) {
  const { from, to } = extent();
  if (live() && factor > 1) return go({ range: Math.min(most, Math.round((to - from) * factor)) });
  const middle = around ?? (from + to) / 2;
  zoom(middle - (middle - from) * factor, middle + (to - middle) * factor);
}

export function zoom(from, to, instead) {
  const middle = (from + to) / 2;
  const half = Math.min(most, Math.max(least, to - from)) / 2;
  go({ from: middle - half, to: middle + half }, instead);
}

// The clock is the store's: that of the browser may be wrong.

let ahead = 0; // seconds that the store's clock is ahead of this one

export const now = () => Date.now() / 1000 + ahead;

function setClock(answer) {
  const date = Date.parse(answer.headers.get("Date") ?? "") / 1000;
  const by = date + 0.5 - Date.now() / 1000; // the header has whole seconds
  ahead = Math.abs(by) > 2 ? by : 0;
}

// Questions

export const metrics = [
  "wanctl_rtt_ms", "wanctl_rtt_baseline_ms", "wanctl_loss_ratio", "wanctl_rate_download_mbps", "wanctl_rate_upload_mbps",
  "wanctl_state",
];
// Steps that no tier can answer for are read from raw samples, so they are for short views alone.
const fine = [0.1, 0.2, 0.5, 1, 2, 3];
const coarse = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];

// stepFor is the width of a point, in seconds, that makes 300 to 1000 of them, one for two pixels or so; 0 is every sample.
export function stepFor(span, width) {
  const want = span / Math.min(1000, Math.max(300, width / 2));
  if (want < 0.05) return 0;
  return (span <= 900 ? fine : coarse).find((step) => step >= want) ?? 86400;
}

// steps are the words that ask for points of that width: whole days are those of the zone that is shown, unless the store
// does not know that.
let zoneless = false;

function stepWords(step) {
  if (!step) return {};
  const days = step % 86400 === 0 && !zoneless;
  return { step: duration(step), ...(days && { tz: inUTC() ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone }) };
}

const inUTC = () => localStorage.getItem("wanstore.utc") === "yes";

// Refusal is an answer that has no data.
export class Refusal extends Error {
  constructor(status, message, parameter) {
    super(message);
    Object.assign(this, { status, parameter });
  }
}

// fetched asks one question.
export async function fetched(question, signal) {
  const token = sessionStorage.getItem("wanstore.token");
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const answer = await fetch(`metrics/history?${question}`, { headers, signal, cache: "no-store" });
  setClock(answer);
  if (answer.ok) return answer.json();
  const { error } = await answer.json().catch(() => ({}));
  throw new Refusal(answer.status, error?.message ?? answer.statusText, error?.parameter);
}

// pages asks page by page, newest first. The first page is short, so that something can be seen soon, and says what is now;
// the second is as long as can be, because each one costs the store as much as all of the view.
export async function* pages(words, signal) {
  let question = new URLSearchParams({ metrics: metrics.join(","), limit: 4000, latest: "yes", ...words });
  while (question) {
    const page = await fetched(question, signal);
    yield page;
    const next = page.metadata.next;
    question = next && new URLSearchParams(next.slice(next.indexOf("?")));
    question?.set("limit", 100000);
  }
}

// Answers

const columns = { t: "timestamps", v: "values", min: "min", max: "max", count: "count", g: "granularity", w: "width" };

const keyOf = (one) => JSON.stringify([one.wan_name, one.metric_name, one.labels]);

// hear takes in the newest samples.
export function hear(page) {
  if (!page.latest) return;
  app.latest = new Map(page.latest.map((one) => {
    const key = keyOf(one);
    return [key, { key, metric: one.metric_name, wan: one.wan_name, labels: one.labels, at: one.timestamp, v: one.value }];
  }));
  app.heard = now();
}

// add takes in a page, of which the newest point comes first: older points than those that are here, or newer ones in
// place of those that are here.
export function add(series, page) {
  for (const one of page.data) {
    const key = keyOf(one);
    const known = series.get(key) ?? { key, metric: one.metric_name, wan: one.wan_name, labels: one.labels, t: [] };
    const part = Object.fromEntries(Object.entries(columns).map(([short, name]) => [short, one[name].toReversed()]));
    let kept = known.t.findIndex((at) => at >= part.t[0]);
    if (kept < 0) kept = known.t.length;
    const older = part.t.at(-1) < known.t[0];
    const merged = Object.keys(columns).map((short) => {
      const here = known[short] ?? [];
      return [short, older ? part[short].concat(here) : here.slice(0, kept).concat(part[short])];
    });
    series.set(key, { ...known, ...Object.fromEntries(merged) });
  }
}

// trim lets go of what has left a view that moves on, but for the point that leads into it.
function trim(series, from) {
  for (const [key, one] of series) {
    const gone = one.t.findIndex((at) => at >= from) - 1;
    if (gone < 1) continue;
    series.set(key, { ...one, ...Object.fromEntries(Object.keys(columns).map((short) => [short, one[short].slice(gone)])) });
  }
}

// Painting

// app is what the page holds. It is on the window, as wanstore, for debugging and for tests: cards[].charts[].plot
// is a uPlot, its data is what is drawn.
export const app = {
  view: viewOf(location.hash),
  step: 0,
  series: new Map(),
  cards: new Map(), // by WAN
  latest: new Map(), // the newest sample of each series, in the view or not
  heard: 0, // when that was
  fitted: null, // what the first view is cut to
  loading: false,
  problem: null, // why the last question failed, if it did
};
window.wanstore = app;

const $ = (id) => document.getElementById(id);

// onSettled calls f whenever a question has been answered, or has failed.
export const onSettled = (f) => listeners.push(f);
const listeners = [];

const parent = { width: () => $("wans").clientWidth - 32, zoom, back };
const pause = () => new Promise((resume) => setTimeout(resume));

const inOrder = (a, b) => (a.wan === b.wan ? (a.key < b.key ? -1 : 1) : a.wan < b.wan ? -1 : 1);

// paint shows the series, a card at a time, and lets the browser breathe in between.
export async function paint(signal) {
  const view = extent();
  const wans = [...app.latest.values(), ...app.series.values()].map((series) => series.wan);
  const shown = Map.groupBy([...app.series.values()].sort(inOrder), (series) => series.wan);
  const byWAN = new Map(wans.sort().map((wan) => [wan, shown.get(wan) ?? []]));
  for (const [wan, card] of app.cards) {
    if (byWAN.has(wan)) continue;
    card.remove();
    app.cards.delete(wan);
  }
  let since = performance.now();
  for (const [wan, list] of byWAN) {
    if (performance.now() - since > 30) {
      await pause();
      since = performance.now();
    }
    if (signal?.aborted) return;
    if (!app.cards.has(wan)) {
      app.cards.set(wan, new Card(wan, parent));
      $("wans").insertBefore(app.cards.get(wan).node, $("wans").children[[...byWAN.keys()].indexOf(wan)] ?? null);
    }
    app.cards.get(wan).update(list, view, app.latest);
  }
  head();
  if (byWAN.size > 0) performance.mark("painted");
}

function head() {
  const { from, to } = extent();
  $("span").textContent = stretch(from, to);
  $("grain").textContent = app.step ? `a point each ${duration(app.step)}` : app.series.size > 0 ? "every sample" : "";
  const shown = location.hash || (to - from > 3599 ? "#range=1h" : "");
  for (const link of document.querySelectorAll(".ranges a")) {
    if (link.getAttribute("href") === shown) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

// Loading

let turn = new AbortController();

// look shows what the address says: first what is here, then what it asks for.
export function look() {
  app.view = viewOf(location.hash);
  app.fitted = null;
  for (const card of app.cards.values()) card.scale(extent());
  head();
  return load();
}

// load asks for all of the view. An older load that is still at it ends.
export async function load() {
  turn.abort();
  turn = new AbortController();
  const { signal } = turn;
  const { range } = app.view;
  const { from, to } = extent();
  const step = stepFor(to - from, parent.width() - 54);
  app.loading = true;
  $("wans").setAttribute("aria-busy", "true");
  try {
    const words = range && !app.fitted ? { range: duration(range) } : { from: tidy(from), to: tidy(to) };
    Object.assign(words, stepWords(step));
    const series = new Map();
    for await (const page of pages(words, signal)) {
      add(series, page);
      hear(page);
      Object.assign(app, { series, step });
      if (page.metadata.next === null) fit();
      await paint(signal);
    }
    if (signal.aborted) return;
    if (outgrown(from)) return load();
    settle(null);
  } catch (problem) {
    if (signal.aborted) return;
    if (problem.parameter !== "tz" || zoneless) return settle(problem);
    zoneless = true;
    return load();
  }
}

// outgrown says that the first view has turned out to be another one than was asked for from that moment on.
function outgrown(asked) {
  if (!app.fitted) return false;
  const { from, to } = extent();
  return stepFor(to - from, parent.width() - 54) !== app.step || from < asked - 1;
}

function settle(problem) {
  Object.assign(app, { loading: false, problem });
  $("wans").setAttribute("aria-busy", "false");
  listeners.forEach((f) => f());
}

// follow asks for what has come since, and a little before: what is late (ten seconds for a lost echo, and those behind it),
// and what has been rolled up.
export async function follow() {
  const { signal } = turn;
  const { from } = extent();
  const last = Math.max(...[...app.cards.values()].map((card) => card.newest()), from);
  const since = Math.max(from, last - Math.max(2 * app.step, 12));
  const words = { from: tidy(since), ...stepWords(app.step) };
  try {
    const parts = [];
    for await (const page of pages(words, signal)) parts.push(page);
    if (signal.aborted) return;
    for (const page of parts) {
      add(app.series, page);
      hear(page);
    }
    trim(app.series, now() - app.view.range);
    fit();
    if (outgrown(from)) return load();
    await paint(signal);
    settle(null);
  } catch (problem) {
    if (!signal.aborted) settle(problem);
  }
}

// dress draws everything again in other colours or times.
export function dress() {
  forgetColours();
  showUTC(inUTC());
  for (const card of app.cards.values()) card.redraw();
  head();
}

const chosen = localStorage.getItem("wanstore.theme");
if (chosen) document.documentElement.dataset.theme = chosen;
dress();
addEventListener("popstate", look);
document.querySelector(".ranges").addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(viewOf(link.hash));
});

const start = async () => {
  const parts = await Promise.all(["notices", "controls", "live", "words"].map((name) => import(`./${name}.js`)));
  for (const part of parts) part.start();
  document.documentElement.dataset.ready = "yes";
};
load().finally(start);
