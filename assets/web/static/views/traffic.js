// Tells where the bytes of the video came from: one line for all, a table for the curious.

import { el } from "../dom.js";
import { count, size } from "../words.js";

const EVERY_MS = 1000;

/**
 * Says it in one line: "12 MB from Ana's pod · 30 MB from 2 browsers". What came over
 * WebRTC is counted for the pod that HTTP is asked of.
 * @param {import("../playback.js").Playback} playback
 * @param {{podName: string, originName: () => string}} names
 * @returns {string} empty when nothing came yet
 */
export function line(playback, { podName, originName }) {
  const { peers, pod, webSeed, sent } = playback.counters;
  const { all, current } = playback.ways;
  const ours = (/** @type {{url: string}} */ way) => new URL(way.url, location.href).origin === location.origin;
  if (playback.kind === "file") return `Playing straight from ${ours(current) ? podName : originName()}`;
  const browsers = playback.wires.filter((wire) => !wire.isPod && wire.downloaded > 0).length;
  const here = all.filter(ours).reduce((sum, way) => sum + way.bytes, ours(current) ? pod : 0);
  const there = pod + webSeed - here;
  const parts = [];
  if (there > 0) parts.push(`${size(there)} from ${originName()}`);
  if (here > 0) parts.push(`${size(here)} from ${podName}`);
  if (peers > 0) parts.push(`${size(peers)} from ${count(browsers, "browser")}`);
  if (sent > 0) parts.push(`${size(sent)} passed on`);
  return parts.join(" · ");
}

/**
 * Keeps the line and, while it is open, the table fresh.
 * @param {import("../playback.js").Playback} playback
 * @param {{strip: HTMLElement, details: HTMLDetailsElement | null, table: HTMLElement | null, podName: string, originName: () => string}} parts
 */
export function showTraffic(playback, { strip, details, table, podName, originName }) {
  const show = () => {
    const text = line(playback, { podName, originName });
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
    ["From pods over HTTP (web seed)", size(webSeed)],
    ["Passed on to others", size(sent)],
    ["Connected browsers", String(open.filter((wire) => !wire.isPod).length)],
    ["Connected pods", String(open.filter((wire) => wire.isPod).length)],
    ["Played", ways[playback.kind]],
  ];
  table.replaceChildren(...rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}
