// The legend of a chart: names and values, and which series are shown. A long one is shortened and can be filtered.

import { colourOf, write } from "./values.js";

const few = 8; // series that a short legend has

const off = new Set(); // what is switched off, by figure and series

export class Legend {
  constructor(chart) {
    this.chart = chart;
    this.wanted = ""; // what names have to contain
    this.whole = false;
    this.node = document.createElement("div");
    this.node.className = "legends";
    this.items = chart.list.map((series) => this.item(series));
    const list = document.createElement("ul");
    list.className = "legend";
    list.append(...this.items.map((item) => item.node));
    this.node.append(list);
    if (chart.list.length > few) this.node.append(this.moreButton(), this.filter());
  }

  item(series) {
    const { figure, list } = this.chart;
    const node = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.title = "Show or hide";
    const swatch = document.createElement("i");
    swatch.className = `swatch ${figure.dashed(series) ? "dashed" : ""}`;
    swatch.style.setProperty("--colour", `var(${colourOf(series, list)})`);
    const value = document.createElement("output");
    const title = figure.label(series);
    button.append(swatch, title && `${title} `, value);
    button.addEventListener("click", () => this.toggle(series));
    node.append(button);
    return { series, node, button, value, title: title.toLowerCase() };
  }

  moreButton() {
    this.more = document.createElement("button");
    this.more.type = "button";
    this.more.className = "more";
    this.more.addEventListener("click", () => {
      this.whole = !this.whole;
      this.apply();
    });
    return this.more;
  }

  filter() {
    const input = document.createElement("input");
    input.type = "search";
    input.placeholder = "Filter";
    input.setAttribute("aria-label", `Filter the series of ${this.chart.figure.title}`);
    input.addEventListener("input", () => {
      this.wanted = input.value.trim().toLowerCase();
      this.apply();
    });
    return input;
  }

  nameOf = (series) => `${this.chart.figure.name} ${series.key}`;

  matches = (item) => this.wanted.split(/\s+/).every((word) => item.title.includes(word));

  shows(series) {
    const item = this.items.find((one) => one.series.key === series.key);
    return !off.has(this.nameOf(series)) && this.matches(item);
  }

  toggle(series) {
    const name = this.nameOf(series);
    if (!off.delete(name)) off.add(name);
    this.apply();
  }

  // apply shows what is to be shown, in the legend and in the plot.
  apply() {
    const matching = this.items.filter(this.matches);
    const listed = new Set(this.whole ? matching : matching.slice(0, few));
    for (const item of this.items) {
      item.node.hidden = !listed.has(item);
      item.button.setAttribute("aria-pressed", String(!off.has(this.nameOf(item.series))));
    }
    if (this.more) {
      this.more.hidden = matching.length <= few;
      this.more.setAttribute("aria-expanded", String(this.whole));
      write(this.more, this.whole ? "fewer" : `${matching.length - few} more`);
    }
    this.chart.showSeries();
  }
}
