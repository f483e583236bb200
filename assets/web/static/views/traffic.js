// Tells where the bytes of the video came from: one line for all, a table for the curious.

import { el } from "../dom.js";
import { count, size } from "../words.js";

const EVERY_MS = 1000;

/**
 * Says it in one line: "12 MB from Ana's pod · 30 MB from 2 browsers".
 * @param {import("../playback.js").Playback} playback
 * @param {string} podName
 * @returns {string} empty when nothing came yet
 */
export function line(playback, podName) {
  const { peers, pod, webSeed, sent } = playback.counters;
  if (playback.kind === "file") return `Playing straight from ${podName}`;
  const browsers = playback.wires.filter((wire) => !wire.isPod && wire.downloaded > 0).length;
  const parts = [];
  if (pod + webSeed > 0) parts.push(`${size(pod + webSeed)} from ${podName}`);
  if (peers > 0) parts.push(`${size(peers)} from ${count(browsers, "browser")}`);
  if (sent > 0) parts.push(`${size(sent)} passed on`);
  return parts.join(" · ");
}

/**
 * Keeps the line and, while it is open, the table fresh.
 * @param {import("../playback.js").Playback} playback
 * @param {{strip: HTMLElement, details: HTMLDetailsElement | null, table: HTMLElement | null, podName: string}} parts
 */
export function showTraffic(playback, { strip, details, table, podName }) {
  const show = () => {
    const text = line(playback, podName);
    if (text && strip.textContent !== text) strip.textContent = text;
    if (details?.open && table) fill(playback, table);
  };
  details?.addEventListener("toggle", show);
  setInterval(show, EVERY_MS);
}

/**
 * @param {import("../playback.js").Playback} playback
 * @param {HTMLElement} table
 */
function fill(playback, table) {
  const { peers, pod, webSeed, sent } = playback.counters;
  const open = playback.wires.filter((wire) => wire.open);
  /** @type {Record<string, string>} */
  const ways = { none: "not started", mediasource: "in pieces", file: "the file by itself" };
  /** @type {[string, string][]} */
  const rows = [
    ["From other browsers", size(peers)],
    ["From pods over WebRTC", size(pod)],
    ["From the pod over HTTP (web seed)", size(webSeed)],
    ["Passed on to others", size(sent)],
    ["Connected browsers", String(open.filter((wire) => !wire.isPod).length)],
    ["Connected pods", String(open.filter((wire) => wire.isPod).length)],
    ["Played", ways[playback.kind]],
  ];
  table.replaceChildren(...rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}
