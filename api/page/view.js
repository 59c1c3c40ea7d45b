// What is looked at: the address, the way back, the clock.

import { app, newestOf } from "./state.js";

// The view is {range} seconds up to now, or {from, to} in Unix seconds, or the {report} of a month. It is kept in the address,
// to go back to and to share. Without an address it is an hour, or as much of that as there is: {range, fit}.

const units = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 };
const least = 2;
const most = 366 * 86400;

function seconds(text) {
  let total = 0;
  for (const [, n, unit] of text.matchAll(/([\d.]+)([smhdw])/g)) total += n * units[unit];
  return total;
}

// duration writes seconds in the widest unit that divides them.
export function duration(total) {
  const unit = ["d", "h", "m", "s"].find((u) => total >= units[u] && total % units[u] === 0);
  return unit ? `${total / units[unit]}${unit}` : `${Math.round(total * 1000)}ms`;
}

// instant reads Unix seconds, or what Date reads, such as RFC 3339. A + that is not escaped is a space in an address.
const instant = (text) => Number(text) || Date.parse(text.replace(/(T.*) (\d\d:?\d\d)$/, "$1+$2")) / 1000;

export function viewOf(hash) {
  const words = new URLSearchParams(hash.replace(/^#/, ""));
  if (words.has("report")) return { report: /^\d{4}-(0[1-9]|1[0-2])$/.test(words.get("report")) ? words.get("report") : "" };
  const from = instant(words.get("from") ?? "");
  const to = words.has("to") ? instant(words.get("to")) : now();
  if (to > from && from > 0) return { from, to };
  const range = Math.min(most, Math.max(least, seconds(words.get("range") ?? "")));
  return words.has("range") ? { range } : { range: 3600, fit: true };
}

// reporting says that a report is looked at, and no charts.
export const reporting = () => app.view.report !== undefined;

function hashOf(view) {
  if (view.report !== undefined) return view.report ? `#report=${view.report}` : "#report";
  return view.range ? `#range=${duration(view.range)}` : `#from=${tidy(view.from)}&to=${tidy(view.to)}`;
}

export const tidy = (at) => Number(at.toFixed(at % 1 ? 3 : 0));

// extent is the view as moments.
export function extent() {
  const { view, fitted } = app;
  if (!view.range) return { from: view.from, to: view.to };
  const to = fitted?.to ?? now();
  return { from: Math.max(to - view.range, fitted?.from ?? 0), to };
}

// fit makes the first view as short as what there is. It ends with the newest sample where that is longer ago than all of
// them take.
export function fit() {
  app.fitted = null;
  const newest = newestOf([...app.latest.values(), ...app.others.values()]);
  if (!app.view.fit || newest === undefined) return;
  const first = Math.min(newest, ...[...app.series.values()].map((series) => series.t[0]));
  const past = now() - newest > Math.max(15, newest - first);
  const to = past ? newest + Math.max(least, newest - first) * 0.02 : null;
  app.fitted = { from: app.series.size > 0 ? Math.min(first, (to ?? now()) - least) : 0, to };
}

// live says that the view ends now. A first view of what was recorded long ago does not.
export const live = () => Boolean(app.view.range) && !app.fitted?.to;

// go shows another view. With "instead" it takes the place of the present one, else Back leads here again.
export function go(view, instead) {
  const depth = history.state?.depth ?? 0;
  if (hashOf(view) === location.hash) return;
  history[instead ? "replaceState" : "pushState"]({ depth: instead ? depth : depth + 1 }, "", hashOf(view));
  moved();
}

export function back() {
  if (history.state?.depth > 0) return history.back();
  if (reporting()) return go({ range: 3600 });
  magnify(2);
}

// magnify shows so many times as much around a moment, or more of the past where the view follows the present.
export function magnify(factor, around) {
  const { from, to } = extent();
  if (live() && factor > 1) return go({ range: Math.min(most, Math.round((to - from) * factor)) });
  const middle = around ?? (from + to) / 2;
  zoom(middle - (middle - from) * factor, middle + (to - middle) * factor);
}

export function zoom(from, to, instead) {
  const middle = (from + to) / 2;
  const half = Math.min(most, Math.max(least, to - from)) / 2;
  go({ from: middle - half, to: middle + half }, instead);
}

// onMoved calls f whenever another view is to be shown.
export const onMoved = (f) => movers.push(f);
const movers = [];

export function moved() {
  app.view = viewOf(location.hash);
  app.fitted = null;
  movers.forEach((f) => f());
}

// The clock is the store's: that of the browser may be wrong.

let ahead = 0; // seconds that the store's clock is ahead of this one

export const now = () => Date.now() / 1000 + ahead;

export function setClock(answer) {
  const date = Date.parse(answer.headers.get("Date") ?? "") / 1000;
  const by = date + 0.5 - Date.now() / 1000; // the header has whole seconds
  ahead = Math.abs(by) > 2 ? by : 0;
}
