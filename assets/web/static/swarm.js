// The page as one of the swarm: it gets pieces of the video from other browsers and from
// pods over WebRTC, and hands on what it has, whichever way that came here.

import { getBytes } from "./api.js";
import { withTrackers } from "./bencode.js";
import { PieceStore } from "./store.js";

const WEBTORRENT = "./vendor/webtorrent.min.js";
const MEMORY_BUDGET = 384 << 20; // bytes of pieces kept
const FAR_BYTES = 64 << 20; // how far beyond the read-ahead pieces are collected
const POLL_MS = 250;
const MAX_TORRENT = 8 << 20; // bytes
const MAX_PIECE = 16 << 20; // bytes; larger ones would hold up the film
const MEETING_MS = 5000; // by then a swarm has met who is there
const POD_PREFIXES = ["-PP", "-GT"]; // peer ids of Peerpod and of the library below it

/**
 * Loads the BitTorrent client before it is needed.
 * @returns {Promise<WebTorrentModule>}
 */
export function loadClient() {
  return import(WEBTORRENT);
}

/** One video's swarm. Its pieces are numbered from 0. */
export class Swarm {
  /** @type {WebTorrentClient | null} */
  #client = null;
  /** @type {Torrent | null} */
  #torrent = null;
  /** @type {PieceStore | null} */
  #store = null;
  /** @type {WireInfo[]} */
  #closed = [];
  /** @type {Set<() => void>} */
  #waiting = new Set();
  /** @type {PieceRange} */
  #near = { from: 0, to: -1 };
  /** @type {PieceRange} */
  #next = { from: 0, to: -1 };
  #position = 0;
  #since = 0;

  /** @param {(text: string) => void} note takes what is worth telling a curious person */
  constructor(note) {
    this.note = note;
  }

  /**
   * Joins the swarm.
   * @param {{torrents: string[], trackers: string[], iceServers: string[]}} options
   *   torrents are the addresses of the .torrent file, the best first
   * @returns {Promise<void>} when pieces can be asked for
   */
  async start({ torrents, trackers, iceServers }) {
    const [module, original] = await Promise.all([loadClient(), getBytes(torrents, MAX_TORRENT)]);
    const WebTorrent = module.default;
    if (!WebTorrent.WEBRTC_SUPPORT) throw new Error("This browser has no WebRTC.");
    const rtcConfig = { iceServers: iceServers.map((urls) => ({ urls })) };
    this.#client = new WebTorrent({
      dht: false, lsd: false, natUpnp: false, natPmp: false, utPex: false, webSeeds: false, tracker: { rtcConfig },
    });
    this.#client.on("error", (err) => this.note(`swarm: ${err}`));
    const swarm = this;
    const store = class extends PieceStore {
      /** @param {number} chunkLength */
      constructor(chunkLength) {
        super(chunkLength);
        swarm.#store = this;
      }
    };
    const torrent = this.#client.add(withTrackers(original, trackers), {
      store, storeCacheSlots: 0, strategy: "rarest", deselect: true, destroyStoreOnDestroy: true,
    });
    torrent.on("wire", (wire) => this.#onWire(wire));
    torrent.on("verified", () => this.#wake());
    torrent.on("warning", (err) => this.note(`swarm: ${err}`));
    await new Promise((resolve, reject) => {
      torrent.once("ready", () => resolve(undefined));
      torrent.on("error", reject);
    });
    if (torrent.pieceLength > MAX_PIECE) throw new Error("The pieces are too large.");
    this.#torrent = torrent;
    this.#since = performance.now();
  }

  /** @returns {boolean} whether pieces can be asked for */
  get ready() {
    return !!this.#torrent && !this.#torrent.destroyed;
  }

  /** @returns {boolean} whether it may not have met the others yet */
  get young() {
    return performance.now() - this.#since < MEETING_MS;
  }

  /** @returns {number} bytes of a piece */
  get pieceLength() {
    return this.#torrent?.pieceLength ?? 0;
  }

  /** @returns {number} bytes of the file */
  get length() {
    return this.#torrent?.length ?? 0;
  }

  /**
   * @param {number} index
   * @returns {boolean} whether the piece is here
   */
  has(index) {
    return this.ready && !!this.#torrent?.bitfield.get(index);
  }

  /**
   * @param {number} index
   * @returns {boolean} whether somebody would send the piece now
   */
  offered(index) {
    return this.ready && !!this.#torrent?.wires.some((wire) => !wire.peerChoking && wire.peerPieces.get(index));
  }

  /**
   * Reads a piece that is here.
   * @param {number} index
   * @returns {Promise<Uint8Array>}
   */
  get(index) {
    return new Promise((resolve, reject) => {
      if (!this.#torrent) return reject(new Error("There is no swarm."));
      return this.#torrent.store.get(index, null, (err, data) => (data ? resolve(data) : reject(err)));
    });
  }

  /**
   * Waits for a piece from others.
   * @param {number} index
   * @param {{signal: AbortSignal, giveUp: () => boolean}} options
   * @returns {Promise<boolean>} whether it is here
   */
  async wait(index, { signal, giveUp }) {
    while (!this.has(index)) {
      signal.throwIfAborted();
      if (giveUp()) return false;
      await new Promise((resolve) => {
        const timer = setTimeout(done, POLL_MS);
        const waiting = this.#waiting;
        waiting.add(done);
        function done() {
          clearTimeout(timer);
          waiting.delete(done);
          resolve(undefined);
        }
      });
    }
    return true;
  }

  /**
   * Takes in a piece that came by HTTP, so that others can have it from here.
   * @param {number} index
   * @param {Uint8Array} data
   * @returns {Promise<boolean>} whether it is what the swarm knows under that number
   */
  async put(index, data) {
    const torrent = this.#torrent;
    if (!torrent || !this.ready || index >= torrent.pieces.length) return false;
    if (this.has(index)) return true;
    const sum = new Uint8Array(await crypto.subtle.digest("SHA-1", /** @type {Uint8Array<ArrayBuffer>} */ (data)));
    const hex = Array.from(sum, (byte) => byte.toString(16).padStart(2, "0")).join("");
    if (hex !== torrent._hashes[index] || torrent.destroyed) return false;
    await new Promise((resolve) => torrent.store.put(index, data, resolve));
    if (torrent.destroyed) return false;
    torrent._markVerified(index);
    for (const wire of torrent.wires) wire.have(index);
    torrent._checkDone();
    this.#evict();
    return true;
  }

  /**
   * Says which pieces are wanted: the next ones first, then those near, then some beyond;
   * within each group the rarest come first.
   * @param {{next: PieceRange, near: PieceRange, position: number}} wish position is the piece that is shown
   */
  want({ next, near, position }) {
    this.#position = position;
    const torrent = this.#torrent;
    if (!torrent || !this.ready || (same(near, this.#near) && same(next, this.#next))) return;
    this.#near = near;
    this.#next = next;
    const last = torrent.pieces.length - 1;
    /** @type {(from: number, to: number, priority: number) => void} */
    const select = (from, to, priority) => {
      if (from <= Math.min(to, last)) torrent.select(from, Math.min(to, last), priority);
    };
    const nextEnd = Math.max(next.to, near.from - 1);
    const nearEnd = Math.max(near.to, nextEnd);
    torrent.deselect(0, last);
    select(nearEnd + 1, nearEnd + Math.ceil(FAR_BYTES / torrent.pieceLength), 0);
    select(nextEnd + 1, nearEnd, 2);
    select(next.from, nextEnd, 4);
    this.#evict();
  }

  /** @returns {WireInfo[]} all connections there are and were */
  get wires() {
    return [...this.#closed, ...(this.#torrent?.wires ?? []).map((wire) => describe(wire))];
  }

  /** Leaves the swarm. */
  destroy() {
    this.#client?.destroy();
    this.#wake();
  }

  /** @param {TorrentWire} wire */
  #onWire(wire) {
    wire.once("close", () => {
      this.#closed.push({ ...describe(wire), open: false });
      this.#wake();
    });
  }

  #wake() {
    for (const done of [...this.#waiting]) done();
  }

  /** Keeps memory within its budget: what was watched longest ago goes first. */
  #evict() {
    const store = this.#store;
    const torrent = this.#torrent;
    if (!store || !torrent || store.bytes <= MEMORY_BUDGET) return;
    const keep = Math.ceil(FAR_BYTES / torrent.pieceLength);
    const spare = [...store.pieces.keys()].filter((i) => i < this.#position - 1 || i > this.#position + 2 * keep);
    spare.sort((a, b) => Math.abs(b - this.#position) - Math.abs(a - this.#position));
    for (const index of spare) {
      if (store.bytes <= MEMORY_BUDGET) return;
      torrent._markUnverified(index);
      store.remove(index);
      for (const wire of torrent.wires) wire.lt_donthave?.donthave(index);
    }
  }
}

/**
 * @param {PieceRange} a
 * @param {PieceRange} b
 * @returns {boolean}
 */
function same(a, b) {
  return a.from === b.from && a.to === b.to;
}

/**
 * @param {TorrentWire} wire
 * @returns {WireInfo}
 */
function describe(wire) {
  const id = (wire.peerId ?? "").replace(/../g, (hex) => String.fromCharCode(parseInt(hex, 16)));
  return {
    type: wire.type,
    peerId: id,
    isPod: POD_PREFIXES.some((prefix) => id.startsWith(prefix)),
    open: !wire.destroyed,
    downloaded: wire.downloaded,
    uploaded: wire.uploaded,
  };
}
