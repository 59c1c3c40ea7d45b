// Which cards and panels are open.

import { metrics } from "./ask.js";
import { app } from "./state.js";
import { natural } from "./values.js";

const firstOpen = 3; // of those that nobody has opened or closed

const choices = new Map(); // what was opened or closed by hand

export const isOpen = (kind, name, i) => choices.get(`${kind} ${name}`) ?? i < firstOpen;

// choose opens a card or a panel, or closes it.
export function choose(kind, name, open) {
  choices.set(`${kind} ${name}`, open);
  choosers.forEach((f) => f(kind, name, open));
}

// onChosen calls f with what was opened or closed: its kind, its name, whether it is open.
export const onChosen = (f) => choosers.push(f);
const choosers = [];

export const isOther = (series) => !metrics.includes(series.metric);

// otherMetrics are those that no card shows, with the number of their series, in the order of the panels.
export function otherMetrics() {
  const byMetric = Map.groupBy(app.others.values(), (series) => series.metric);
  const list = [...byMetric.values()].map((some) => ({ ...some[0], count: some.length }));
  return list.sort((a, b) => natural(a.unit, b.unit) || natural(a.metric, b.metric));
}

export const openMetrics = () =>
  otherMetrics().map((one) => one.metric).filter((metric, i) => isOpen("panel", metric, i));
