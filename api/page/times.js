// Moments in words.

let utc = localStorage.getItem("wanstore.utc") === "yes";

export const inUTC = () => utc;

export function useUTC(yes) {
  utc = yes;
  localStorage.setItem("wanstore.utc", yes ? "yes" : "no");
  formats.clear();
}

const formats = new Map();

// stamp writes a moment, in Unix seconds, with the parts that are named.
export function stamp(at, parts) {
  if (!formats.has(parts)) {
    const options = { timeZone: inUTC() ? "UTC" : undefined, hourCycle: "h23" };
    for (const part of parts.split(" ")) {
      if (part === "ms") options.fractionalSecondDigits = 3;
      else options[part] = part === "month" || part === "weekday" ? "short" : part === "year" || part === "day" ? "numeric" : "2-digit";
    }
    formats.set(parts, new Intl.DateTimeFormat("en-GB", options));
  }
  return formats.get(parts).format(at * 1000);
}

// moment writes a moment as exactly as a view of that many seconds needs it.
export function moment(at, span) {
  const clock = span <= 120 ? "hour minute second ms" : span <= 4 * 86400 ? "hour minute second" : "hour minute";
  return `${stamp(at, "weekday day month year")}, ${stamp(at, clock)}`;
}

// stretch writes a range, with the day once if it is one.
export function stretch(from, to) {
  const [first, last] = [moment(from, to - from), moment(to, to - from)];
  const day = first.slice(0, first.lastIndexOf(", ") + 2);
  return `${first} to ${last.startsWith(day) ? last.slice(day.length) : last}`;
}
