// The charts of a WAN: which metrics they show, and how.

import { fromZero, nearData } from "./axes.js";
import { ribbon, stateKey } from "./ribbon.js";
import { colour, colourOf, faint, labelsOf, number, stateName, titleOf } from "./values.js";

const span = (values, unit) => (values[1] === values[2] || values[1] == null ? "" : ` (${number(values[1])} to ${number(values[2])})`);

export const figures = [
  {
    name: "rtt", title: "Round-trip time, ms", metrics: ["wanctl_rtt_ms", "wanctl_rtt_baseline_ms"],
    height: () => 190,
    label: titleOf,
    dashed: (series) => series.metric === "wanctl_rtt_baseline_ms",
    columns: (series) => (series.metric === "wanctl_rtt_ms" ? ["v", "min", "max"] : ["v"]),
    value: (series, values) => number(values[0], "ms") + (values.length > 1 ? span(values) : ""),
    fill(options, chart) {
      options.scales.y = { range: nearData };
      for (const series of chart.list) {
        const n = options.series.length;
        options.series.push(chart.line(series));
        if (this.columns(series).length === 1) continue;
        const edge = { stroke: null, width: 0, points: { show: false } };
        options.series.push({ ...edge }, { ...edge });
        const name = `${colourOf(series, chart.list)}`;
        options.bands.push({ series: [n + 2, n + 1], fill: () => faint(colour(name)) });
      }
    },
  },
  {
    name: "rates", title: "Rates, Mbit/s", metrics: ["wanctl_rate_download_mbps", "wanctl_rate_upload_mbps"],
    height: () => 140,
    label: titleOf,
    dashed: (series) => series.metric === "wanctl_rate_upload_mbps" && Object.keys(series.labels).length > 0,
    columns: () => ["v"],
    value: (_, values) => number(values[0], "Mbit/s"),
    fill(options, chart) {
      options.scales.y = { range: fromZero };
      for (const series of chart.list) {
        const name = colourOf(series, chart.list);
        const filled = name === "--rate-download" ? { fill: () => faint(colour(name), 0.12) } : {};
        options.series.push(chart.line(series, filled));
      }
    },
  },
  {
    name: "states", title: "State", metrics: ["wanctl_state"], bottom: true,
    height: (rows) => 46 + 34 * rows,
    label: labelsOf,
    key: stateKey,
    dashed: () => false,
    columns: () => ["v", "max"],
    value: (_, [value, worst]) => stateName(value) + (worst > value ? `, worst ${stateName(worst)}` : ""),
    fill(options, chart) {
      options.scales.y = { range: () => [0, chart.list.length] };
      Object.assign(options.axes[1], { values: () => [], grid: { show: false } });
      for (const _ of chart.list) {
        const hidden = { paths: () => null, points: { show: false }, stroke: "transparent" };
        options.series.push({ ...hidden }, { ...hidden });
      }
      options.cursor.points = { show: false };
      options.hooks.drawAxes = [(u) => ribbon(u, chart)];
    },
  },
];
