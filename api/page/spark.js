// Small pictures of a series, without axes.

import { endsOf } from "./tables.js";
import { app } from "./state.js";
import { extent } from "./view.js";

const size = { width: 96, height: 22 };
const namespace = "http://www.w3.org/2000/svg";

// newSpark makes an empty one.
export function newSpark(name) {
  const node = document.createElementNS(namespace, "svg");
  node.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
  node.setAttribute("preserveAspectRatio", "none");
  node.setAttribute("class", `spark ${name}`);
  node.setAttribute("aria-hidden", "true");
  return node;
}

// drawSpark draws lines from zero, or near the data where zero is far; a line breaks where nothing was measured.
export function drawSpark(node, list) {
  const shown = list.map((series) => inView(series)).filter((points) => points.length > 0);
  const values = shown.flatMap((points) => points.map(({ v }) => v));
  const high = values.reduce((best, v) => Math.max(best, v), -Infinity);
  const low = values.reduce((best, v) => Math.min(best, v), Infinity);
  const base = low > high * 0.4 ? low - (high - low) * 0.2 : Math.min(0, low);
  const y = (v) => size.height - 2 - ((v - base) / (high - base || 1)) * (size.height - 4);
  node.replaceChildren(...shown.map((points) => shape("path", { d: pathOf(points, y) })));
}

function inView(series) {
  const { from, to } = extent();
  const ends = endsOf(series, app.latest.get(series.key)?.at);
  const x = (at) => (Math.min(1, Math.max(0, (at - from) / (to - from))) * size.width).toFixed(1);
  return series.t.map((at, i) => ({ at, v: series.v[i], x: x(at), end: ends[i], right: x(ends[i]) }))
    .filter(({ at, end }) => end >= from && at < to);
}

function pathOf(points, y) {
  return points.map((point, i) => {
    const joins = i > 0 && points[i - 1].end === point.at;
    const alone = points[i + 1]?.at !== point.end;
    return `${joins ? "L" : "M"}${point.x} ${y(point.v).toFixed(1)}${alone && !joins ? "h0.01" : ""}`;
  }).join("");
}

// drawStates draws a strip of states, worse ones higher.
export function drawStates(node, list) {
  const bars = list.slice(0, 1).flatMap((series) => inView(series));
  const runs = [];
  for (const { v, x, right, at, end } of bars) {
    const last = runs.at(-1);
    if (last?.v === v && last.end === at) Object.assign(last, { right, end });
    else runs.push({ v, x, right, end });
  }
  node.replaceChildren(...runs.map(({ v, x, right }) => {
    const height = ((Math.min(3, Math.max(0, v)) + 1) / 4) * size.height;
    const width = Math.max(0.5, right - x);
    return shape("rect", { x, width, y: size.height - height, height, "data-state": v });
  }));
}

// shape makes a part of a picture.
export function shape(kind, attributes) {
  const node = document.createElementNS(namespace, kind);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}
