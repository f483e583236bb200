// The page's start: which view the document asks for, and what people set in the address.

import "./polyfill.js"; // first: webtorrent looks for crypto.subtle when it loads

import { startList } from "./views/list.js";
import { startWatch } from "./views/watch.js";

/**
 * Reads the options of the address: ?webrtc=0 plays by HTTP alone, ?http=0 by WebRTC
 * alone, ?autoplay=1 starts at once, ?muted=1 without sound.
 * @param {URLSearchParams} query
 * @returns {PageOptions}
 */
export function optionsOf(query) {
  return {
    webrtc: query.get("webrtc") !== "0",
    http: query.get("http") !== "0",
    autoplay: query.get("autoplay") === "1",
    muted: query.get("muted") === "1",
  };
}

const view = document.body.dataset.view;
if (view === "list") startList();
if (view === "watch" || view === "embed") startWatch(optionsOf(new URLSearchParams(location.search)));
