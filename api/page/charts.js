// Draws what was answered: a card a WAN, with its round-trip times, its rates and the ribbon of its states on one axis of time.

export const states = ["GREEN", "YELLOW", "SOFT_RED", "RED"];

const titles = {
  wanctl_rtt_ms: "RTT",
  wanctl_rtt_baseline_ms: "baseline",
  wanctl_loss_ratio: "loss",
  wanctl_rate_download_mbps: "download",
  wanctl_rate_upload_mbps: "upload",
  wanctl_state: "state",
};
const tiers = ["raw", "1m", "5m", "1h"];
const edge = 14; // to the right of the charts
const gutter = 54; // of the y axes: the same in all charts, so that they line up
const font = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

// Times

let zone; // undefined is the browser's

export function showUTC(yes) {
  zone = yes ? "UTC" : undefined;
  formats.clear();
}

const formats = new Map();

// stamp writes a moment, in Unix seconds, with the parts that are named.
function stamp(at, parts) {
  if (!formats.has(parts)) {
    const options = { timeZone: zone, hourCycle: "h23" };
    for (const part of parts.split(" ")) {
      if (part === "ms") options.fractionalSecondDigits = 3;
      else options[part] = part === "month" || part === "weekday" ? "short" : part === "year" || part === "day" ? "numeric" : "2-digit";
    }
    formats.set(parts, new Intl.DateTimeFormat("en-GB", options));
  }
  return formats.get(parts).format(at * 1000);
}

// moment writes a moment as exactly as a view of that many seconds needs it.
export function moment(at, span) {
  const clock = span <= 120 ? "hour minute second ms" : span <= 4 * 86400 ? "hour minute second" : "hour minute";
  return `${stamp(at, "weekday day month year")}, ${stamp(at, clock)}`;
}

// stretch writes a range, with the day once if it is one.
export function stretch(from, to) {
  const [first, last] = [moment(from, to - from), moment(to, to - from)];
  const day = first.slice(0, first.lastIndexOf(", ") + 2);
  return `${first} to ${last.startsWith(day) ? last.slice(day.length) : last}`;
}

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

// Values

export function number(value, unit = "") {
  if (value == null) return "–";
  const size = Math.abs(value);
  const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 0.1 || size < 0.0005 ? 2 : 3;
  return value.toFixed(digits) + (unit && ` ${unit}`);
}

export const percent = (share) => number(share == null ? null : share * 100, "%");

// short writes a value of an axis in seven characters at most.
const short = (value) => {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-3 && size < 1e6)) return String(Number(value.toPrecision(6)));
  return value.toExponential().length < 8 ? value.toExponential() : value.toExponential(1);
};

export const stateName = (value) => (value == null ? "–" : states[value] ?? String(value));

const write = (node, text) => node.textContent !== text && (node.textContent = text);

export const labelsOf = (series) => Object.entries(series.labels).map(([name, value]) => `${name}=${value || '""'}`).join(" ");

export const titleOf = (series) => `${titles[series.metric] ?? series.metric} ${labelsOf(series)}`.trim();

// Colours are those of the stylesheet, looked up once a theme.

const colours = new Map();

export const forgetColours = () => colours.clear();

function colour(name) {
  if (!colours.has(name)) {
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.color = `var(${name})`; // so that light-dark() is decided
    colours.set(name, getComputedStyle(probe).color);
    probe.remove();
  }
  return colours.get(name);
}

const faint = (rgb, alpha = 0.2) => rgb.replace("rgb(", "rgba(").replace(")", `, ${alpha})`);

// colourOf gives each metric its colour and, where labels tell several series of one metric apart, each of them its own.
function colourOf(series, all) {
  const siblings = all.filter((other) => other.metric === series.metric);
  if (siblings.length === 1) return `--${series.metric.replace(/^wanctl_|_(ms|mbps)$/g, "").replace("_", "-")}`;
  return `--c${siblings.indexOf(series) % 6}`;
}

// Tables

const quartile = (list) => list.sort((a, b) => a - b)[list.length >> 2];

// endsOf says until when each point speaks: for as long as it is wide. Of a series that is sampled more rarely than that, so
// that its points have one sample each, a point speaks until the next one is overdue. The last one speaks for the newest
// sample at most.
function endsOf(series, newest) {
  const { t, w, count } = series;
  const rare = t.length > 3 && quartile([...count]) === 1;
  const cadence = rare ? quartile(t.slice(1).map((at, i) => at - t[i])) : 0;
  return t.map((at, i) => {
    const width = w[i];
    const tolerance = cadence > width * 1.01 ? cadence * 2.5 : width * 1.5;
    const next = t[i + 1];
    if (next !== undefined && next - at <= tolerance) return next;
    const end = at + Math.max(width, cadence);
    if (next !== undefined || !(newest >= at)) return end;
    return Math.min(end, newest + Math.max(width, cadence) / Math.max(...count.slice(-2)));
  });
}

// tableOf makes columns of a series, with a row of nulls wherever a point ends before the next begins, and behind the last
// one: there the line breaks.
function tableOf(series, columns, ends) {
  const table = [[], ...columns.map(() => [])];
  series.t.forEach((at, i) => {
    table[0].push(at);
    columns.forEach((name, c) => table[c + 1].push(series[name][i]));
    if (ends[i] > at && ends[i] !== series.t[i + 1]) {
      table[0].push(ends[i]);
      columns.forEach((_, c) => table[c + 1].push(null));
    }
  });
  return table;
}

// joined puts tables on common times. At the times of others a column has undefined where its line goes on, and null from
// the end of a point to the next one, before its first and behind its last: a line would lead through what is undefined.
function joined(tables) {
  if (tables.length === 1) return tables[0];
  const expand = tables.map((table) => table.map(() => 2)); // uPlot's NULL_EXPAND
  const data = uPlot.join(tables, expand);
  for (const column of data.slice(1)) {
    for (let i = 0; column[i] === undefined && i < column.length; i++) column[i] = null;
  }
  return data;
}

// lonely lists the points between two gaps, which no line reaches.
function lonely(values) {
  const found = [];
  let before = null, at = -1, alone = false;
  for (let i = 0; i <= values.length; i++) {
    const value = i < values.length ? values[i] : null;
    if (value === undefined) continue;
    if (alone && value === null) found.push(at);
    alone = value !== null && before === null;
    at = i;
    before = value;
  }
  return found.length > 0 ? found : null;
}

// Charts

function axes(view, bottom) {
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

// lastOf is the newest point of a series, which is what a legend shows when the cursor is elsewhere.
const lastOf = (series) => series.t.length - 1;

// keyOf tells charts apart that cannot show each other's data.
const keyOf = (figure, list) => [figure.name, Boolean(figure.bottom), ...list.map((series) => series.key)].join("\n");

class Chart {
  constructor(card, list, figure) {
    this.card = card;
    this.list = list;
    this.figure = figure;
    this.key = keyOf(figure, list);
    this.node = document.createElement("figure");
    this.node.className = `chart ${figure.name}`;
    const caption = document.createElement("figcaption");
    const title = document.createElement("b");
    title.textContent = figure.title;
    this.items = list.map((series) => this.item(series));
    const legend = document.createElement("ul");
    legend.className = "legend";
    legend.append(...this.items.map((item) => item.node));
    caption.append(title, legend);
    if (figure.key) caption.append(figure.key());
    this.plotted = document.createElement("div");
    this.plotted.className = "plot";
    this.plotted.setAttribute("role", "img");
    this.summary = document.createElement("p");
    this.summary.className = "unseen";
    this.summary.id = `summary-${++Chart.made}`;
    this.plotted.setAttribute("aria-label", `${figure.title} of ${card.wan}`);
    this.plotted.setAttribute("aria-describedby", this.summary.id);
    this.node.append(caption, this.plotted, this.summary);
  }

  static made = 0;
  static dragged = null; // where the drag began

  item(series) {
    const node = document.createElement("li");
    const swatch = document.createElement("i");
    swatch.className = `swatch ${this.figure.dashed(series) ? "dashed" : ""}`;
    swatch.style.setProperty("--colour", `var(${colourOf(series, this.list)})`);
    const value = document.createElement("output");
    const title = this.figure.label(series);
    node.append(swatch, title && `${title} `, value);
    return { node, value };
  }

  update(list, view) {
    this.list = list;
    this.view = view;
    this.ends = list.map((series) => endsOf(series, this.card.latest.get(series.key)?.at));
    const tables = list.map((series, i) => tableOf(series, this.figure.columns(series), this.ends[i]));
    const data = joined(tables);
    if (this.plot) this.plot.setData(data);
    else this.plot = new uPlot(this.options(), data, this.plotted);
    this.lonely = data.map((column, i) => (i === 0 ? null : lonely(column)));
    this.read();
  }

  options() {
    const { height, bottom } = this.figure;
    const options = {
      width: this.card.width(),
      height: height(this.list.length),
      padding: [this.figure.name === "states" ? 2 : 8, edge, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        sync: { key: "time", scales: ["x", null] },
        drag: { x: true, y: false, setScale: false, dist: 6 },
        points: { size: 7 },
        bind: { dblclick: () => () => null },
      },
      select: { show: true, left: 0, top: 0, width: 0, height: 0 },
      tzDate: (at) => (zone ? uPlot.tzDate(new Date(at * 1000), "Etc/UTC") : new Date(at * 1000)),
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
    if (Chart.dragged === this) this.card.zoom(from, to);
  }

  // listen also moves the cursor with a finger that slides over the chart; the page scrolls with one that moves up or down.
  listen(u) {
    u.over.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "touch") return;
      const { left, top } = u.over.getBoundingClientRect();
      u.setCursor({ left: event.clientX - left, top: event.clientY - top }, true, true);
    });
    u.over.addEventListener("mousedown", () => (Chart.dragged = this));
    u.over.addEventListener("dblclick", () => this.card.back());
  }

  // read writes the values under the cursor into the legend, else what is now or, of the past, the newest ones of the view.
  read() {
    if (!this.plot) return;
    let column = 1;
    const at = this.plot.cursor.idx;
    this.list.forEach((series, i) => {
      const row = at == null ? null : this.plot.cursor.idxs[column];
      const current = at == null ? this.card.current.get(series.key) : undefined;
      // the newest echo alone says little of loss: what counts is the newest point
      const values = current && !this.figure.share ? [current.v] : this.figure.columns(series).map((name, c) =>
        at == null ? series[name][lastOf(series)] : row == null ? null : this.plot.data[column + c][row]);
      const text = current?.silent ?? this.figure.value(series, values);
      write(this.items[i].value, text);
      column += this.figure.columns(series).length;
    });
    if (this.card.charts[0] === this) this.card.reading(at == null ? null : this.plot.data[0][at]);
  }

  resize() {
    this.plot?.setSize({ width: this.card.width(), height: this.figure.height(this.list.length) });
  }
}

const fromZero = (_, low, high) => [Math.min(0, low ?? 0), high > 0 ? high * 1.08 : 1];

// nearData begins at zero, too, unless most of the chart were empty then.
function nearData(_, low, high) {
  if (low == null || low < high * 0.4) return fromZero(_, low, high);
  const room = Math.max(high * 0.03, (high - low) * 0.12);
  return [low - room, high + room];
}

// shareRange begins at zero, and does not show a loss of nothing as wide as one of everything.
const shareRange = (_, low, high) => [0, Math.max(0.01, (high ?? 0) * 1.08)];

const range = (values, unit) => (values[1] === values[2] || values[1] == null ? "" : ` (${number(values[1])} to ${number(values[2])})`);

const figures = [
  {
    name: "rtt", title: "Round-trip time, ms", metrics: ["wanctl_rtt_ms", "wanctl_rtt_baseline_ms"],
    height: () => 190,
    label: titleOf,
    dashed: (series) => series.metric === "wanctl_rtt_baseline_ms",
    columns: (series) => (series.metric === "wanctl_rtt_ms" ? ["v", "min", "max"] : ["v"]),
    value: (series, values) => number(values[0], "ms") + (values.length > 1 ? range(values) : ""),
    fill(options, chart) {
      options.scales.y = { range: nearData };
      for (const series of chart.list) {
        const n = options.series.length;
        options.series.push(chart.line(series));
        if (this.columns(series).length === 1) continue;
        const edge = { stroke: null, width: 0, points: { show: false } };
        options.series.push({ ...edge }, { ...edge });
        const name = `${colourOf(series, chart.list)}`;
        options.bands.push({ series: [n + 2, n + 1], fill: () => faint(colour(name)) });
      }
    },
  },
  {
    name: "loss", title: "Loss, %", metrics: ["wanctl_loss_ratio"], share: true,
    height: () => 80,
    label: labelsOf,
    dashed: () => false,
    columns: () => ["v"],
    value: (_, values) => percent(values[0]),
    fill(options, chart) {
      options.scales.y = { range: shareRange };
      options.axes[1].values = (_, splits) => splits.map((share) => short(share * 100));
      for (const series of chart.list) {
        const name = colourOf(series, chart.list);
        options.series.push(chart.line(series, { fill: () => faint(colour(name)) }));
      }
    },
  },
  {
    name: "rates", title: "Rates, Mbit/s", metrics: ["wanctl_rate_download_mbps", "wanctl_rate_upload_mbps"],
    height: () => 140,
    label: titleOf,
    dashed: (series) => series.metric === "wanctl_rate_upload_mbps" && Object.keys(series.labels).length > 0,
    columns: () => ["v"],
    value: (_, values) => number(values[0], "Mbit/s"),
    fill(options, chart) {
      options.scales.y = { range: fromZero };
      for (const series of chart.list) {
        const name = colourOf(series, chart.list);
        const filled = name === "--rate-download" ? { fill: () => faint(colour(name), 0.12) } : {};
        options.series.push(chart.line(series, filled));
      }
    },
  },
  {
    name: "states", title: "State", metrics: ["wanctl_state"], bottom: true,
    height: (rows) => 46 + 34 * rows,
    label: labelsOf,
    key: stateKey,
    dashed: () => false,
    columns: () => ["v", "max"],
    value: (_, [value, worst]) => stateName(value) + (worst > value ? `, worst ${stateName(worst)}` : ""),
    fill(options, chart) {
      options.scales.y = { range: () => [0, chart.list.length] };
      Object.assign(options.axes[1], { values: () => [], grid: { show: false } });
      for (const _ of chart.list) {
        const hidden = { paths: () => null, points: { show: false }, stroke: "transparent" };
        options.series.push({ ...hidden }, { ...hidden });
      }
      options.cursor.points = { show: false };
      options.hooks.drawAxes = [(u) => ribbon(u, chart)];
    },
  },
];

// ribbon draws a row of bars a series. Their height says the state as well as their colour does; a pale bar behind reaches
// up to the worst state of the point.
function ribbon(u, chart) {
  const { ctx, bbox } = u;
  const row = bbox.height / chart.list.length;
  const gap = 3 * uPlot.pxRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  chart.list.forEach((series, r) => {
    const base = bbox.top + row * (r + 1);
    const bar = (from, to, value, alpha) => {
      const height = ((row - gap) * (Math.min(value, 3) + 1)) / 4;
      ctx.globalAlpha = alpha;
      ctx.fillStyle = colour(`--state-${Math.max(0, Math.min(3, value))}`);
      ctx.fillRect(from, base - height, Math.max(to - from, uPlot.pxRatio), height);
    };
    ctx.globalAlpha = 1;
    ctx.fillStyle = colour("--track");
    ctx.fillRect(bbox.left, base - row + gap, bbox.width, row - gap);
    series.t.forEach((at, i) => {
      const end = chart.ends[r][i];
      if (end < chart.view.from || at > chart.view.to) return;
      const from = Math.round(u.valToPos(at, "x", true));
      const to = Math.round(u.valToPos(end, "x", true));
      if (series.max[i] > series.v[i]) bar(from, to, series.max[i], 0.3);
      bar(from, to, series.v[i], 1);
    });
  });
  ctx.restore();
}

// stateKey explains the bars.
function stateKey() {
  const key = document.createElement("span");
  key.className = "key";
  states.forEach((name, value) => {
    const bar = document.createElement("i");
    bar.dataset.state = value;
    key.append(bar, name);
  });
  return key;
}

// Card is a WAN and its charts. Parent says how wide it is and what a drag and a double click do; latest, in update, has the
// newest samples by the keys of their series.
export class Card {
  constructor(wan, parent) {
    this.wan = wan;
    this.parent = parent;
    this.charts = [];
    this.current = new Map(); // what is now, by the key of a series: {v, silent}; empty of the past
    this.age = "";
    this.node = document.createElement("section");
    this.node.className = "card";
    const title = document.createElement("h2");
    title.textContent = wan;
    title.id = `wan-${++Chart.made}`;
    this.node.setAttribute("aria-labelledby", title.id);
    this.state = document.createElement("span");
    this.state.className = "state";
    this.state.hidden = true;
    this.when = document.createElement("span");
    this.when.className = "when";
    this.grain = document.createElement("span");
    this.grain.className = "grain";
    const head = document.createElement("header");
    head.append(title, this.state, this.when, this.grain);
    this.body = document.createElement("div");
    this.node.append(head, this.body);
  }

  width = () => Math.max(200, this.body.clientWidth || this.parent.width());
  zoom = (from, to) => this.parent.zoom(from, to);
  back = () => this.parent.back();

  update(list, view, latest) {
    this.list = list;
    this.view = view;
    this.latest = latest;
    const wanted = figures.map((figure) => [figure, list.filter((series) => figure.metrics.includes(series.metric))]);
    const charts = [];
    for (const [figure, some] of wanted) {
      if (some.length === 0) continue;
      some.sort((a, b) => figure.metrics.indexOf(a.metric) - figure.metrics.indexOf(b.metric));
      const shown = withAxis(figure, wanted);
      const key = keyOf(shown, some);
      charts.push([this.charts.find((chart) => chart.key === key) ?? new Chart(this, some, shown), some]);
    }
    this.replace(charts.map(([chart]) => chart));
    for (const [chart, some] of charts) chart.update(some, view);
    this.head();
  }

  replace(charts) {
    for (const chart of this.charts) {
      if (charts.includes(chart)) continue;
      chart.plot?.destroy();
      chart.node.remove();
    }
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
  say({ state, words, age, current }) {
    this.state.hidden = words === "";
    this.state.dataset.state = state ?? "";
    write(this.state, words);
    Object.assign(this, { age, current });
    if (this.charts.length === 0) this.reading(null);
    for (const chart of this.charts) chart.read();
  }

  // reading says which moment the legends speak of.
  reading(at) {
    write(this.when, at == null ? this.age : moment(at, this.view.to - this.view.from));
  }

  // newest is until when the card has points.
  newest() {
    return Math.max(...this.list.map((series) => series.t[lastOf(series)]));
  }

  // scale shows the charts as they are in another view, until its own data is there.
  scale(view) {
    this.view = view;
    for (const chart of this.charts) {
      chart.view = view;
      chart.plot.setScale("x", { min: view.from, max: view.to });
    }
  }

  resize() {
    for (const chart of this.charts) chart.resize();
  }

  redraw() {
    for (const chart of this.charts) chart.plot.redraw(false, true);
  }

  remove() {
    for (const chart of this.charts) chart.plot?.destroy();
    this.node.remove();
  }
}

// withAxis gives the axis of time to the lowest chart where there are no states.
function withAxis(figure, wanted) {
  const lowest = wanted.findLast(([, some]) => some.length > 0)[0];
  if (figure !== lowest || figure.bottom) return figure;
  return { ...figure, bottom: true, height: (rows) => figure.height(rows) + 36 };
}
