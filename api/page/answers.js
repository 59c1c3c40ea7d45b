// What the store has answered: points by series, and the newest samples.

import { metrics } from "./ask.js";
import { app } from "./state.js";
import { now } from "./view.js";

const columns = {
  t: "timestamps", v: "values", min: "min", max: "max", count: "count", g: "granularity", w: "width",
  p50: "p50", p95: "p95", p99: "p99", // null where there are none
  mid: "mid", // the median, else the mean
};

// keyOf tells series apart.
export const keyOf = (one) => JSON.stringify([one.wan_name, one.metric_name, one.labels]);

const headOf = (one) => ({
  key: keyOf(one), metric: one.metric_name, wan: one.wan_name, labels: one.labels,
  help: one.help, unit: one.unit, states: one.states, aggregation: one.aggregation,
});

// hear takes in the newest samples.
export function hear(page) {
  if (!page.latest) return;
  for (const one of page.latest) {
    const head = headOf(one);
    const kept = metrics.includes(head.metric) ? app.latest : app.others;
    kept.set(head.key, { ...head, at: one.timestamp, v: one.value });
  }
  app.heard = now();
}

// add takes in a page, of which the newest point comes first: older points than those that are here, or newer ones in
// place of those that are here.
export function add(series, page) {
  for (const one of page.data) {
    const key = keyOf(one);
    const known = series.get(key) ?? { ...headOf(one), t: [] };
    const part = partOf(one);
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

// partOf is the columns of an answer, the oldest point first.
function partOf(one) {
  const none = one.values.map(() => null);
  const { p50 = none, p95 = none, p99 = none } = one;
  const whole = { ...one, p50, p95, p99, mid: one.values.map((mean, i) => p50[i] ?? mean) };
  return Object.fromEntries(Object.entries(columns).map(([short, name]) => [short, whole[name].toReversed()]));
}

// trim lets go of what has left a view that moves on, but for the point that leads into it.
export function trim(series, from) {
  for (const [key, one] of series) {
    const gone = one.t.findIndex((at) => at >= from) - 1;
    if (gone < 1) continue;
    series.set(key, { ...one, ...Object.fromEntries(Object.keys(columns).map((short) => [short, one[short].slice(gone)])) });
  }
}
