// One video in a list: poster, length, title, where it is from.

import { el } from "../dom.js";
import { ago, clock, exactly } from "../words.js";

/**
 * Builds a tile, or a row where there is little room: the style sheet decides.
 * @param {VideoSummary} video
 * @returns {HTMLElement}
 */
export function tile(video) {
  const poster = el("img", { class: "tile-poster", src: video.thumbnailPath, alt: "", loading: "lazy", width: "480", height: "270" });
  const frame = el("span", { class: "tile-frame" }, poster, el("span", { class: "tile-length" }, clock(video.duration)));
  const title = el("span", { class: "tile-title", dir: "auto", title: video.name }, video.name);
  const origin = el("span", { class: "tile-origin", dir: "auto" }, originOf(video));
  const when = el("time", { datetime: video.publishedAt, title: exactly(video.publishedAt) }, ago(video.publishedAt));
  const dot = el("span", { class: video.isLocal ? "dot dot-good" : "dot", "aria-hidden": "true" });
  const about = el("span", { class: "tile-about" }, dot, origin, el("span", { "aria-hidden": "true" }, "·"), when);
  return el("a", { class: "tile", href: "/w/" + encodeURIComponent(video.shortUUID) }, frame, title, about);
}

/**
 * Names the pod that a video is from.
 * @param {VideoSummary} video
 * @returns {string}
 */
export function originOf(video) {
  if (video.isLocal) return document.documentElement.dataset.pod || "This pod";
  return video.account.displayName || video.account.host;
}
