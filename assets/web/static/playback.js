// One video being watched: its source, its swarm, its player, and what they can tell.

import { getConfig } from "./api.js";
import { Player } from "./player.js";
import { Source } from "./source.js";
import { Swarm } from "./swarm.js";
import { Ways } from "./ways.js";

const MOST_NOTES = 50;
const HEAD_START_MS = 3000; // the first picture comes before all else

/** Puts the parts together and starts them at the first play. */
export class Playback {
  /** @type {string[]} */
  notes = [];
  /** @type {Swarm | null} */
  #swarm = null;
  /** @type {Player | null} */
  #player = null;

  /**
   * @param {{video: HTMLVideoElement, urls: string[], mime: string, meeting: () => Promise<import("./origin.js").Meeting>, options: PageOptions}} setup
   *   urls are the addresses of the file, the best first
   */
  constructor(setup) {
    this.setup = setup;
    this.ways = new Ways(setup.urls);
  }

  /** Is called when the video can not be played at all. @type {() => void} */
  onFailed = () => {};

  /** Starts, once: a pod by HTTP and the swarm at the same time. */
  start() {
    if (this.#player) return;
    const { video, mime, options } = this.setup;
    const note = (/** @type {string} */ text) => this.#note(text);
    const source = new Source({ ways: this.ways, http: options.http, swarmComes: options.webrtc });
    this.#player = new Player({ video, source, mime, note, failed: () => this.onFailed() });
    void this.#player.start(video.currentTime);
    if (options.webrtc) {
      const ready = options.http ? firstPicture(video) : Promise.resolve();
      ready.then(() => this.#join(source)).catch((err) => {
        note(`swarm: ${err}`);
        this.#swarm?.destroy();
        source.forgoSwarm();
      });
    }
    addEventListener("pagehide", () => this.#swarm?.destroy(), { once: true });
  }

  /** @param {Source} source */
  async #join(source) {
    const [config, { torrents, trackers }] = await Promise.all([getConfig(), this.setup.meeting()]);
    if (!torrents.length) throw new Error("This video is in no torrent.");
    if (!trackers.length) throw new Error("No tracker of this video can be reached from this page.");
    const swarm = new Swarm((text) => this.#note(text));
    this.#swarm = swarm;
    await swarm.start({ torrents, trackers, iceServers: config.webrtc?.iceServers ?? [] });
    await source.attach(swarm);
  }

  /** @param {string} text */
  #note(text) {
    if (this.notes.length < MOST_NOTES) this.notes.push(text);
  }

  /** @returns {"none" | "mediasource" | "file"} */
  get kind() {
    return this.#player?.kind ?? "none";
  }

  /** @returns {boolean} whether the swarm can be asked for pieces */
  get swarmReady() {
    return this.#swarm?.ready ?? false;
  }

  /** @returns {WireInfo[]} */
  get wires() {
    return this.#swarm?.wires ?? [];
  }

  /** @returns {Counters} */
  get counters() {
    const counters = { peers: 0, pod: 0, webSeed: this.ways.bytes, sent: 0 };
    for (const wire of this.wires) {
      counters.sent += wire.uploaded;
      if (wire.isPod) counters.pod += wire.downloaded;
      else counters.peers += wire.downloaded;
    }
    return counters;
  }
}

/**
 * Waits for the first picture, or a moment: joining a swarm is work that would delay it.
 * @param {HTMLVideoElement} video
 * @returns {Promise<void>}
 */
function firstPicture(video) {
  return new Promise((resolve) => {
    video.addEventListener("playing", () => resolve(), { once: true });
    setTimeout(resolve, HEAD_START_MS);
  });
}
