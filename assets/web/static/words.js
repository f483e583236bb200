// How the page says numbers and times.

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [["year", 365 * DAY], ["month", 30 * DAY], ["week", 7 * DAY], ["day", DAY], ["hour", HOUR], ["minute", MINUTE]];

/**
 * Says how long ago something was: "2 days ago".
 * @param {string} time RFC 3339
 * @param {number} [now] milliseconds
 * @returns {string}
 */
export function ago(time, now = Date.now()) {
  const seconds = Math.max(0, (now - Date.parse(time)) / 1000);
  if (!Number.isFinite(seconds)) return "";
  const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  for (const [unit, length] of UNITS) {
    if (seconds >= length) return format.format(-Math.floor(seconds / length), unit);
  }
  return "just now";
}

/**
 * Says a time exactly, in the reader's zone.
 * @param {string} time RFC 3339
 * @returns {string}
 */
export function exactly(time) {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "";
  return date.toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short" });
}

/**
 * Says a length as a clock does: 0:07, 12:04, 1:02:03.
 * @param {number} seconds
 * @returns {string}
 */
export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const minutes = Math.floor((whole % HOUR) / MINUTE);
  if (whole < HOUR) return `${minutes}:${two(whole % MINUTE)}`;
  return `${Math.floor(whole / HOUR)}:${two(minutes)}:${two(whole % MINUTE)}`;
}

/**
 * Says a size: 0 MB, 0.4 MB, 12 MB, 1.3 GB.
 * @param {number} bytes
 * @returns {string}
 */
export function size(bytes) {
  const megabytes = bytes / 1e6;
  if (megabytes >= 1000) return `${(megabytes / 1000).toFixed(1)} GB`;
  if (megabytes >= 10 || megabytes === 0) return `${Math.round(megabytes)} MB`;
  return `${Math.max(0.1, megabytes).toFixed(1)} MB`;
}

/**
 * Counts things: "1 video", "12 videos".
 * @param {number} n
 * @param {string} one
 * @returns {string}
 */
export function count(n, one) {
  return `${n.toLocaleString("en")} ${one}${n === 1 ? "" : "s"}`;
}
