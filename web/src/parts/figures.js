// Numbers and times of charts as people read them.
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const dollars = new Intl.NumberFormat("en", { style: "currency", currency: "USD", maximumFractionDigits: 6 });
const MICROS = 1e6;
const DAY = 86_400;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

// A value with its unit; null is a gap.
export function told(value, unit) {
  if (value == null) return "–";
  if (unit === "micros") return dollars.format(value / MICROS);
  return `${whole.format(value)}${unit ? ` ${unit}` : ""}`;
}

// How the axis of such values is labelled.
export function axisOf(unit) {
  if (unit === "micros") return (value) => dollars.format(value / MICROS);
  return (value) => `${value < 10_000 ? whole.format(value) : short.format(value)}${unit === "ms" ? " ms" : ""}`;
}

// What is drawn of each series, so that each stands on those after it.
export function sumsOf(series) {
  const sums = series.map(() => []);
  for (let at = 0; at < series[0].values.length; at++) {
    let sum = 0;
    for (let number = series.length - 1; number >= 0; number--) {
      sum += series[number].values[at] ?? 0;
      sums[number][at] = sum;
    }
  }
  return sums;
}

// The time of one point, or from when to when; in UTC, with the hour where points are closer than a day.
export function whenTold(x, at) {
  const hourly = x.length > 1 && x[1] - x[0] < DAY;
  if (at != null) return momentOf(x[at], hourly);
  return x.length > 1 ? `${momentOf(x[0], hourly)} – ${momentOf(x[x.length - 1], hourly)}` : momentOf(x[0], hourly);
}

// How a time is labelled on the axis: 23 Nov; the hour where it is not midnight.
export function dayOf(seconds) {
  const at = new Date(seconds * 1e3);
  return seconds % DAY ? at.toISOString().slice(11, 16) : `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]}`;
}

function momentOf(seconds, hourly) {
  const at = new Date(seconds * 1e3);
  const day = `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()}`;
  return hourly ? `${day} ${at.toISOString().slice(11, 16)} UTC` : day;
}
