// The ribbon of states.

import { colour, states } from "./values.js";

// ribbon draws a row of bars a series. Their height says the state as well as their colour does; a pale bar behind reaches
// up to the worst state of the point.
export function ribbon(u, chart) {
  const { ctx, bbox } = u;
  const row = bbox.height / chart.list.length;
  const gap = 3 * uPlot.pxRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  chart.list.forEach((series, r) => {
    const base = bbox.top + row * (r + 1);
    const bar = (from, to, value, alpha) => {
      const height = ((row - gap) * (Math.min(value, 3) + 1)) / 4;
      ctx.globalAlpha = alpha;
      ctx.fillStyle = colour(`--state-${Math.max(0, Math.min(3, value))}`);
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
