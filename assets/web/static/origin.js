// Where a video is from, and where a page may look for it: at the pod that published it,
// which can be a friend's, and at our own, which passes a friend's files on.

import { ownURL, trackerURL } from "./api.js";

const MOST_TRACKERS = 4;

/**
 * The pod that a video is from, as people see it.
 * @typedef {{name: string, url: string, host: string, local: boolean}} Origin url is "" when there is no page to lead to
 */

/**
 * Names the pod that a video is from.
 * @param {VideoSummary} video
 * @returns {Origin}
 */
export function originOf(video) {
  if (video.isLocal) return { name: document.documentElement.dataset.pod || "This pod", url: "", host: location.host, local: true };
  const { name = "", url = "" } = video.origin ?? {};
  const parsed = URL.canParse(url) ? new URL(url) : null;
  const web = parsed?.protocol === "https:" || parsed?.protocol === "http:" ? parsed : null;
  const host = web?.host || video.account.host;
  return { name: name.trim() || host || "A friend's pod", url: web ? web.origin + "/" : "", host, local: false };
}

/**
 * Tells whether this page may load from an address: a page that came over TLS loads
 * nothing without it.
 * @param {string} url
 * @returns {boolean}
 */
export function loadable(url) {
  if (!URL.canParse(url, location.href)) return false;
  const { protocol } = new URL(url, location.href);
  return location.protocol === "https:" ? protocol === "https:" || protocol === "wss:" : /^(http|ws)s?:$/.test(protocol);
}

/**
 * Gives the addresses of a file by HTTP, the best first.
 * @param {string[]} urls as the pod tells them, the best first; "" is none
 * @returns {string[]}
 */
export function fileURLs(urls) {
  const all = new Set(urls.filter(Boolean).map(ownURL));
  const good = [...all].filter(loadable);
  return good.length ? good : [...all];
}

/**
 * Where the swarm of a file is met.
 * @typedef {{torrents: string[], trackers: string[]}} Meeting
 */

/**
 * Tells how to meet the swarm of a file: of a friend's video at the friend's tracker, and
 * at ours too if a copy is here.
 * @param {VideoDetails} video
 * @param {string} fileURL tells by its name which of the files is meant
 * @returns {Meeting} without torrents for a video that is in none
 */
export function meetingOf(video, fileURL) {
  const name = new URL(fileURL, location.href).pathname.split("/").pop() ?? "";
  const file = video.files.find((f) => f.fileUrl.endsWith("/" + name)) ?? video.files[0];
  if (!file?.torrentUrl) return { torrents: [], trackers: [] };
  if (video.isLocal) return { torrents: [ownURL(file.torrentUrl)], trackers: [trackerURL()] };
  const here = `${location.origin}/static/torrents/${name}.torrent`; // is there when a copy is
  return { torrents: fileURLs([file.torrentUrl, here]), trackers: trackersOf(file.magnetUri) };
}

/**
 * Gives the trackers for browsers that a magnet link names.
 * @param {string} magnet
 * @returns {string[]}
 */
export function trackersOf(magnet) {
  const base = document.documentElement.dataset.base;
  const own = base ? new URL(base, location.href).host : location.host;
  const named = new URLSearchParams(magnet.slice(magnet.indexOf("?") + 1)).getAll("tr");
  const sockets = named.filter((url) => URL.canParse(url) && /^wss?:$/.test(new URL(url).protocol));
  const here = sockets.map((url) => (new URL(url).host === own ? trackerURL() : url));
  return [...new Set(here)].filter(loadable).slice(0, MOST_TRACKERS);
}
