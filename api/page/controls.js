// Buttons and keys, light and dark.

import { stepFor } from "./ask.js";
import { load } from "./load.js";
import { reload } from "./look.js";
import { sayWhat } from "./paint.js";
import { turnMonth } from "./report.js";
import { app, owners, plotWidth } from "./state.js";
import { inUTC, moment, useUTC } from "./times.js";
import { forgetColours } from "./values.js";
import { back, extent, go, live, magnify, reporting, viewOf, zoom } from "./view.js";

const helpDialog = document.getElementById("help");
const prefersDark = matchMedia("(prefers-color-scheme: dark)");

const pan = (part) => {
  if (reporting()) return turnMonth(Math.sign(part));
  const { from, to } = extent();
  const by = (to - from) * part;
  if (live() && by > 0) return; // beyond now there is nothing
  zoom(from + by, to + by, !app.view.range);
};

const plots = () => owners().flatMap((owner) => owner.charts.map((chart) => chart.plot));

function cursorTime() {
  const plot = plots().find((one) => one.cursor.idx != null);
  return plot?.posToVal(plot.cursor.left, "x");
}

// attend follows from where the view is, with its width, or stops.
function attend() {
  const { from, to } = extent();
  if (live()) return go({ from, to });
  return go({ range: Math.max(60, Math.round((to - from) / 60) * 60) });
}

function theme() {
  const root = document.documentElement;
  const dark = (root.dataset.theme ?? (prefersDark.matches ? "dark" : "light")) === "dark";
  const wish = dark ? "light" : "dark";
  if (wish === (prefersDark.matches ? "dark" : "light")) {
    delete root.dataset.theme;
    localStorage.removeItem("wanstore.theme");
  } else {
    root.dataset.theme = wish;
    localStorage.setItem("wanstore.theme", wish);
  }
  dress();
}

// dress draws everything again in other colours or times.
function dress() {
  forgetColours();
  for (const plot of plots()) plot.redraw(false, true);
  sayWhat();
}

function zoneOfTimes() {
  useUTC(!inUTC());
  dress();
  mark();
  if (reporting() || (app.step % 86400 === 0 && app.step > 0)) reload(); // whose days they are
}

const mark = () => document.querySelector("[data-do=utc]").setAttribute("aria-pressed", inUTC());

// read moves the cursor by one point and says what is there.
function read(by) {
  const all = plots();
  const plot = all[0];
  if (!plot) return;
  const xs = plot.data[0];
  const inView = (i) => xs[i] >= plot.scales.x.min && xs[i] <= plot.scales.x.max;
  const i = plot.cursor.idx == null ? xs.findLastIndex((_, n) => inView(n)) : plot.cursor.idx + by;
  if (!inView(i)) return;
  for (const one of all) one.setCursor({ left: one.valToPos(xs[i], "x"), top: 0 });
  const { from, to } = extent();
  const values = owners().filter((owner) => owner.charts.length > 0).map(({ node }) =>
    [node.querySelector("h2, h3"), ...node.querySelectorAll(".legend li:not([hidden])")].map((node) => node.textContent).join(", "));
  document.getElementById("said").textContent = `${moment(xs[i], to - from)}: ${values.join("; ")}`;
}

// inCharts does nothing while a report is looked at.
const inCharts = (act) => () => reporting() || act();

const actions = {
  earlier: () => pan(-0.25),
  later: () => pan(0.25),
  closer: inCharts(() => magnify(0.5, cursorTime())),
  wider: inCharts(() => magnify(2, cursorTime())),
  live: inCharts(attend),
  report: () => (reporting() ? back() : go({ report: "" })),
  back, utc: zoneOfTimes, theme,
  help: () => helpDialog.showModal(),
};

const keys = {
  "+": actions.closer, "=": actions.closer, "-": actions.wider, "−": actions.wider,
  Escape: back, l: actions.live, r: actions.report, u: zoneOfTimes, t: theme, "?": actions.help,
  ",": inCharts(() => read(-1)), ".": inCharts(() => read(1)),
};

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.matches("input, textarea, select")) return;
  const arrow = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const link = /^[1-9]$/.test(event.key) && document.querySelectorAll(".ranges a")[event.key - 1];
  const act = arrow ? () => pan(arrow * (event.shiftKey ? 1 : 0.25)) : link ? () => link.click() : keys[event.key] ?? keys[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
}

function chooseRange(event) {
  const link = event.target.closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(viewOf(link.hash));
}

export function startControls() {
  const chosen = localStorage.getItem("wanstore.theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
  document.querySelector(".ranges").addEventListener("click", chooseRange);
  document.addEventListener("click", (event) => actions[event.target.closest("[data-do]")?.dataset.do]?.());
  document.addEventListener("keydown", pressed);
  prefersDark.addEventListener("change", dress);
  let width = document.body.clientWidth;
  new ResizeObserver(() => {
    if (document.body.clientWidth === width || reporting()) return;
    width = document.body.clientWidth;
    for (const owner of owners()) owner.charts.forEach((chart) => chart.resize());
    const { from, to } = extent();
    if (stepFor(to - from, plotWidth()) !== app.step) load();
  }).observe(document.body);
  mark();
}
