// Loads what is looked at, and what has come since.

import { add, hear, trim } from "./answers.js";
import { fetched, metrics, pages, stepFor, stepWords, withoutZones } from "./ask.js";
import { onChosen, openMetrics } from "./open.js";
import { paint } from "./paint.js";
import { $, announce, app, plotWidth } from "./state.js";
import { newTurn, thisTurn } from "./turn.js";
import { duration, extent, fit, now, tidy } from "./view.js";

let learnNext = 0; // when to learn again what changes slowly, so that it costs the store a fiftieth of the time at most

// load asks for all of the view.
export async function load() {
  const signal = newTurn();
  const { range } = app.view;
  const { from, to } = extent();
  const step = stepFor(to - from, plotWidth());
  app.loading = true;
  $("wans").setAttribute("aria-busy", "true");
  try {
    const words = range && !app.fitted ? { range: duration(range) } : { from: tidy(from), to: tidy(to) };
    Object.assign(words, stepWords(step));
    const series = new Map();
    for await (const page of pages(metrics, words, signal)) {
      if (series.size === 0) app.latest = new Map();
      add(series, page);
      hear(page);
      Object.assign(app, { series, step });
      if (page.metadata.next === null) fit();
      await paint(signal);
    }
    if (signal.aborted) return;
    if (outgrown(from)) return load();
    await survey(signal);
    await fetchOthers(openMetrics(), words, signal);
    if (outgrown(from)) return load();
    await learnFigures(signal);
    settle(null);
  } catch (problem) {
    if (signal.aborted) return;
    if (problem.parameter !== "tz" || !withoutZones()) return settle(problem);
    return load();
  }
}

// survey learns which series there are, and their newest samples.
export async function survey(signal) {
  const page = await fetched({ range: "1s", limit: 1, latest: "yes" }, signal);
  Object.assign(app, { latest: new Map(), others: new Map() });
  hear(page);
}

// fetchOthers asks for the points of metrics that no card shows.
async function fetchOthers(names, words, signal) {
  for await (const page of pages(names, words, signal)) add(app.series, page);
  fit();
  await paint(signal);
}

// learnFigures asks what each series of the cards did in all of the view, and for the outages in it.
async function learnFigures(signal) {
  const { from, to } = extent();
  const asked = performance.now();
  const words = {
    metrics: metrics.join(","), from: tidy(from), to: tidy(to), ...stepWords(app.step),
    limit: 1, summary: "yes", outages: "yes", quantiles: 0.95,
  };
  // The charts are there without: a store that is too slow to sum up keeps them.
  const { summary, outages } = await fetched(words, signal).catch((problem) => {
    if (problem.status === 503) return { summary: [], outages: [] };
    throw problem;
  });
  const answered = performance.now();
  learnNext = answered + Math.max(60000, 50 * (answered - asked));
  app.outages = new Map(outages.map((one) => [one.wan_name, one.outages]));
  app.figures = summary.map((one) => ({ ...one, wan: one.wan_name, metric: one.metric_name }));
  await paint(signal);
}

onChosen(async (kind, name, open) => {
  if (kind === "card" || !open) return paint();
  if (app.loading) return load();
  const signal = thisTurn();
  const { from, to } = extent();
  try {
    await fetchOthers([name], { from: tidy(from), to: tidy(to), ...stepWords(app.step) }, signal);
    settle(null);
  } catch (problem) {
    if (!signal.aborted) settle(problem);
  }
});

// outgrown says that the first view has turned out to be another one than was asked for from that moment on.
function outgrown(asked) {
  if (!app.fitted) return false;
  const { from, to } = extent();
  return stepFor(to - from, plotWidth()) !== app.step || from < asked - 1;
}

// settle says that a question has been answered, or what is the problem.
export function settle(problem) {
  Object.assign(app, { loading: false, problem });
  $("wans").setAttribute("aria-busy", "false");
  announce();
}

// follow asks for what has come since, and a little before: what is late (ten seconds for a lost echo, and those behind
// it), and what has been rolled up.
export async function follow() {
  const signal = thisTurn();
  const { from } = extent();
  const last = Math.max(...[...app.series.values()].map((series) => series.t.at(-1)), from);
  const since = Math.max(from, last - Math.max(2 * app.step, 12));
  const words = { from: tidy(since), ...stepWords(app.step) };
  try {
    const parts = [];
    for await (const page of pages([...metrics, ...openMetrics()], words, signal)) parts.push(page);
    if (signal.aborted) return;
    for (const page of parts) {
      add(app.series, page);
      hear(page);
    }
    trim(app.series, now() - app.view.range);
    fit();
    if (outgrown(from)) return load();
    if (performance.now() > learnNext) {
      await survey(signal);
      await learnFigures(signal);
    } else await paint(signal);
    settle(null);
  } catch (problem) {
    if (!signal.aborted) settle(problem);
  }
}
