// Months, written as 2026-11, and days, written as 2026-11-30.

import { stamp } from "./times.js";
import { app } from "./state.js";
import { now } from "./view.js";

const monthNow = () => {
  const month = 1 + new Date(`${stamp(now(), "day month year")} UTC`).getUTCMonth();
  return `${stamp(now(), "year")}-${String(month).padStart(2, "0")}`;
};

// shownMonth is the month of the report that the address names: without a name the present one.
export const shownMonth = () => app.view.report || monthNow();

// monthBeside is the month so many months after another one, null if it lies ahead.
export function monthBeside(month, by) {
  const date = new Date(`${month}-01T00:00:00Z`);
  date.setUTCMonth(date.getUTCMonth() + by);
  const beside = date.toISOString().slice(0, 7);
  return beside > monthNow() ? null : beside;
}

const inWords = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options });
const monthWords = inWords({ month: "long", year: "numeric" });
const dayWords = inWords({ weekday: "short", day: "numeric", month: "short" });
const lastWords = inWords({ day: "numeric", month: "short" });

export const titleOfMonth = (month) => monthWords.format(new Date(`${month}-01`));

export const titleOfDay = (date) => dayWords.format(new Date(date));

// titleOfDays names days from one date to another of the same month.
export const titleOfDays = (first, last) => `${new Date(first).getUTCDate()} to ${lastWords.format(new Date(last))}`;
