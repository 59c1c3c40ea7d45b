// Shows what there is: the overview, a card a WAN, and a panel for each other metric.

import { Card } from "./card.js";
import { showOverview } from "./overview.js";
import { choose, isOpen, isOther, otherMetrics } from "./open.js";
import { Panel } from "./panel.js";
import { $, app } from "./state.js";
import { stretch } from "./times.js";
import { natural } from "./values.js";
import { duration, extent, reporting } from "./view.js";

const breath = () => new Promise((resume) => setTimeout(resume));

const inOrder = (a, b) => natural(a.wan, b.wan) || natural(a.key, b.key);

const sorted = (list) => [...list].sort(inOrder);

// paint shows the series, a card at a time, and lets the browser breathe in between.
export async function paint(signal) {
  const all = sorted(app.series.values());
  let since = performance.now();
  for (const show of [...cardsToShow(all), ...panelsToShow(all)]) {
    if (performance.now() - since > 30) {
      await breath();
      since = performance.now();
    }
    if (signal?.aborted) return;
    show();
  }
  showOverview();
  sayWhat();
  if (app.cards.size + app.panels.size > 0) performance.mark("painted");
}

// drop takes away what is no longer there.
function drop(shown, names) {
  for (const [name, one] of shown) {
    if (names.includes(name)) continue;
    one.remove();
    shown.delete(name);
  }
}

// put puts a node where its place is.
function put(parent, node, i) {
  if (parent.children[i] !== node) parent.insertBefore(node, parent.children[i] ?? null);
}

function cardsToShow(all) {
  const view = extent();
  const byWAN = Map.groupBy(all.filter((series) => !isOther(series)), (series) => series.wan);
  const known = [...app.latest.values()].map((series) => series.wan);
  const wans = [...new Set([...known, ...byWAN.keys()])].sort(natural);
  drop(app.cards, wans);
  return wans.map((wan, i) => () => {
    if (!app.cards.has(wan)) app.cards.set(wan, new Card(wan, (open) => choose("card", wan, open)));
    const card = app.cards.get(wan);
    put($("wans"), card.node, i);
    put($("rows"), card.row.node, i);
    card.update(byWAN.get(wan) ?? [], view, isOpen("card", wan, i));
  });
}

function panelsToShow(all) {
  const view = extent();
  const byMetric = Map.groupBy(all.filter(isOther), (series) => series.metric);
  const list = otherMetrics();
  drop(app.panels, list.map((one) => one.metric));
  const units = groupsOf(list);
  return list.map((one, i) => () => {
    const { metric, unit } = one;
    if (!app.panels.has(metric)) app.panels.set(metric, new Panel(metric, (open) => choose("panel", metric, open)));
    const panel = app.panels.get(metric);
    const group = units.get(unit);
    put(group.node, panel.node, 1 + group.list.indexOf(one));
    panel.update(one, byMetric.get(metric) ?? [], view, isOpen("panel", metric, i));
  });
}

const groups = new Map(); // the sections of the units

// groupsOf puts a section for each unit in its place.
function groupsOf(list) {
  const units = Map.groupBy(list, (one) => one.unit);
  for (const [unit, node] of groups) {
    if (units.has(unit)) continue;
    node.remove();
    groups.delete(unit);
  }
  [...units.keys()].forEach((unit, i) => {
    if (!groups.has(unit)) groups.set(unit, newGroup(unit));
    put($("others"), groups.get(unit), i);
  });
  return new Map([...units].map(([unit, some]) => [unit, { node: groups.get(unit), list: some }]));
}

function newGroup(unit) {
  const node = document.createElement("section");
  const title = document.createElement("h2");
  title.textContent = unit ? `Other metrics in ${unit}` : "Other metrics without a unit";
  node.append(title);
  return node;
}

// sayWhat writes above the charts what they show.
export function sayWhat() {
  const { from, to } = extent();
  const shown = location.hash || (to - from > 3599 ? "#range=1h" : "");
  for (const link of document.querySelectorAll(".ranges a")) {
    if (link.getAttribute("href") === shown) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  if (reporting()) return;
  $("span").textContent = stretch(from, to);
  $("grain").textContent = app.step ? `a point each ${duration(app.step)}` : app.series.size > 0 ? "every sample" : "";
}
