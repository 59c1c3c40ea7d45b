// Saves what a chart shows: its points as CSV, its picture as PNG.

import { keyOf } from "./answers.js";
import { answerTo, stepWords } from "./ask.js";
import { announce, app } from "./state.js";
import { stretch } from "./times.js";
import { colour, colourOf } from "./values.js";
import { extent, tidy } from "./view.js";

// saveTools are the link and the button of a chart. The link is the address of the points, to be copied as well.
export function saveTools(chart) {
  const node = document.createElement("span");
  node.className = "save";
  const link = document.createElement("a");
  link.textContent = "CSV";
  link.title = "The points of this chart as CSV";
  onSave(link, () => saveCSV(chart, link));
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "PNG";
  button.title = "A picture of this chart";
  button.addEventListener("click", () => savePNG(chart));
  node.append(link, button);
  return { node, link };
}

// onSave saves what a link leads to, with the token if there is one, which a link could not carry.
export function onSave(link, save) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    save();
  });
}

// addressOf is where the points of a chart are.
export function addressOf(chart) {
  const { from, to } = extent();
  const words = new URLSearchParams({
    metrics: [...new Set(chart.list.map((series) => series.metric))], from: tidy(from), to: tidy(to),
    ...stepWords(app.step), order: "asc", limit: 100000, format: "csv",
  });
  if (chart.owner.wan) words.set("wan", chart.owner.wan);
  if (chart.figure.name === "rtt") words.set("quantiles", "0.5,0.95,0.99");
  return `metrics/history?${words}`;
}

// saveCSV asks page by page.
async function saveCSV(chart, link) {
  const parts = [];
  try {
    let question = new URL(link.href).search.slice(1);
    while (question) {
      const answer = await answerTo(question);
      const [head, ...rows] = (await answer.text()).split(/(?<=\n)/);
      if (parts.length === 0) parts.push(head);
      parts.push(...rowsShown(rows, chart));
      question = answer.headers.get("Link")?.match(/<\?([^>]+)>; rel="next"/)?.[1];
    }
  } catch (problem) {
    app.problem = problem;
    return announce();
  }
  hand(new Blob(parts, { type: "text/csv" }), nameOfFile(chart, "csv"));
}

// rowsShown are the rows of the series that the legend shows.
function rowsShown(rows, { list, legend }) {
  const hidden = new Set(list.filter((series) => !legend.shows(series)).map((series) => series.key));
  return hidden.size === 0 ? rows : rows.filter((row) => !hidden.has(keyOfRow(row)));
}

// keyOfRow is the key of the series that a row of CSV is of.
function keyOfRow(row) {
  const cells = row.matchAll(/("(?:[^"]|"")*"|[^,]*),/g);
  const [, , wan, metric, labels] = [...cells].map(([, cell]) => cell.replace(/^"|"$/g, "").replaceAll('""', '"'));
  return keyOf({ wan_name: wan, metric_name: metric, labels: JSON.parse(labels) });
}

function savePNG(chart) {
  pictureOf(chart).toBlob((blob) => hand(blob, nameOfFile(chart, "png")), "image/png");
}

// hand gives a file to the browser, to keep where it keeps files.
export function hand(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

function nameOfFile(chart, kind) {
  const { from } = extent();
  const moment = new Date(from * 1000).toISOString().slice(0, 16).replaceAll(":", "");
  const words = ["wanstore", chart.owner.name, chart.figure.name, moment];
  return `${words.join("-").replace(/[^\w.-]+/g, "_")}.${kind}`;
}

// pictureOf draws the title, the range and the legend above the plot.
export function pictureOf(chart) {
  const plot = chart.plot.ctx.canvas;
  const ratio = uPlot.pxRatio;
  const { from, to } = extent();
  const picture = document.createElement("canvas");
  const ctx = picture.getContext("2d");
  const font = `${12 * ratio}px system-ui, sans-serif`;
  const line = 20 * ratio;
  ctx.font = font;
  const rows = legendRows(ctx, chart, plot.width - 24 * ratio);
  picture.width = plot.width;
  picture.height = plot.height + (rows.length + 2) * line;
  ctx.fillStyle = colour("--card");
  ctx.fillRect(0, 0, picture.width, picture.height);
  ctx.font = font;
  ctx.fillStyle = colour("--text");
  ctx.fillText(`${chart.owner.name}: ${chart.figure.title}. ${stretch(from, to)}`, 12 * ratio, line);
  rows.forEach((row, i) => row.forEach(({ text, x, series }) => {
    ctx.fillStyle = colour(colourOf(series, chart.list));
    ctx.fillText(text, 12 * ratio + x, line * (i + 2));
  }));
  ctx.drawImage(plot, 0, picture.height - plot.height);
  return picture;
}

// legendRows are what the legend lists, in rows that are as wide as the picture.
function legendRows(ctx, chart, width) {
  const rows = [[]];
  let x = 0;
  for (const { node, series } of chart.legend.items) {
    if (node.hidden || !chart.legend.shows(series)) continue;
    const text = node.textContent;
    const wide = ctx.measureText(`${text}   `).width;
    if (x + wide > width && x > 0) {
      rows.push([]);
      x = 0;
    }
    rows.at(-1).push({ text, x, series });
    x += wide;
  }
  return rows;
}
