// A video's page, and the same player alone for other people's pages.

import { countView, getVideo, listVideos } from "../api.js";
import { byId, el, linked } from "../dom.js";
import { fileURLs, meetingOf, originOf } from "../origin.js";
import { Playback } from "../playback.js";
import { loadClient } from "../swarm.js";
import { ago, clock, exactly } from "../words.js";
import { addMagnet, setUpShare } from "./share.js";
import { byline, tile } from "./tile.js";
import { showTraffic } from "./traffic.js";

const VIEW_S = 10; // watched this long counts as a view
const OTHERS = 12;
const SKIP_S = 5;

/**
 * Starts the view.
 * @param {PageOptions} options
 */
export function startWatch(options) {
  const stage = byId("stage", HTMLElement);
  const video = byId("video", HTMLVideoElement);
  const { uuid = "", mime = "", file = "", relay = "" } = stage.dataset;
  const ref = decodeURIComponent(location.pathname.split("/").pop() ?? "") || uuid; // a number where two videos have one UUID
  const details = getVideo(ref);
  details.catch(() => {}); // each user of it decides alone
  const urls = fileURLs([file, relay]);
  const meeting = async () => meetingOf(await details, urls[0]);
  const playback = new Playback({ video, urls, mime, meeting, options });
  const play = setUpStage(stage, video, playback, options);
  window.peerpod = hook(playback, options, play);
  showTraffic(playback, {
    strip: byId("strip", HTMLElement),
    details: /** @type {HTMLDetailsElement | null} */ (document.getElementById("traffic")),
    table: document.getElementById("traffic-table"),
    ...names(details, stage),
  });
  video.addEventListener("timeupdate", () => onWatched(video, ref));
  if (document.body.dataset.view === "watch") setUpPage(details, uuid);
  if (options.webrtc) whenIdle(() => loadClient().catch(() => {}));
  if (options.autoplay) void play();
}

/**
 * Puts the poster with its button over the video, until somebody plays it.
 * @param {HTMLElement} stage
 * @param {HTMLVideoElement} video
 * @param {Playback} playback
 * @param {PageOptions} options
 * @returns {() => Promise<void>} plays
 */
function setUpStage(stage, video, playback, options) {
  const button = byId("play", HTMLButtonElement);
  const trouble = byId("trouble", HTMLElement);
  const length = Number(stage.dataset.duration);
  if (length > 0) button.append(el("span", { class: "tile-length" }, clock(length)));
  video.controls = false;
  video.muted = options.muted;
  button.hidden = !stage.dataset.file; // a video that is being prepared has no file yet
  const play = async () => {
    if (!stage.dataset.file) return;
    button.hidden = true;
    video.controls = true;
    playback.start();
    video.focus({ preventScroll: true });
    await video.play().catch(() => {}); // refused without a click: the controls are there
  };
  button.addEventListener("click", play);
  playback.onFailed = async () => {
    trouble.textContent = (await playback.ways.answer())
      ? "This browser cannot play the video. Download it to watch it with another program."
      : "The pod that shared this video does not answer. It may be asleep: try again in a while.";
    trouble.hidden = false;
  };
  document.addEventListener("keydown", (event) => onKey(event, video, button, stage));
  return play;
}

/**
 * @param {KeyboardEvent} event
 * @param {HTMLVideoElement} video
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} stage
 */
function onKey(event, video, button, stage) {
  const on = event.target instanceof Element ? event.target : document.body;
  if (event.ctrlKey || event.metaKey || event.altKey || on.closest("input, textarea, a, button, summary, video")) return;
  /** @type {Record<string, () => void>} */
  const actions = {
    " ": () => toggle(video, button),
    k: () => toggle(video, button),
    m: () => (video.muted = !video.muted),
    f: () => void (document.fullscreenElement ? document.exitFullscreen() : stage.requestFullscreen()),
    ArrowLeft: () => (video.currentTime -= SKIP_S),
    ArrowRight: () => (video.currentTime += SKIP_S),
  };
  if (!(event.key in actions)) return;
  event.preventDefault();
  actions[event.key]();
}

/**
 * @param {HTMLVideoElement} video
 * @param {HTMLButtonElement} button
 */
function toggle(video, button) {
  if (!button.hidden) button.click();
  else if (video.paused) video.play().catch(() => {});
  else video.pause();
}

/**
 * Names the pods that the bytes come from, as soon as they are known.
 * @param {Promise<VideoDetails>} details
 * @param {HTMLElement} stage
 * @returns {{podName: string, originName: () => string}}
 */
function names(details, stage) {
  const podName = document.documentElement.dataset.pod || "the pod";
  let name = stage.dataset.origin || podName;
  details.then((video) => (name = originOf(video).name), () => {});
  return { podName, originName: () => name };
}

/** @type {Set<string>} */
const counted = new Set();

/**
 * @param {HTMLVideoElement} video
 * @param {string} ref
 */
function onWatched(video, ref) {
  if (counted.has(ref) || video.currentTime < Math.min(VIEW_S, video.duration / 2)) return;
  counted.add(ref);
  countView(ref, video.currentTime).catch(() => {}); // not worth a word
}

/**
 * Fills in what the page's own document could not know.
 * @param {Promise<VideoDetails>} details
 * @param {string} uuid
 */
function setUpPage(details, uuid) {
  const when = byId("when", HTMLTimeElement);
  const time = when.dateTime;
  if (ago(time)) {
    when.textContent = ago(time);
    when.title = exactly(time);
  }
  const description = byId("description", HTMLElement);
  description.replaceChildren(...linked(description.textContent ?? ""));
  setUpShare(location.origin + location.pathname);
  details.then((video) => {
    byId("origin", HTMLElement).replaceChildren(...byline(video).childNodes);
    const { files: [file], downloadEnabled } = video;
    if (file?.magnetUri) addMagnet(file.magnetUri);
    const download = document.getElementById("download");
    if (!(download instanceof HTMLAnchorElement)) return;
    if (file) download.href = new URL(file.fileDownloadUrl, location.href).pathname; // a friend's by way of our pod: it is awake
    download.hidden = !downloadEnabled;
  }, () => {});
  void showOthers(uuid);
}

/** @param {string} uuid */
async function showOthers(uuid) {
  try {
    const { data } = await listVideos({ start: 0, count: OTHERS + 1, search: "" });
    const others = data.filter((video) => video.uuid !== uuid).slice(0, OTHERS);
    byId("others-list", HTMLElement).replaceChildren(...others.map((video) => el("li", {}, tile(video))));
    byId("others", HTMLElement).hidden = others.length === 0;
  } catch {
    // The video itself is what people came for.
  }
}

/** @param {() => void} work */
function whenIdle(work) {
  if ("requestIdleCallback" in window) requestIdleCallback(work, { timeout: 3000 });
  else setTimeout(work, 1000);
}

/**
 * @param {Playback} playback
 * @param {PageOptions} options
 * @param {() => Promise<void>} play
 * @returns {PeerpodHook}
 */
function hook(playback, options, play) {
  return {
    options,
    get counters() { return playback.counters; },
    get wires() { return playback.wires; },
    get source() { return playback.kind; },
    get swarmReady() { return playback.swarmReady; },
    get ways() { return playback.ways.all; },
    get notes() { return playback.notes; },
    play,
  };
}
