// Lines with the bands around them.

import { colour, colourOf, faint } from "./values.js";

// A band leads from the first column to the second; null stands for the line.
const shades = [["max", "min", 0.13], ["p99", null, 0.12], ["p95", null, 0.2]];
const edgeOfBand = { stroke: null, width: 0, points: { show: false } };

// plotLines plots the first column of each series as a line, and the others as the edges of bands.
export function plotLines(options, chart, more = () => ({})) {
  for (const series of chart.list) {
    const [line, ...edges] = chart.figure.columns(series);
    const first = options.series.length;
    const at = (name) => first + [line, ...edges].indexOf(name ?? line);
    const name = colourOf(series, chart.list);
    options.series.push(chart.line(series, more(name)), ...edges.map(() => ({ ...edgeOfBand })));
    for (const [upper, lower, alpha] of shades) {
      if (!edges.includes(upper)) continue;
      options.bands.push({ series: [at(upper), at(lower)], fill: () => faint(colour(name), alpha) });
    }
  }
}

// bandKey explains the bands of quantiles.
export function bandKey() {
  const key = document.createElement("span");
  key.className = "key bands";
  for (const [band, name] of [["p95", "median to p95"], ["p99", "p99"], ["range", "all"]]) {
    const swatch = document.createElement("i");
    swatch.dataset.band = band;
    key.append(swatch, name);
  }
  return key;
}
