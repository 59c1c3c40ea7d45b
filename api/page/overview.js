// The overview: a row a WAN, with what it does now and what it did in the range.

import { drawSpark, drawStates, newSpark } from "./spark.js";
import { $, app } from "./state.js";
import { number, percent, sum, write } from "./values.js";

const ofMetric = (list, metric) => list.filter((one) => one.metric === metric);

// meanOf is the mean of all samples of a metric, undefined without any.
function meanOf(summaries, metric) {
  const some = ofMetric(summaries, metric);
  return some.length > 0 ? sum(some, (one) => one.mean * one.count) / sum(some, (one) => one.count) : undefined;
}

function worstP95(summaries) {
  const known = ofMetric(summaries, "wanctl_rtt_ms").filter((one) => one.p95 !== null);
  return known.length > 0 ? Math.max(...known.map((one) => one.p95)) : undefined;
}

function shareOfGreen(summaries) {
  const some = ofMetric(summaries, "wanctl_state");
  return some.length > 0 ? sum(some, (one) => (one.shares[0] ?? 0) * one.count) / sum(some, (one) => one.count) : undefined;
}

const columnsOfOverview = [
  { name: "rtt", metric: "wanctl_rtt_ms", text: (list) => number(meanOf(list, "wanctl_rtt_ms"), "ms") },
  { name: "p95", metric: "wanctl_rtt_ms", plain: true, text: (list) => number(worstP95(list), "ms") },
  { name: "loss", metric: "wanctl_loss_ratio", text: (list) => percent(meanOf(list, "wanctl_loss_ratio")) },
  { name: "download", metric: "wanctl_rate_download_mbps", text: (list) => number(meanOf(list, "wanctl_rate_download_mbps")) },
  { name: "upload", metric: "wanctl_rate_upload_mbps", text: (list) => number(meanOf(list, "wanctl_rate_upload_mbps")) },
  { name: "green", metric: "wanctl_state", draw: drawStates, text: (list) => percent(shareOfGreen(list)) },
];

// Row is a WAN in the overview.
export class Row {
  constructor(wan, open) {
    this.wan = wan;
    this.node = document.createElement("tr");
    this.name = document.createElement("button");
    this.name.type = "button";
    this.name.textContent = wan;
    this.name.addEventListener("click", open);
    this.state = document.createElement("span");
    this.state.className = "state";
    this.age = document.createElement("span");
    this.age.className = "age";
    const head = document.createElement("th");
    head.scope = "row";
    head.setAttribute("role", "rowheader");
    head.append(this.name, this.state, this.age);
    this.cells = columnsOfOverview.map((column) => this.cell(column));
    this.outages = document.createElement("td");
    this.outages.className = "outages";
    this.outages.setAttribute("role", "cell");
    this.node.setAttribute("role", "row");
    this.node.append(head, ...this.cells.map((cell) => cell.node), this.outages);
  }

  cell({ name, plain }) {
    const node = document.createElement("td");
    node.className = name;
    node.setAttribute("role", "cell");
    const spark = plain ? null : newSpark(name);
    const value = document.createElement("span");
    if (spark) node.append(spark);
    node.append(value);
    return { node, spark, value };
  }

  update(list) {
    const summaries = app.figures?.filter((one) => one.wan === this.wan);
    columnsOfOverview.forEach(({ metric, draw = drawSpark, text }, i) => {
      const { spark, value } = this.cells[i];
      if (spark) draw(spark, ofMetric(list, metric));
      write(value, summaries ? text(summaries) : "…");
    });
    const outages = app.outages?.get(this.wan) ?? [];
    const long = sum(outages, (one) => one.seconds);
    write(this.outages, app.outages === null ? "…" : app.outages.has(this.wan) ? String(outages.length) : "–");
    this.outages.classList.toggle("some", outages.length > 0);
    this.outages.title = long ? `${Math.round(long)} s in all` : "";
  }

  say({ state, words, age }) {
    this.state.hidden = words === "";
    this.state.dataset.state = state ?? "";
    write(this.state, words);
    write(this.age, state === undefined ? "" : age.replace(/ ago$/, ""));
  }
}

// showOverview shows the columns that some WAN has, if there is a WAN.
export function showOverview() {
  const has = (metric) => [...app.latest.values()].some((one) => one.metric === metric);
  $("overview").hidden = app.cards.size === 0;
  for (const { name, metric } of columnsOfOverview) $("overview").classList.toggle(`no-${name}`, !has(metric));
}
