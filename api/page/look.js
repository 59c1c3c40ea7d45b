// Loads what is looked at.

import { load } from "./load.js";
import { loadReport } from "./report.js";
import { reporting } from "./view.js";

export const reload = () => (reporting() ? loadReport() : load());
