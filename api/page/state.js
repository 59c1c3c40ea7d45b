// app is what the page holds. It is on the window, as wanstore, for debugging and for tests: cards[].charts[].plot
// is a uPlot, its data is what is drawn.
export const app = {
  view: null, // what the address says
  step: 0,
  series: new Map(),
  cards: new Map(), // by WAN
  panels: new Map(), // by metric
  latest: new Map(), // the newest sample of each series of the cards, in the view or not
  others: new Map(), // that of each other series
  figures: null, // what each series of the cards did in all of the view, once it is known
  outages: null, // those of each WAN in the view, once they are known
  heard: 0, // when that was
  fitted: null, // what the first view is cut to
  loading: false,
  problem: null, // why the last question failed, if it did
};
window.wanstore = app;

export const $ = (id) => document.getElementById(id);

// roomFor is how wide the charts in a node are, which may be hidden.
export const roomFor = (node) => Math.max(200, node.clientWidth || $("wans").clientWidth - 32);

// plotWidth is how wide a plot in a card is, without its axis.
export const plotWidth = () => $("wans").clientWidth - 86;

// owners are all that have charts.
export const owners = () => [...app.cards.values(), ...app.panels.values()];

// newestOf is the moment of the newest of some samples, undefined where there is none.
export const newestOf = (samples) => [...samples].reduce((newest, { at }) => (newest > at ? newest : at), undefined);

// onSettled calls f whenever a question has been answered, or has failed.
export const onSettled = (f) => listeners.push(f);
const listeners = [];

export const announce = () => listeners.forEach((f) => f());
