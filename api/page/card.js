// A WAN and its charts: round-trip time, loss, rates and states on one axis of time.

import { Chart, chartKey } from "./chart.js";
import { figures } from "./figures.js";
import { Row } from "./overview.js";
import { roomFor } from "./state.js";
import { moment } from "./times.js";
import { write } from "./values.js";

const tiers = ["raw", "1m", "5m", "1h"];

export class Card {
  // A card tells when it is to be open or not.
  constructor(wan, toggled) {
    this.wan = this.name = wan;
    this.charts = [];
    this.current = new Map(); // what is now, by the key of a series: {v, silent}; empty of the past
    this.age = "";
    this.row = new Row(wan, () => this.reveal(toggled));
    this.node = document.createElement("section");
    this.node.className = "card";
    const title = document.createElement("h2");
    title.textContent = wan;
    title.tabIndex = -1;
    title.id = `wan-${++Chart.made}`;
    this.title = title;
    this.node.setAttribute("aria-labelledby", title.id);
    this.state = document.createElement("span");
    this.state.className = "state";
    this.state.hidden = true;
    this.when = document.createElement("span");
    this.when.className = "when";
    this.grain = document.createElement("span");
    this.grain.className = "grain";
    const close = document.createElement("button");
    close.type = "button";
    close.className = "close";
    close.textContent = "×";
    close.setAttribute("aria-label", `Close ${wan}`);
    close.addEventListener("click", () => {
      toggled(false);
      this.row.name.focus();
    });
    const head = document.createElement("header");
    head.append(title, this.state, this.when, this.grain, close);
    this.body = document.createElement("div");
    this.node.append(head, this.body);
  }

  width = () => roomFor(this.body);

  // reveal opens the card and goes there.
  reveal(toggled) {
    toggled(true);
    this.node.scrollIntoView({ block: "nearest" });
    this.title.focus({ preventScroll: true });
  }

  update(list, view, open) {
    this.list = list;
    this.view = view;
    this.open = open;
    this.node.hidden = !open;
    this.row.name.setAttribute("aria-expanded", String(open));
    this.row.update(list);
    const charts = open ? this.chartsOf(list) : [];
    this.replace(charts.map(([chart]) => chart));
    for (const [chart, some] of charts) chart.update(some, view);
    this.head();
  }

  // chartsOf are the charts of some series, those that are here or new ones.
  chartsOf(list) {
    const wanted = figures.map((figure) => [figure, list.filter((series) => figure.metrics.includes(series.metric))]);
    const charts = [];
    for (const [figure, some] of wanted) {
      if (some.length === 0) continue;
      some.sort((a, b) => figure.metrics.indexOf(a.metric) - figure.metrics.indexOf(b.metric));
      const shown = withAxis(figure, wanted);
      const key = chartKey(shown, some);
      charts.push([this.charts.find((chart) => chart.key === key) ?? new Chart(this, some, shown), some]);
    }
    return charts;
  }

  replace(charts) {
    for (const chart of this.charts) if (!charts.includes(chart)) chart.remove();
    this.charts = charts;
    charts.forEach((chart, i) => {
      if (this.body.children[i] !== chart.node) this.body.insertBefore(chart.node, this.body.children[i] ?? null);
    });
  }

  head() {
    const grains = tiers.filter((name) => this.list.some((series) => series.g.includes(name)));
    this.grain.textContent = grains.join(" + ");
    this.grain.hidden = grains.length === 0;
    this.grain.title = "Granularity of what is shown";
  }

  // say shows what is now: the state with its words, how old that is, and the values.
  say(now) {
    const { state, words, age, current } = now;
    this.state.hidden = words === "";
    this.state.dataset.state = state ?? "";
    write(this.state, words);
    this.row.say(now);
    Object.assign(this, { age, current });
    if (this.charts.length === 0) this.reading(null);
    for (const chart of this.charts) chart.read();
  }

  // reading says which moment the legends speak of.
  reading(at) {
    write(this.when, at == null ? this.age : moment(at, this.view.to - this.view.from));
  }

  // scale shows the charts as they are in another view, until its own data is there.
  scale(view) {
    this.view = view;
    for (const chart of this.charts) chart.scale(view);
  }

  remove() {
    for (const chart of this.charts) chart.remove();
    this.node.remove();
    this.row.node.remove();
  }
}

// withAxis gives the axis of time to the lowest chart where there are no states.
function withAxis(figure, wanted) {
  const lowest = wanted.findLast(([, some]) => some.length > 0)[0];
  if (figure !== lowest || figure.bottom) return figure;
  return { ...figure, bottom: true, height: (rows) => figure.height(rows) + 36 };
}
