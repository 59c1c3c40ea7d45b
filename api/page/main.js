// Starts the page. The server joins this and what it imports into page.js.

import { startControls } from "./controls.js";
import { startLive } from "./live.js";
import { load } from "./load.js";
import { startNotices } from "./notices.js";
import { sayWhat } from "./paint.js";
import { app, onSettled, owners } from "./state.js";
import { extent, moved, onMoved } from "./view.js";
import { startWords } from "./words.js";

startControls();
startNotices();
startLive();
startWords();
onMoved(() => {
  app.figures = null;
  for (const owner of owners()) owner.scale(extent());
  sayWhat();
  load();
});
onSettled(() => (document.documentElement.dataset.ready = "yes"));
addEventListener("popstate", moved);
moved();
