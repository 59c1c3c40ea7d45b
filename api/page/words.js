// Describes each chart in words, for those who do not see it.

import { app, onSettled, owners } from "./state.js";
import { stretch } from "./times.js";
import { number, percent, stateName, sum, titleOf } from "./values.js";
import { duration, extent, reporting } from "./view.js";

export const startWords = () => onSettled(describe);

function describe() {
  if (reporting()) return;
  const { from, to } = extent();
  for (const owner of owners()) {
    for (const chart of owner.charts) {
      const text = chart.list.map((series) => summaryOf(series, from, to)).join(" ");
      chart.summary.textContent = `${stretch(from, to)}. ${text}`;
    }
  }
}

function summaryOf(series, from, to) {
  const shown = series.t.map((_, i) => i).filter((i) => series.t[i] >= from && series.t[i] < to);
  const name = `${titleOf(series)}:`;
  if (shown.length === 0) return `${name} no samples.`;
  const samples = sum(shown.map((i) => series.count[i]));
  const last = series.v[shown.at(-1)];
  if (series.aggregation === "mode") {
    const shares = new Map();
    for (const i of shown) shares.set(series.v[i], (shares.get(series.v[i]) ?? 0) + series.count[i]);
    const list = [...shares].sort(([a], [b]) => a - b);
    const words = list.map(([value, count]) => `${stateName(value, series)} ${((100 * count) / samples).toFixed(1)} percent`);
    const worst = Math.max(...shown.map((i) => series.max[i]));
    return `${name} ${words.join(", ")} of the points' samples; worst ${stateName(worst, series)}, last ${stateName(last, series)}.`;
  }
  const inWords = series.metric.endsWith("_ratio") ? percent : (value) => number(value, series.unit);
  const average = sum(shown.map((i) => series.v[i] * series.count[i])) / samples;
  const low = shown.reduce((best, i) => Math.min(best, series.min[i]), Infinity);
  const high = shown.reduce((best, i) => Math.max(best, series.max[i]), -Infinity);
  return `${name} average ${inWords(average)}, lowest ${inWords(low)}, highest ${inWords(high)}, ` +
    `last ${inWords(last)}, from ${samples} samples${app.step ? `, a point each ${duration(app.step)}` : ""}.`;
}
