// The report of a month: what each WAN did, day by day.

import { answerTo, shownZone, withoutZones } from "./ask.js";
import { settle } from "./load.js";
import { monthBeside, shownMonth, titleOfMonth } from "./months.js";
import { partOfReport } from "./reportparts.js";
import { hand, onSave } from "./save.js";
import { $, announce, app } from "./state.js";
import { newTurn } from "./turn.js";
import { natural, write } from "./values.js";
import { go, reporting } from "./view.js";

const opened = new Map(); // whether the part of a WAN was opened or closed by hand
const openAtFirst = 3;

const reportWords = () => new URLSearchParams({ month: shownMonth(), tz: shownZone() });

// loadReport asks for the month that is shown.
export async function loadReport() {
  const signal = newTurn();
  app.loading = true;
  sayMonth();
  try {
    const answer = await answerTo(reportWords(), signal, "report");
    showReport(await answer.json());
    settle(null);
  } catch (problem) {
    if (signal.aborted) return;
    if (problem.parameter !== "tz" || !withoutZones()) return settle(problem);
    return loadReport();
  }
}

// sayMonth shows which month it is, while its report is on its way.
function sayMonth() {
  const month = shownMonth();
  $("month").value = month;
  document.querySelector("#report [data-do=later]").disabled = monthBeside(month, 1) === null;
  $("report-csv").href = `report?${reportWords()}&format=csv`;
  $("reports").setAttribute("aria-busy", "true");
}

function showReport(report) {
  const wans = report.wans.sort((a, b) => natural(a.wan_name, b.wan_name));
  $("reports").replaceChildren(...wans.map((wan, i) => {
    const part = partOfReport(wan);
    part.open = opened.get(wan.wan_name) ?? i < openAtFirst;
    part.addEventListener("toggle", () => opened.set(wan.wan_name, part.open));
    return part;
  }));
  $("reports").setAttribute("aria-busy", "false");
  const title = titleOfMonth(shownMonth());
  write($("report-says"), wans.length === 0 ? `Nothing was measured in ${title}.` :
    `${title}, in days of ${shownZone()}. GB are of 1e9 bytes.`);
}

// turnMonth shows a month before or after the one that is shown.
export function turnMonth(by) {
  const month = monthBeside(shownMonth(), by);
  if (month) go({ report: month });
}

async function saveReport() {
  try {
    const answer = await answerTo(`${reportWords()}&format=csv`, undefined, "report");
    hand(await answer.blob(), `wanstore-report-${shownMonth()}.csv`);
  } catch (problem) {
    app.problem = problem;
    announce();
  }
}

export function startReports() {
  $("month").addEventListener("change", (event) => {
    const month = event.target.value;
    if (/^\d{4}-\d\d$/.test(month)) go({ report: month });
  });
  onSave($("report-csv"), saveReport);
}

// showPart shows the charts or a report.
export function showPart() {
  document.body.dataset.part = reporting() ? "report" : "charts";
  document.querySelector("[data-do=report]").setAttribute("aria-pressed", String(reporting()));
}
