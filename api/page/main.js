// Starts the page. The server joins this and what it imports into page.js.

import { startControls } from "./controls.js";
import { startLive } from "./live.js";
import { reload } from "./look.js";
import { startNotices } from "./notices.js";
import { sayWhat } from "./paint.js";
import { showPart, startReports } from "./report.js";
import { app, onSettled, owners } from "./state.js";
import { extent, moved, onMoved, reporting } from "./view.js";
import { startWords } from "./words.js";

startControls();
startNotices();
startLive();
startWords();
startReports();
onMoved(() => {
  app.figures = app.outages = null;
  showPart();
  if (!reporting()) for (const owner of owners()) owner.scale(extent());
  sayWhat();
  reload();
});
onSettled(() => (document.documentElement.dataset.ready = "yes"));
addEventListener("popstate", moved);
moved();
