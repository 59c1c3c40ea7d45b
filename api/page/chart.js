// A chart: a plot, and a legend that says what is under the cursor.

import { axes, edge } from "./axes.js";
import { Legend } from "./legend.js";
import { addressOf, saveTools } from "./save.js";
import { app } from "./state.js";
import { endsOf, joined, lonely, tableOf } from "./tables.js";
import { inUTC } from "./times.js";
import { colour, colourOf, write } from "./values.js";
import { back, zoom } from "./view.js";

// lastOf is the newest point of a series, which is what a legend shows when the cursor is elsewhere.
export const lastOf = (series) => series.t.length - 1;

// chartKey tells charts apart that cannot show each other's data.
export const chartKey = (figure, list) => [figure.name, Boolean(figure.bottom), ...list.map((series) => series.key)].join("\n");

export class Chart {
  // The owner is what the chart is a part of: it has a name, a width, what is now, and reads the time.
  constructor(owner, list, figure) {
    this.owner = owner;
    this.list = list;
    this.figure = figure;
    this.key = chartKey(figure, list);
    this.node = document.createElement("figure");
    this.node.className = `chart ${figure.name}`;
    const caption = document.createElement("figcaption");
    const title = document.createElement("b");
    title.textContent = figure.title;
    this.legend = new Legend(this);
    this.items = this.legend.items;
    this.save = saveTools(this);
    caption.append(title, this.legend.node);
    if (figure.key) caption.append(figure.key());
    caption.append(this.save.node);
    this.plotted = document.createElement("div");
    this.plotted.className = "plot";
    this.plotted.setAttribute("role", "img");
    this.summary = document.createElement("p");
    this.summary.className = "unseen";
    this.summary.id = `summary-${++Chart.made}`;
    this.plotted.setAttribute("aria-label", `${figure.title} of ${owner.name}`);
    this.plotted.setAttribute("aria-describedby", this.summary.id);
    this.node.append(caption, this.plotted, this.summary);
  }

  static made = 0;
  static dragged = null; // where the drag began

  update(list, view) {
    this.list = list;
    this.view = view;
    this.ends = list.map((series) => endsOf(series, app.latest.get(series.key)?.at));
    const tables = list.map((series, i) => tableOf(series, this.figure.columns(series), this.ends[i]));
    const data = joined(tables);
    if (this.plot) this.plot.setData(data);
    else this.plot = new uPlot(this.options(), data, this.plotted);
    this.lonely = data.map((column, i) => (i === 0 ? null : lonely(column)));
    this.save.link.href = addressOf(this);
    this.legend.apply();
    this.read();
  }

  // showSeries shows the series that the legend shows, and hides the others.
  showSeries() {
    if (!this.plot) return;
    let column = 1;
    this.plot.batch(() => {
      for (const series of this.list) {
        const show = this.legend.shows(series);
        for (const _ of this.figure.columns(series)) {
          if (this.plot.series[column].show !== show) this.plot.setSeries(column, { show });
          column++;
        }
      }
    });
  }

  options() {
    const { height, bottom } = this.figure;
    const options = {
      width: this.owner.width(),
      height: height(this.list.length),
      padding: [this.figure.name === "states" ? 2 : 8, edge, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        sync: { key: "time", scales: ["x", null] },
        drag: { x: true, y: false, setScale: false, dist: 6 },
        points: { show: this.list.length <= 20, size: 7 },
        bind: { dblclick: () => () => null },
      },
      select: { show: true, left: 0, top: 0, width: 0, height: 0 },
      tzDate: (at) => (inUTC() ? uPlot.tzDate(new Date(at * 1000), "Etc/UTC") : new Date(at * 1000)),
      scales: { x: { time: true, range: () => [this.view.from, this.view.to] } },
      axes: axes(this.view, bottom),
      series: [{}],
      bands: [],
      hooks: {
        setSelect: [(u) => this.selected(u)],
        setLegend: [() => this.read()],
        ready: [(u) => this.listen(u)],
      },
    };
    this.figure.fill(options, this);
    return options;
  }

  line(series, more) {
    const name = colourOf(series, this.list);
    return {
      stroke: () => colour(name), width: 1.5,
      dash: this.figure.dashed(series) ? [5, 4] : undefined,
      points: {
        show: () => false, filter: (_, i) => this.lonely?.[i] ?? null, size: 4,
        stroke: () => colour(name), fill: () => colour(name),
      },
      ...more,
    };
  }

  // selected looks closer at what was dragged over, once: the other charts follow the same drag.
  selected(u) {
    const { left, width } = u.select;
    if (width < 6) return;
    const from = u.posToVal(left, "x");
    const to = u.posToVal(left + width, "x");
    u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    if (Chart.dragged === this) zoom(from, to);
  }

  // listen also moves the cursor with a finger that slides over the chart; the page scrolls with one that moves up or down.
  listen(u) {
    u.over.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "touch") return;
      const { left, top } = u.over.getBoundingClientRect();
      u.setCursor({ left: event.clientX - left, top: event.clientY - top }, true, true);
    });
    u.over.addEventListener("mousedown", () => (Chart.dragged = this));
    u.over.addEventListener("dblclick", () => back());
  }

  // read writes the values under the cursor into the legend, else what is now or, of the past, the newest ones of the view.
  read() {
    if (!this.plot) return;
    let column = 1;
    const at = this.plot.cursor.idx;
    this.list.forEach((series, i) => {
      const row = at == null ? null : this.plot.cursor.idxs[column];
      const current = at == null ? this.owner.current.get(series.key) : undefined;
      const values = current && !this.figure.points ? [current.v] : this.figure.columns(series).map((name, c) =>
        at == null ? series[name][lastOf(series)] : row == null ? null : this.plot.data[column + c][row]);
      const text = current?.silent ?? this.figure.value(series, values);
      write(this.items[i].value, text);
      column += this.figure.columns(series).length;
    });
    if (this.owner.charts[0] === this) this.owner.reading(at == null ? null : this.plot.data[0][at]);
  }

  // scale shows the chart as it is in another view, until its own data is there.
  scale(view) {
    this.view = view;
    this.plot.setScale("x", { min: view.from, max: view.to });
  }

  remove() {
    this.plot?.destroy();
    this.node.remove();
  }

  resize() {
    this.plot?.setSize({ width: this.owner.width(), height: this.figure.height(this.list.length) });
  }
}
