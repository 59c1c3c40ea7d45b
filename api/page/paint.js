// Shows what there is, a card a WAN.

import { Card } from "./card.js";
import { $, app } from "./state.js";
import { stretch } from "./times.js";
import { duration, extent } from "./view.js";

const pause = () => new Promise((resume) => setTimeout(resume));

const inOrder = (a, b) => (a.wan === b.wan ? (a.key < b.key ? -1 : 1) : a.wan < b.wan ? -1 : 1);

// paint shows the series, a card at a time, and lets the browser breathe in between.
export async function paint(signal) {
  const view = extent();
  const wans = [...app.latest.values(), ...app.series.values()].map((series) => series.wan);
  const shown = Map.groupBy([...app.series.values()].sort(inOrder), (series) => series.wan);
  const byWAN = new Map(wans.sort().map((wan) => [wan, shown.get(wan) ?? []]));
  for (const [wan, card] of app.cards) {
    if (byWAN.has(wan)) continue;
    card.remove();
    app.cards.delete(wan);
  }
  let since = performance.now();
  for (const [wan, list] of byWAN) {
    if (performance.now() - since > 30) {
      await pause();
      since = performance.now();
    }
    if (signal?.aborted) return;
    if (!app.cards.has(wan)) {
      app.cards.set(wan, new Card(wan));
      $("wans").insertBefore(app.cards.get(wan).node, $("wans").children[[...byWAN.keys()].indexOf(wan)] ?? null);
    }
    app.cards.get(wan).update(list, view);
  }
  sayWhat();
  if (byWAN.size > 0) performance.mark("painted");
}

// sayWhat writes above the charts what they show.
export function sayWhat() {
  const { from, to } = extent();
  $("span").textContent = stretch(from, to);
  $("grain").textContent = app.step ? `a point each ${duration(app.step)}` : app.series.size > 0 ? "every sample" : "";
  const shown = location.hash || (to - from > 3599 ? "#range=1h" : "");
  for (const link of document.querySelectorAll(".ranges a")) {
    if (link.getAttribute("href") === shown) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}
