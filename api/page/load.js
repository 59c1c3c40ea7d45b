// Loads what is looked at, and what has come since.

import { add, hear, trim } from "./answers.js";
import { pages, stepFor, stepWords, withoutZones } from "./ask.js";
import { paint } from "./paint.js";
import { $, announce, app, plotWidth } from "./state.js";
import { duration, extent, fit, now, tidy } from "./view.js";

let turn = new AbortController();

// load asks for all of the view. An older load that is still at it ends.
export async function load() {
  turn.abort();
  turn = new AbortController();
  const { signal } = turn;
  const { range } = app.view;
  const { from, to } = extent();
  const step = stepFor(to - from, plotWidth());
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
    if (problem.parameter !== "tz" || !withoutZones()) return settle(problem);
    return load();
  }
}

// outgrown says that the first view has turned out to be another one than was asked for from that moment on.
function outgrown(asked) {
  if (!app.fitted) return false;
  const { from, to } = extent();
  return stepFor(to - from, plotWidth()) !== app.step || from < asked - 1;
}

function settle(problem) {
  Object.assign(app, { loading: false, problem });
  $("wans").setAttribute("aria-busy", "false");
  announce();
}

// follow asks for what has come since, and a little before: what is late, and what has been rolled up.
export async function follow() {
  const { signal } = turn;
  const { from } = extent();
  const last = Math.max(...[...app.cards.values()].map((card) => card.newest()), from);
  const since = Math.max(from, last - Math.max(2 * app.step, 5));
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
