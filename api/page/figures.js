// The charts of a WAN: which metrics they show, and how.

import { fromZero, nearData, shareRange } from "./axes.js";
import { bandKey, plotLines } from "./lines.js";
import { heightOfRibbon, plotRibbon, stateKey } from "./ribbon.js";
import { colour, faint, labelsOf, number, percent, short, stateName, titleOf } from "./values.js";

// spanOf writes the least and the greatest of a point, unless they are the same.
const spanOf = (low, high) =>
  (low === high || low == null ? "" : ` (${number(low)} to ${number(high)})`);

function distribution([mid, low, high, p95, p99]) {
  if (p95 == null) return number(mid, "ms") + (low < high ? " on average" : "") + spanOf(low, high);
  return `${number(mid, "ms")}, p95 ${number(p95)}, p99 ${number(p99)}${spanOf(low, high)}`;
}

export const figures = [
  {
    name: "rtt", title: "Round-trip time, ms", metrics: ["wanctl_rtt_ms", "wanctl_rtt_baseline_ms"],
    height: () => 190,
    label: titleOf,
    key: bandKey,
    dashed: (series) => series.metric === "wanctl_rtt_baseline_ms",
    columns: (series) =>
      (series.metric === "wanctl_rtt_ms" ? ["mid", "min", "max", "p95", "p99"] : ["v"]),
    value: (_, values) => (values.length > 1 ? distribution(values) : number(values[0], "ms")),
    fill(options, chart) {
      options.scales.y = { range: nearData };
      plotLines(options, chart);
    },
  },
  {
    name: "loss", title: "Loss, %", metrics: ["wanctl_loss_ratio"],
    points: true, // the newest echo alone says little of loss
    height: () => 84,
    label: labelsOf,
    dashed: () => false,
    columns: () => ["v"], // each echo is answered or lost, so a band would say nothing
    value: (_, [share]) => percent(share),
    fill(options, chart) {
      options.scales.y = { range: shareRange };
      options.axes[1].values = (_, splits) => splits.map((share) => short(share * 100));
      plotLines(options, chart, (name) => ({ fill: () => faint(colour(name)) }));
    },
  },
  {
    name: "rates", title: "Rates, Mbit/s",
    metrics: ["wanctl_rate_download_mbps", "wanctl_rate_upload_mbps"],
    height: () => 140,
    label: titleOf,
    dashed: (series) =>
      series.metric === "wanctl_rate_upload_mbps" && Object.keys(series.labels).length > 0,
    columns: () => ["v", "min", "max"],
    value: (_, [mean, low, high]) => number(mean, "Mbit/s") + spanOf(low, high),
    fill(options, chart) {
      options.scales.y = { range: fromZero };
      plotLines(options, chart);
    },
  },
  {
    name: "states", title: "State", metrics: ["wanctl_state"], bottom: true,
    height: heightOfRibbon,
    label: labelsOf,
    key: stateKey,
    dashed: () => false,
    columns: () => ["v", "max"],
    value: stateValue,
    fill: plotRibbon,
  },
];

function stateValue(series, [value, worst]) {
  return stateName(value, series) + (worst > value ? `, worst ${stateName(worst, series)}` : "");
}

const withBands = 6; // series, at most

// figureOf is the chart of any other metric, with as many series.
export function figureOf({ metric, unit, aggregation }, count) {
  const title = unit ? `${metric}, ${unit}` : metric;
  const label = (series) => `${series.wan} ${labelsOf(series)}`.trim();
  if (aggregation === "mode") {
    return {
      name: "states", title, label, bottom: true, height: heightOfRibbon, dashed: () => false,
      columns: () => ["v", "max"], value: stateValue, fill: plotRibbon,
    };
  }
  return {
    name: "other", title, label, bottom: true, height: () => 196, dashed: () => false,
    columns: () => (count > withBands ? ["v"] : ["v", "min", "max"]),
    value: (_, [mean, low, high]) => number(mean, unit) + spanOf(low, high),
    fill(options, chart) {
      options.scales.y = { range: nearAny };
      plotLines(options, chart);
    },
  };
}

// nearAny is for values that may be negative.
const nearAny = (u, low, high) => (low < 0 ? uPlot.rangeNum(low, high, 0.1, true) : nearData(u, low, high));
