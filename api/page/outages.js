// Stretches in which a WAN recorded something, and nothing of its round-trip time.

import { endsOf } from "./tables.js";
import { app } from "./state.js";

const shortest = 15; // seconds: the newest echoes may still be answered

// stretchesOf are those that the points of some series speak for, put together.
function stretchesOf(list) {
  const parts = list.flatMap((series) => {
    const ends = endsOf(series, app.latest.get(series.key)?.at);
    return series.t.map((at, i) => [at, ends[i]]);
  });
  const whole = [];
  for (const [from, to] of parts.sort(([a], [b]) => a - b)) {
    const last = whole.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else whole.push([from, to]);
  }
  return whole;
}

// without leaves out of some stretches what lies in others.
function without(stretches, others) {
  return stretches.flatMap(([from, to]) => {
    const left = [];
    for (const [begin, end] of others) {
      if (end <= from || begin >= to) continue;
      if (begin > from) left.push([from, begin]);
      from = end;
    }
    return from < to ? [...left, [from, to]] : left;
  });
}

// outagesOf lists the outages among the series of a WAN, as far as points show them; null where round-trip times are
// not known at all.
export function outagesOf(list) {
  const rtt = list.filter((series) => series.metric === "wanctl_rtt_ms");
  if (rtt.length === 0) return null;
  const others = list.filter((series) => series.metric !== "wanctl_rtt_ms");
  const least = Math.max(shortest, app.step);
  return without(stretchesOf(others), stretchesOf(rtt)).filter(([from, to]) => to - from >= least);
}
