// Decides, piece by piece, where the bytes of a video come from. The rule: a pod by HTTP
// at once, other browsers and pods by WebRTC as soon as they have the piece and the
// picture can wait. So the swarm saves the pod work and never makes the film slower.
//
// A piece has one size for both ways. What came by HTTP goes into the swarm too, so no
// byte is fetched twice and each one can be handed on.

import { assemble, concat, pause } from "./bytes.js";

const GRAIN = 256 << 10; // bytes; the size of a piece until the swarm tells its own
const RUN_BYTES = 2 << 20; // of one request, when there is a swarm or will be
const LONE_RUN_BYTES = 8 << 20; // of one request, when there is none
const LOOK_MS = 100;
const EARLY_BYTES = 32 << 20; // kept for a swarm that is not there yet
const RETRIES_MS = [400, 1200, 3000];
const HELP_MS = 4000; // given to the swarm when HTTP failed

/**
 * One request for some pieces in a row.
 * @typedef {{to: number, got: number, abort: AbortController, pieces: Map<number, Promise<Uint8Array>>}} Run got is the first that did not come yet
 */

/** The bytes of one file. Reads must follow each other; an aborted read ends its requests. */
export class Source {
  /** @type {import("./swarm.js").Swarm | null} */
  #swarm = null;
  /** @type {Map<number, Uint8Array>} */
  #early = new Map();
  /** @type {Run | null} */
  #run = null;
  #grain = GRAIN;
  /** @type {number} */
  #size = Infinity;
  /** @type {PieceRange} what will be read soon; at first, the head of the file */
  #ahead = { from: 0, to: LONE_RUN_BYTES / GRAIN - 1 };
  /** @type {PieceRange} */
  #next = { from: 0, to: -1 };
  #shown = 0;

  /** @param {{ways: import("./ways.js").Ways, http: boolean, swarmComes: boolean}} options */
  constructor({ ways, http, swarmComes }) {
    this.ways = ways;
    this.http = http;
    this.swarmComes = swarmComes;
  }

  /** @returns {number} bytes of the file; Infinity until the first read */
  get size() {
    return this.#size;
  }

  /** @returns {number} bytes that came, whichever way */
  get received() {
    return this.ways.bytes + (this.#swarm?.wires ?? []).reduce((sum, wire) => sum + wire.downloaded, 0);
  }

  /**
   * Takes a swarm into use and gives it what came before it.
   * @param {import("./swarm.js").Swarm} swarm
   */
  async attach(swarm) {
    if (Number.isFinite(this.#size) && this.#size !== swarm.length) throw new Error("The torrent is of another file.");
    this.#size = swarm.length;
    const early = this.#early;
    const grain = this.#grain;
    this.#stopRun();
    this.#swarm = swarm;
    this.#grain = swarm.pieceLength;
    this.#early = new Map();
    const pieces = Math.ceil(swarm.length / swarm.pieceLength);
    for (let i = 0; i < pieces && early.size; i++) {
      const data = assemble(early, grain, i * swarm.pieceLength, Math.min((i + 1) * swarm.pieceLength, swarm.length));
      if (data) await swarm.put(i, data);
    }
    this.#ahead = this.#next = { from: 0, to: -1 }; // counted in other pieces
  }

  /** Goes on without a swarm. */
  forgoSwarm() {
    this.swarmComes = false;
    this.#early.clear();
  }

  /**
   * Says which bytes will be read soon, so that others can be asked for them.
   * @param {number} start
   * @param {number} end
   * @param {number} shown offset of what is on the screen
   */
  plan(start, end, shown) {
    this.#ahead = { from: Math.floor(start / this.#grain), to: Math.ceil(end / this.#grain) - 1 };
    this.#shown = Math.floor(shown / this.#grain);
    this.#wish();
  }

  /**
   * Asks others for what HTTP is not bringing already.
   * @param {PieceRange} [next] the pieces that are waited for
   */
  #wish(next) {
    if (next && next.to === this.#next.to && next.from >= this.#next.from) return;
    this.#next = next ?? this.#next;
    const free = this.#run ? this.#run.to + 1 : 0;
    const from = Math.max(this.#next.from, free);
    this.#swarm?.want({
      next: { from, to: this.#next.to },
      near: { from: Math.max(this.#ahead.from, from), to: this.#ahead.to },
      position: this.#shown,
    });
  }

  /**
   * Reads bytes [start, end), in parts, in order.
   * @param {number} start
   * @param {number} end
   * @param {ReadOptions} options
   * @returns {AsyncGenerator<Uint8Array>}
   */
  async *read(start, end, options) {
    for (let at = start; at < Math.min(end, this.#size); ) {
      const grain = this.#grain;
      const index = Math.floor(at / grain);
      const piece = await this.#piece(index, Math.ceil(Math.min(end, this.#size) / grain) - 1, options);
      options.signal.throwIfAborted();
      if (grain !== this.#grain) continue; // a swarm came meanwhile: count anew
      const part = piece.subarray(at - index * grain, Math.min(end - index * grain, piece.byteLength));
      if (part.byteLength === 0) return;
      at += part.byteLength;
      yield part;
    }
  }

  /**
   * Reads bytes [start, end) whole.
   * @param {number} start
   * @param {number} end
   * @param {ReadOptions} options
   * @returns {Promise<Uint8Array>}
   */
  async readAll(start, end, options) {
    const parts = [];
    for await (const part of this.read(start, end, options)) parts.push(part);
    if (parts.length === 1) return parts[0];
    return concat(parts);
  }

  /**
   * @param {number} index
   * @param {number} last of the pieces that are wanted in a row
   * @param {ReadOptions} options
   * @returns {Promise<Uint8Array>}
   */
  async #piece(index, last, options) {
    for (let failures = 0, failed = 0; ; ) {
      options.signal.throwIfAborted();
      const swarm = this.#swarm;
      if (swarm?.has(index)) return swarm.get(index);
      const early = this.#early.get(index);
      if (early) return early;
      const help = () => failures > 0 && !!swarm?.offered(index) && performance.now() - failed < HELP_MS;
      const urgent = () => options.urgent() && !help();
      if (await this.#fromSwarm(index, last, { signal: options.signal, urgent })) continue;
      try {
        return await this.#fromHTTP(index, last, options.signal);
      } catch (err) {
        if (this.#swarm !== swarm) continue;
        options.signal.throwIfAborted();
        if (this.ways.untried) continue;
        const hopeful = this.ways.again() || swarm?.offered(index);
        if (!hopeful || failures >= RETRIES_MS.length) throw err;
        await pause(RETRIES_MS[failures++], options.signal);
        failed = performance.now();
      }
    }
  }

  /**
   * @param {number} index
   * @param {number} last of the pieces that are wanted in a row
   * @param {ReadOptions} options
   * @returns {Promise<boolean>} whether to look anew: the piece is here now, or a swarm is
   */
  async #fromSwarm(index, last, { signal, urgent }) {
    if (!this.http) {
      while (!this.#swarm) await pause(50, signal);
      this.#wish({ from: index, to: last });
      return this.#swarm.wait(index, { signal, giveUp: () => false });
    }
    const swarm = this.#swarm;
    if (this.#run?.pieces.has(index)) return false;
    if (!swarm) {
      while (!this.#swarm && this.swarmComes && !urgent()) await pause(LOOK_MS, signal);
      return !!this.#swarm;
    }
    this.#wish({ from: index, to: last });
    return swarm.wait(index, { signal, giveUp: () => urgent() || !(swarm.offered(index) || swarm.young) });
  }

  /**
   * @param {number} index
   * @param {number} last
   * @param {AbortSignal} signal
   * @returns {Promise<Uint8Array>}
   */
  #fromHTTP(index, last, signal) {
    const going = this.#run?.pieces.get(index);
    if (going) return going;
    this.#stopRun();
    const most = Math.max(1, Math.floor((this.#swarm || this.swarmComes ? RUN_BYTES : LONE_RUN_BYTES) / this.#grain));
    const end = Math.min(Math.max(last, this.#ahead.to), index + most - 1);
    let to = index;
    while (to < end && (to + 1) * this.#grain < this.#size && !this.#swarm?.has(to + 1)) to++;
    const run = this.#startRun(index, to, signal);
    this.#wish();
    return /** @type {Promise<Uint8Array>} */ (run.pieces.get(index));
  }

  #stopRun() {
    this.#run?.abort.abort();
    this.#run = null;
  }

  /**
   * @param {number} from
   * @param {number} to
   * @param {AbortSignal} signal
   * @returns {Run}
   */
  #startRun(from, to, signal) {
    /** @type {Run} */
    const run = { to, got: from, abort: new AbortController(), pieces: new Map() };
    /** @type {{resolve: (data: Uint8Array) => void, reject: (err: unknown) => void}[]} */
    const promises = [];
    for (let i = from; i <= to; i++) {
      const promise = new Promise((resolve, reject) => promises.push({ resolve, reject }));
      promise.catch(() => {}); // nobody may wait for it any more
      run.pieces.set(i, promise);
    }
    this.#run = run;
    const both = AbortSignal.any([run.abort.signal, signal]);
    this.#fetch(run, from, both, promises).catch((err) => {
      if (!both.aborted) this.ways.failed(err);
      for (const { reject } of promises) reject(err);
      for (let i = run.got; i <= to; i++) run.pieces.delete(i);
      run.to = run.got - 1;
      if (this.#run === run && run.pieces.size === 0) this.#run = null;
    });
    return run;
  }

  /**
   * @param {Run} run
   * @param {number} from
   * @param {AbortSignal} signal
   * @param {{resolve: (data: Uint8Array) => void}[]} promises
   */
  async #fetch(run, from, signal, promises) {
    const grain = this.#grain;
    const end = Math.min((run.to + 1) * grain, this.#size);
    const { size, parts } = await this.ways.open(from * grain, end, signal);
    this.#size = size;
    const stop = Math.min(end, size);
    let at = from * grain;
    let piece = new Uint8Array(0);
    for await (let part of parts) {
      while (part.byteLength && at < stop) {
        const index = Math.floor(at / grain);
        if (at % grain === 0) piece = new Uint8Array(Math.min(grain, stop - at));
        const room = part.subarray(0, piece.byteLength - (at % grain));
        piece.set(room, at % grain);
        at += room.byteLength;
        part = part.subarray(room.byteLength);
        if (at % grain !== 0 && at !== stop) continue;
        this.#keep(index, piece);
        this.ways.worked();
        run.got = index + 1;
        promises[index - from].resolve(piece);
      }
    }
    if (at < stop) throw new TypeError("The connection ended early.");
    for (const { resolve } of promises) resolve(new Uint8Array(0)); // those beyond the end of the file
  }

  /**
   * @param {number} index
   * @param {Uint8Array} data
   */
  #keep(index, data) {
    if (this.#swarm) this.#swarm.put(index, data).catch(() => {}); // it is only a gift
    else if (this.swarmComes && this.#early.size * this.#grain < EARLY_BYTES) this.#early.set(index, data);
  }
}
