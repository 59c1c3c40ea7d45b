// Follows the present: asks for the newest part every few seconds, as long as somebody looks, and says when the samples are old.

import { app, extent, follow, load, now, onSettled } from "./app.js";

const age = document.getElementById("age");
const button = document.querySelector("[data-do=live]");

let timer;
let answered = performance.now(); // when the last answer came

export function start() {
  onSettled(() => {
    answered = performance.now();
    plan();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer);
    else if (app.view.range && !app.loading) tick();
    tell();
  });
  setInterval(tell, 1000);
  plan();
}

const following = () => Boolean(app.view.range) && !document.hidden;

// pace is how often to ask, in seconds: what would move the picture by less than a pixel can wait.
const pace = () => Math.min(60, Math.max(2, app.view.range / 720));

function plan() {
  clearTimeout(timer);
  tell();
  if (following() && !app.problem) timer = setTimeout(tick, pace() * 1000);
}

// tick asks for the newest part or, after a long sleep, for everything.
function tick() {
  clearTimeout(timer);
  const slept = (performance.now() - answered) / 1000;
  if (slept > Math.min(600, app.view.range / 2)) load();
  else follow();
}

function tell() {
  button.setAttribute("aria-pressed", String(Boolean(app.view.range)));
  const newest = app.until;
  const { to } = extent();
  const behind = now() - newest;
  const old = Boolean(app.view.range) && newest > 0 && newest < to - 15 && behind > Math.max(15, 3 * pace());
  age.classList.toggle("old", old);
  const text = old ? `last sample ${ago(behind)} ago` : "";
  if (age.textContent !== text) age.textContent = text;
}

function ago(seconds) {
  if (seconds < 60) return `${Math.floor(seconds / 10) * 10} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} days`;
}
