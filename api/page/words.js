// Describes each chart in words, for those who do not see it.

import { app, duration, extent, onSettled } from "./app.js";
import { number, percent, stateName, stretch, titleOf } from "./charts.js";

const units = { ms: "ms", mbps: "Mbit/s" };

export function start() {
  onSettled(describe);
  describe();
}

function describe() {
  const { from, to } = extent();
  for (const card of app.cards.values()) {
    for (const chart of card.charts) {
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
  if (series.metric === "wanctl_state") {
    const shares = new Map();
    for (const i of shown) shares.set(series.v[i], (shares.get(series.v[i]) ?? 0) + series.count[i]);
    const list = [...shares].sort(([a], [b]) => a - b);
    const words = list.map(([value, count]) => `${stateName(value)} ${((100 * count) / samples).toFixed(1)} percent`);
    const worst = Math.max(...shown.map((i) => series.max[i]));
    return `${name} ${words.join(", ")} of the points' samples; worst ${stateName(worst)}, last ${stateName(last)}.`;
  }
  const suffix = series.metric.split("_").at(-1);
  const write = suffix === "ratio" ? percent : (value) => number(value, units[suffix] ?? "");
  const average = sum(shown.map((i) => series.v[i] * series.count[i])) / samples;
  const low = shown.reduce((best, i) => Math.min(best, series.min[i]), Infinity);
  const high = shown.reduce((best, i) => Math.max(best, series.max[i]), -Infinity);
  return `${name} average ${write(average)}, lowest ${write(low)}, highest ${write(high)}, ` +
    `last ${write(last)}, from ${samples} samples${app.step ? `, a point each ${duration(app.step)}` : ""}.`;
}

const sum = (list) => list.reduce((total, value) => total + value, 0);
