// The part of a report that is about one WAN: the month in all, its days, its outages.

import { titleOfDay, titleOfDays } from "./months.js";
import { shape } from "./spark.js";
import { moment } from "./times.js";
import { number, percent } from "./values.js";
import { duration } from "./view.js";

const someOutages = 20; // that are listed at first

// lasting writes how long something took.
function lasting(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  const parts = [[Math.floor(minutes / 60), "h"], [minutes % 60, "min"]];
  return parts.filter(([n]) => n > 0).map(([n, unit]) => `${n} ${unit}`).join(" ");
}

function outagesInWords({ outages, outage_seconds }) {
  if (outages === null) return null;
  return outage_seconds > 0 ? `${outages} (${lasting(outage_seconds)})` : String(outages);
}

const told = (value, words) => (value === null ? null : words(value));
const inGB = (value) => told(value, (gb) => number(gb, "GB"));
const inMs = (value) => told(value, (ms) => number(ms, "ms"));

// What is told of a day, and of a month; null is what was not measured.
const reportColumns = [
  { name: "down", title: "Down", text: (one) => inGB(one.download_gb) },
  { name: "up", title: "Up", text: (one) => inGB(one.upload_gb) },
  { name: "p50", title: "p50", text: (one) => inMs(one.rtt_p50_ms) },
  { name: "p95", title: "p95", text: (one) => inMs(one.rtt_p95_ms) },
  { name: "p99", title: "p99", text: (one) => inMs(one.rtt_p99_ms) },
  { name: "lost", title: "Loss", text: (one) => told(one.loss_ratio, percent) },
  { name: "out", title: "Outages", text: outagesInWords },
  { name: "measured", title: "Measured", text: (one) => lasting(one.measured_seconds) },
  {
    name: "shares", title: "States", draw: drawShares,
    text: ({ states }) => (states.length === 0 ? null : states.map(shareInWords).join(", ")),
  },
];

// shareInWords writes the share of a state, without a break between its words.
const shareInWords = ({ value, name, share }) => `${name || value}\u00a0${(share * 100).toFixed(1)}\u00a0%`;

// partOfReport makes the part of a WAN, which can be closed.
export function partOfReport(wan) {
  const shown = reportColumns.filter((column) => column.text(wan.total) !== null);
  const part = element("details", "card");
  const head = element("summary");
  head.append(element("h3", "", wan.wan_name), totalOf(wan.total, shown));
  part.append(head, daysOf(wan.days, shown));
  if (wan.outages.length > 0) part.append(outagesOf(wan.outages));
  return part;
}

function totalOf(total, shown) {
  const list = element("dl", "total");
  for (const column of shown) {
    const pair = element("div", column.name);
    const value = element("dd");
    fill(value, column, total);
    pair.append(element("dt", "", column.title), value);
    list.append(pair);
  }
  return list;
}

function fill(node, { text, draw }, one) {
  const words = text(one);
  if (draw && words !== null) node.append(draw(one));
  node.append(words ?? "–");
}

function daysOf(days, shown) {
  const { table, body } = tableWith("days", ["Day", ...shown.map(({ title }) => title)]);
  let none = []; // days without anything in a row
  const tellNone = () => {
    if (none.length > 0) body.append(rowOfNothing(none, shown.length));
    none = [];
  };
  for (const day of days) {
    if (day.measured_seconds === 0 && day.states.length === 0) {
      none.push(day);
      continue;
    }
    tellNone();
    body.append(rowOfDay(day, shown));
  }
  tellNone();
  return table;
}

function rowOfDay(day, shown) {
  const row = rowOf(titleOfDay(day.date));
  for (const column of shown) {
    const cell = cellOf(column.title, column.name);
    fill(cell, column, day);
    if (column.name === "out") cell.classList.toggle("some", day.outages > 0);
    row.append(cell);
  }
  return row;
}

function rowOfNothing(days, width) {
  const [first, last] = [days[0].date, days.at(-1).date];
  const row = rowOf(days.length === 1 ? titleOfDay(first) : titleOfDays(first, last));
  const cell = cellOf("", "none");
  cell.colSpan = width;
  cell.textContent = "nothing measured";
  row.append(cell);
  return row;
}

function outagesOf(outages) {
  const { table, body } = tableWith("downtimes", ["Outage from", "Length", "Worst RTT around", "Seen in buckets of"]);
  const rows = outages.map((one) => {
    const row = rowOf(moment(one.from, 7 * 86400));
    const cells = [["Length", lasting(one.seconds)], ["Worst RTT around", inMs(one.worst_rtt_ms) ?? "–"],
      ["Seen in buckets of", duration(one.granularity_seconds)]];
    for (const [title, text] of cells) row.append(Object.assign(cellOf(title), { textContent: text }));
    return row;
  });
  body.append(...rows.slice(0, someOutages));
  const box = element("div");
  box.append(table);
  const rest = rows.slice(someOutages);
  if (rest.length > 0) {
    const more = element("button", "more", `${rest.length} more outages`);
    more.type = "button";
    more.addEventListener("click", () => {
      body.append(...rest);
      more.remove();
    });
    box.append(more);
  }
  return box;
}

// drawShares draws a strip with the share of each state.
function drawShares({ states }) {
  const strip = shape("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", class: "strip", "aria-hidden": "true" });
  let x = 0;
  for (const { value, share } of states) {
    strip.append(shape("rect", { x, width: share * 100, y: 0, height: 10, "data-state": value }));
    x += share * 100;
  }
  return strip;
}

// Tables keep their roles where a narrow screen shows them as something else.

function tableWith(name, titles) {
  const table = element("table", name);
  table.setAttribute("role", "table");
  const head = table.createTHead();
  head.setAttribute("role", "rowgroup");
  const row = head.insertRow();
  row.setAttribute("role", "row");
  for (const title of titles) {
    const cell = element("th", "", title);
    cell.scope = "col";
    cell.setAttribute("role", "columnheader");
    row.append(cell);
  }
  const body = table.createTBody();
  body.setAttribute("role", "rowgroup");
  return { table, body };
}

function rowOf(title) {
  const row = element("tr");
  row.setAttribute("role", "row");
  const head = element("th", "", title);
  head.scope = "row";
  head.setAttribute("role", "rowheader");
  row.append(head);
  return row;
}

function cellOf(title, name = "") {
  const cell = element("td", name);
  cell.setAttribute("role", "cell");
  cell.dataset.title = title;
  return cell;
}

function element(kind, name = "", text = "") {
  const node = document.createElement(kind);
  if (name) node.className = name;
  node.textContent = text;
  return node;
}
