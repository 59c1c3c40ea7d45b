// Values, names and colours.

export const states = ["GREEN", "YELLOW", "SOFT_RED", "RED"];

const titles = {
  wanctl_rtt_ms: "RTT",
  wanctl_rtt_baseline_ms: "baseline",
  wanctl_rate_download_mbps: "download",
  wanctl_rate_upload_mbps: "upload",
  wanctl_loss_ratio: "loss",
  wanctl_state: "state",
};

// natural orders names with numbers in them as people do: wan2 before wan10.
export const natural = new Intl.Collator("en", { numeric: true }).compare;

export function number(value, unit = "") {
  if (value == null) return "–";
  const size = Math.abs(value);
  const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 0.1 || size < 0.0005 ? 2 : 3;
  return value.toFixed(digits) + (unit && ` ${unit}`);
}

// short writes a value of an axis in seven characters at most.
export const short = (value) => {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-3 && size < 1e6)) return String(Number(value.toPrecision(6)));
  return value.toExponential().length < 8 ? value.toExponential() : value.toExponential(1);
};

// percent writes a share.
export const percent = (share) => number(share == null ? null : share * 100, "%");

export const sum = (list, of = (value) => value) => list.reduce((total, one) => total + of(one), 0);

// stateName names a state as the file does.
export function stateName(value, series) {
  if (value == null) return "–";
  return series.states?.[value] ?? (series.metric === "wanctl_state" ? states[value] : undefined) ?? String(value);
}

export const write = (node, text) => node.textContent !== text && (node.textContent = text);

export const labelsOf = (series) => Object.entries(series.labels).map(([name, value]) => `${name}=${value || '""'}`).join(" ");

export const titleOf = (series) => `${titles[series.metric] ?? series.metric} ${labelsOf(series)}`.trim();

// Colours are those of the stylesheet, looked up once a theme.

const colours = new Map();

export const forgetColours = () => colours.clear();

export function colour(name) {
  if (!colours.has(name)) {
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.color = `var(${name})`; // so that light-dark() is decided
    colours.set(name, getComputedStyle(probe).color);
    probe.remove();
  }
  return colours.get(name);
}

export const faint = (rgb, alpha = 0.2) => rgb.replace("rgb(", "rgba(").replace(")", `, ${alpha})`);

// colourOf gives each metric of wanctl its colour and, where labels tell several series of one metric apart, each of
// them its own.
export function colourOf(series, all) {
  const siblings = all.filter((other) => other.metric === series.metric);
  if (siblings.length === 1 && titles[series.metric]) return `--${series.metric.replace(/^wanctl_|_(ms|mbps)$/g, "").replace("_", "-")}`;
  return `--c${Math.max(0, siblings.findIndex((other) => other.key === series.key)) % 6}`;
}
