// One video in a list: poster, length, title, where it is from.

import { el } from "../dom.js";
import { originOf } from "../origin.js";
import { ago, clock, exactly } from "../words.js";

/**
 * Builds a tile, or a row where there is little room: the style sheet decides. Its first
 * link leads to the video from anywhere on it; the one to a friend's pod lies above.
 * @param {VideoSummary} video
 * @returns {HTMLElement}
 */
export function tile(video) {
  const poster = el("img", { class: "tile-poster", src: video.thumbnailPath, alt: "", loading: "lazy", width: "480", height: "270" });
  const frame = el("span", { class: "tile-frame" }, poster, el("span", { class: "tile-length" }, clock(video.duration)));
  const title = el("span", { class: "tile-title", dir: "auto", title: video.name }, video.name);
  const when = el("time", { datetime: video.publishedAt, title: exactly(video.publishedAt) }, ago(video.publishedAt));
  const about = byline(video);
  about.append(el("span", { "aria-hidden": "true" }, "·"), when);
  return el("div", { class: "card" }, frame, el("a", { class: "tile", href: "/w/" + encodeURIComponent(video.shortUUID) }, title), about);
}

/**
 * Says which pod a video is from, and leads there when it is a friend's.
 * @param {VideoSummary} video
 * @returns {HTMLElement}
 */
export function byline(video) {
  const { name, url, host, local } = originOf(video);
  const dot = el("span", { class: local ? "dot dot-good" : "dot", "aria-hidden": "true" });
  const words = { class: "origin", dir: "auto", title: local ? name : `${name} (${host})` };
  const who = url ? el("a", { ...words, href: url, rel: "noopener noreferrer" }, name) : el("span", words, name);
  return el("span", { class: "tile-about" }, dot, who);
}
