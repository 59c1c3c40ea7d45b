// The ribbon of states: a row of bars a series.

import { colour, states } from "./values.js";

export const heightOfRibbon = (rows) => 46 + rows * (rows > 6 ? 14 : 34);

export function plotRibbon(options, chart) {
  options.scales.y = { range: () => [0, chart.list.length] };
  Object.assign(options.axes[1], { values: () => [], grid: { show: false } });
  for (const _ of chart.list) {
    const hidden = { paths: () => null, points: { show: false }, stroke: "transparent" };
    options.series.push({ ...hidden }, { ...hidden });
  }
  options.cursor.points = { show: false };
  options.hooks.drawAxes = [(u) => drawRibbon(u, chart)];
}

// levelsOf are the states of some series from the lowest to the highest: those with names and those that occurred.
function levelsOf(list) {
  if (list[0]?.metric === "wanctl_state") return states.map((_, value) => value);
  const values = list.flatMap((series) => [...Object.keys(series.states).map(Number), ...series.v, ...series.max]);
  return [...new Set(values)].sort((a, b) => a - b);
}

// colourOfLevel gives wanctl's states their own colours, and others those that tell series apart.
export function colourOfLevel(series, rank) {
  return series.metric === "wanctl_state" ? `--state-${rank}` : `--c${rank % 6}`;
}

// drawRibbon draws bars whose height says the state as well as their colour does; a pale bar behind reaches up to the
// worst state of the point.
function drawRibbon(u, chart) {
  const { ctx, bbox } = u;
  const row = bbox.height / chart.list.length;
  const gap = Math.min(3 * uPlot.pxRatio, row / 4);
  const levels = levelsOf(chart.list);
  const rankOf = (value) => Math.max(0, levels.findLastIndex((level) => level <= value));
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  chart.list.forEach((series, r) => {
    if (!chart.legend.shows(series)) return;
    const base = bbox.top + row * (r + 1);
    const bar = (from, to, value, alpha) => {
      const rank = rankOf(value);
      const height = ((row - gap) * (rank + 1)) / levels.length;
      ctx.globalAlpha = alpha;
      ctx.fillStyle = colour(colourOfLevel(series, rank));
      ctx.fillRect(from, base - height, Math.max(to - from, uPlot.pxRatio), height);
    };
    ctx.globalAlpha = 1;
    ctx.fillStyle = colour("--track");
    ctx.fillRect(bbox.left, base - row + gap, bbox.width, row - gap);
    series.t.forEach((at, i) => {
      const end = chart.ends[r][i];
      if (end < chart.view.from || at > chart.view.to) return;
      const from = Math.round(u.valToPos(at, "x", true));
      const to = Math.round(u.valToPos(end, "x", true));
      if (series.max[i] > series.v[i]) bar(from, to, series.max[i], 0.3);
      bar(from, to, series.v[i], 1);
    });
  });
  ctx.restore();
}

// stateKey explains the bars.
export function stateKey() {
  const key = document.createElement("span");
  key.className = "key";
  states.forEach((name, value) => {
    const bar = document.createElement("i");
    bar.dataset.state = value;
    key.append(bar, name);
  });
  return key;
}
