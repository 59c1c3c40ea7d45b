// Says what is in the way: no samples, a file that is away, a server that does not answer, a token that is missing.

import { reload } from "./look.js";
import { openMetrics } from "./open.js";
import { app, newestOf, onSettled } from "./state.js";
import { moment } from "./times.js";
import { extent, go, reporting } from "./view.js";

const box = document.getElementById("notice");
const tokenDialog = document.getElementById("token");
const input = document.getElementById("token-value");

let saying = ""; // what is said, so that it is said once
let retry, tries = 0;

export function startNotices() {
  onSettled(settled);
  tokenDialog.querySelector("form").addEventListener("submit", () => {
    sessionStorage.setItem("wanstore.token", input.value.trim());
    input.value = "";
    reload();
  });
}

function settled() {
  clearTimeout(retry);
  for (const id of ["wans", "reports"]) document.getElementById(id).classList.toggle("stale", app.problem !== null);
  if (app.problem) return failed(app.problem);
  tries = 0;
  if (reporting()) return say("");
  if ([...app.series.values()].every((series) => series.t.length === 0)) return empty();
  say("");
}

function failed(problem) {
  if (problem.status === 401) return askToken();
  if (problem.status >= 400 && problem.status < 500) {
    const parameter = problem.parameter ? ` (${problem.parameter})` : "";
    return say("This cannot be shown", `${problem.message}${parameter}`);
  }
  const delay = Math.min(15, 2 ** ++tries);
  retry = setTimeout(reload, delay * 1000);
  const again = { text: "Try now", act: reload };
  if (problem.status) return say("The history cannot be read", `${problem.message}; trying again.`, again);
  return say("The store does not answer", "trying again.", again);
}

function askToken() {
  say("A token is needed", "", { text: "Enter it", act: askToken });
  const wrong = sessionStorage.getItem("wanstore.token") !== null;
  document.getElementById("token-why").textContent = wrong
    ? "The store refused this token."
    : "This store answers only to those who have its token. It is kept until the tab is closed.";
  if (!tokenDialog.open) tokenDialog.showModal();
  input.focus();
}

// empty says where there is something to see.
function empty() {
  const newest = newestOf([...app.latest.values(), ...app.others.values()]);
  if (newest === undefined) return say("No samples yet", "they appear here as soon as some are recorded.");
  if (app.latest.size === 0 && openMetrics().length === 0) return say("");
  const { from, to } = extent();
  const span = to - from;
  const visit = () => go({ from: newest - span * 0.9, to: newest + span * 0.1 });
  return say("No samples in this range", `the newest is of ${moment(newest, Math.min(span, 86400))}.`,
    { text: "Go there", act: visit });
}

function say(title, text = "", action = undefined) {
  const said = [title, text, action?.text].join("\n");
  box.hidden = title === "";
  if (said === saying) return;
  saying = said;
  const heading = document.createElement("b");
  heading.textContent = text ? `${title}:` : title;
  box.replaceChildren(heading, ` ${text} `);
  if (!action) return;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = action.text;
  button.addEventListener("click", action.act);
  box.append(button);
}
