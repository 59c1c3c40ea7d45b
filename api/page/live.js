// Follows the present: asks for the newest part every few seconds, as long as somebody looks, and says what is now: the state
// of each WAN and its newest values with their age, or for how long there have been none.

import { add } from "./answers.js";
import { fetched, metrics } from "./ask.js";
import { follow, load, survey } from "./load.js";
import { app, newestOf, onSettled } from "./state.js";
import { moment } from "./times.js";
import { labelsOf, stateName } from "./values.js";
import { live, now, reporting } from "./view.js";

const liveButton = document.querySelector("[data-do=live]");

let timer;
let answered = performance.now(); // when the last answer came

export function startLive() {
  onSettled(() => {
    answered = performance.now();
    learn();
    plan();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer);
    else if (!app.loading) tick();
  });
  setInterval(tell, 1000);
}

// pace is how often to ask, in seconds: what would move the picture by less than a pixel can wait, but what is now can not
// for long.
const pace = () => Math.min(10, Math.max(2, (app.view.range ?? Infinity) / 720));

function plan() {
  clearTimeout(timer);
  tell();
  if (!document.hidden && !app.problem && !reporting()) timer = setTimeout(tick, pace() * 1000);
}

// tick asks for the newest part or, after a long sleep, for everything; where the past is looked at, only for what is now.
function tick() {
  clearTimeout(timer);
  if (reporting()) return;
  const slept = (performance.now() - answered) / 1000;
  if (!app.view.range) return glance();
  if (slept > Math.min(600, app.view.range / 2)) load();
  else follow();
}

async function glance() {
  await survey().catch(() => {}); // as long as it fails, what was now gets older
  answered = performance.now();
  plan();
}

// Cadences

const cadences = new Map(); // seconds from one sample to the next, by series
const known = new Map(); // whether those of a WAN are; false while they are looked up

// learn finds out how often the series are sampled: of a WAN that the view does not show, from its newest rows.
function learn() {
  note(app.series);
  for (const wan of app.cards.keys()) {
    const list = latestOf(wan);
    if (list.some((one) => cadences.has(one.key))) known.set(wan, true);
    if (list.length > 0 && !known.has(wan)) lookUp(wan, newestOf(list));
  }
}

async function lookUp(wan, newest) {
  known.set(wan, false);
  try {
    const series = new Map();
    add(series, await fetched({ metrics: metrics.join(","), wan, from: 0, to: newest + 1, limit: 300 }));
    note(series);
    known.set(wan, true);
    tell();
  } catch {
    known.delete(wan); // until it is asked again
  }
}

// note takes the first quartile of what lies between two samples, so that gaps do not count.
function note(all) {
  for (const { key, t, count } of all.values()) {
    const spans = t.slice(1).map((at, i) => (at - t[i]) / count[i]).sort((a, b) => a - b);
    if (spans.length > 1) cadences.set(key, spans[spans.length >> 2]);
  }
}

// cadence is that of a series or of those that differ in labels alone, 0 where too little is known.
function cadence(one, all) {
  if (cadences.has(one.key)) return cadences.get(one.key);
  const siblings = all.filter((other) => other.metric === one.metric && cadences.has(other.key));
  return siblings.length > 0 ? Math.min(...siblings.map((other) => cadences.get(other.key))) : 0;
}

// What is now

const patience = 15; // seconds that commits, late answers and questions may take

const latestOf = (wan) => [...app.latest.values()].filter((one) => one.wan === wan);

function tell() {
  liveButton.setAttribute("aria-pressed", String(live()));
  liveButton.classList.toggle("lost", app.problem !== null);
  for (const [wan, card] of app.cards) card.say(nowOf(wan));
}

function nowOf(wan) {
  const all = latestOf(wan);
  if (!known.get(wan)) return { words: "", age: "", current: new Map() };
  const silent = (one) => app.heard - one.at > Math.max(patience, 2 * cadence(one, all));
  const values = live() ? all : []; // the past shows its own
  const current = new Map(values.map((one) => [one.key, { v: one.v, silent: silent(one) ? since(one.at) : undefined }]));
  const newest = newestOf(all);
  if (all.every(silent)) return { words: since(newest), age: `the newest sample is of ${moment(newest, 86400)}`, current };
  return { ...stateOf(all, silent), age: `${ago(newest)} ago`, current };
}

// stateOf is the worst of the states that are reported now, and which of them it is.
function stateOf(all, silent) {
  const states = all.filter((one) => one.metric === "wanctl_state");
  const reported = states.filter((one) => !silent(one)).sort((a, b) => b.v - a.v);
  if (states.length === 0) return { words: "" };
  if (reported.length === 0) return { words: `no state for ${ago(newestOf(states))}` };
  const [worst] = reported;
  const which = reported.length > 1 ? ` ${labelsOf(worst)}` : "";
  return { state: worst.v, words: `${live() ? "" : "now "}${stateName(worst.v, worst)}${which}` };
}

const since = (at) => `no data for ${ago(at)}`;

// ago is how long ago a moment is.
function ago(at) {
  const seconds = Math.max(0, now() - at);
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} days`;
}
