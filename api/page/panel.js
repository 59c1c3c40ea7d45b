// A metric that is not one of the cards': its series in one chart, open or not.

import { Chart, chartKey } from "./chart.js";
import { figureOf } from "./figures.js";
import { roomFor } from "./state.js";
import { moment } from "./times.js";
import { write } from "./values.js";

export class Panel {
  constructor(metric, toggled) {
    this.name = metric;
    this.charts = [];
    this.current = new Map(); // its chart shows its own points
    this.node = document.createElement("section");
    this.node.className = "card panel";
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.textContent = metric;
    this.button.addEventListener("click", () => toggled(!this.open));
    const title = document.createElement("h3");
    title.append(this.button);
    this.count = document.createElement("span");
    this.count.className = "when";
    this.when = document.createElement("span");
    this.when.className = "when";
    const head = document.createElement("header");
    head.append(title, this.count, this.when);
    this.help = document.createElement("p");
    this.help.className = "help";
    this.body = document.createElement("div");
    this.body.id = `panel-${++Chart.made}`;
    this.button.setAttribute("aria-controls", this.body.id);
    this.node.append(head, this.help, this.body);
  }

  width = () => roomFor(this.body);

  // update shows what the file says of the metric, from one of its series, and the points that there are.
  update(one, list, view, open) {
    this.view = view;
    this.open = open;
    this.button.setAttribute("aria-expanded", String(open));
    this.body.hidden = !open;
    write(this.count, `${one.count} series`);
    write(this.help, one.help);
    this.help.hidden = one.help === "";
    const figure = figureOf(one, list.length);
    const charts = open && list.length > 0 ? [this.chartOf(figure, list)] : [];
    for (const chart of this.charts) if (!charts.includes(chart)) chart.remove();
    this.charts = charts;
    for (const chart of charts) chart.update(list, view);
    this.body.dataset.empty = open && charts.length === 0 ? "no samples in this range" : "";
  }

  chartOf(figure, list) {
    const key = chartKey(figure, list);
    const chart = this.charts.find((known) => known.key === key) ?? new Chart(this, list, figure);
    if (!chart.plot) this.body.append(chart.node);
    return chart;
  }

  reading(at) {
    write(this.when, at == null ? "" : moment(at, this.view.to - this.view.from));
  }

  scale(view) {
    this.view = view;
    for (const chart of this.charts) chart.scale(view);
  }

  remove() {
    for (const chart of this.charts) chart.remove();
    this.node.remove();
  }
}
