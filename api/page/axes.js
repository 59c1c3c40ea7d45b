// The axes of a chart.

import { stamp } from "./times.js";
import { colour, short } from "./values.js";

export const edge = 14; // to the right of the charts
const gutter = 54; // of the y axes: the same in all charts, so that they line up
const font = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

// tickLabels names the ticks of the axis: the clock or the day, and below it what changes more slowly, where it changes. A
// name for which there is no room at the right is left out.
function tickLabels(u, splits, __, ___, increment) {
  const fine = increment < 1 ? "minute second ms" : increment < 60 ? "hour minute second" : "hour minute";
  const [above, below] = increment >= 28 * 86400 ? ["month", "year"] : increment >= 86400 ? ["day month", "year"] : [fine, "day month"];
  let last = "";
  return splits.map((at) => {
    const second = stamp(at, below);
    const label = second === last ? stamp(at, above) : `${stamp(at, above)}\n${second}`;
    last = second;
    return fits(u, at, label) ? label : "";
  });
}

function fits(u, at, label) {
  const half = Math.max(...label.split("\n").map((line) => widthOf(u.ctx, line))) / 2;
  const { min, max } = u.scales.x;
  const wide = u.width - gutter - edge; // the plot has its place only later
  return ((at - min) / (max - min)) * wide + half <= wide + edge;
}

function widthOf(ctx, text) {
  ctx.save();
  ctx.font = font;
  const { width } = ctx.measureText(text);
  ctx.restore();
  return width;
}

export function axes(view, bottom) {
  const grid = () => ({ stroke: () => colour("--grid"), width: 1 });
  return [
    {
      stroke: () => colour("--quiet"), font, grid: grid(), ticks: { ...grid(), size: bottom ? 5 : 0 },
      size: bottom ? 44 : 8, space: 84, gap: 4,
      values: bottom ? tickLabels : (_, splits) => splits.map(() => ""),
    },
    {
      stroke: () => colour("--quiet"), font, grid: grid(), ticks: { show: false }, size: gutter, gap: 8, space: 32,
      values: (_, splits) => splits.map(short),
    },
  ];
}

export const fromZero = (_, low, high) => [Math.min(0, low ?? 0), high > 0 ? high * 1.08 : 1];

// shareRange begins at zero, and does not show a loss of nothing as wide as one of everything.
export const shareRange = (_, low, high) => [0, Math.max(0.01, (high ?? 0) * 1.08)];

// nearData begins at zero, too, unless most of the chart were empty then.
export function nearData(_, low, high) {
  if (low == null || low < high * 0.4) return fromZero(_, low, high);
  const room = Math.max(high * 0.03, (high - low) * 0.12);
  return [low - room, high + room];
}
