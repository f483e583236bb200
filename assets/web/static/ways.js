// The ways by which a file comes over HTTP: straight from the pod that published it, else
// by way of our own. A way that fails, or says nothing for a while, is left for the next;
// a person who watches should not see that.

import { getRange, RequestError } from "./api.js";
import { chunks } from "./bytes.js";

const ANSWER_MS = 3000; // an answer that takes longer is looked for elsewhere
const SILENCE_MS = 5000; // so is one that stops half-way

/**
 * One address of a file, and how many bytes came from there.
 * @typedef {{url: string, bytes: number}} Way
 */

/** The addresses of one file, the best first. All failures since the last success are a round. */
export class Ways {
  #at = 0;
  #failures = 0;
  #passing = false;
  /** @type {number} bytes of the file; 0 until something came */
  #size = 0;

  /** @param {string[]} urls at least one */
  constructor(urls) {
    /** @type {Way[]} */
    this.all = urls.map((url) => ({ url, bytes: 0 }));
  }

  /** @returns {Way} the way that is used now */
  get current() {
    return this.all[this.#at];
  }

  /** @returns {number} */
  get bytes() {
    return this.all.reduce((sum, way) => sum + way.bytes, 0);
  }

  /** @returns {boolean} whether there is a way that did not fail in this round */
  get untried() {
    return this.#failures < this.all.length;
  }

  /**
   * Goes on to the next way.
   * @param {unknown} err
   */
  failed(err) {
    this.#passing ||= !(err instanceof RequestError) || err.status === 0 || err.status === 429 || err.status >= 500;
    this.#failures++;
    this.#at = (this.#at + 1) % this.all.length;
  }

  /** Says that the current way works: the round is over. */
  worked() {
    this.#failures = 0;
    this.#passing = false;
  }

  /**
   * Begins a new round.
   * @returns {boolean} whether that has a chance: one of the failures may pass
   */
  again() {
    const passing = this.#passing;
    this.worked();
    return passing;
  }

  /**
   * Asks all pods whether they have the file.
   * @returns {Promise<boolean>} whether one has
   */
  async answer() {
    for (const { url } of this.all) {
      try {
        const { body } = await getRange(url, 0, 1, AbortSignal.timeout(ANSWER_MS));
        await body.cancel();
        return true;
      } catch {
        // Perhaps the next.
      }
    }
    return false;
  }

  /**
   * Reads bytes [start, end) by the current way, in parts as they come.
   * @param {number} start
   * @param {number} end
   * @param {AbortSignal} signal
   * @returns {Promise<{size: number, parts: AsyncGenerator<Uint8Array>}>} size is that of the whole file
   */
  async open(start, end, signal) {
    const way = this.current;
    const patience = new Patience(this.#failures < this.all.length - 1);
    try {
      const both = AbortSignal.any([signal, patience.signal]);
      const { size, body } = await patience.wait(getRange(way.url, start, end, both), ANSWER_MS);
      if (this.#size && size !== this.#size) {
        await body.cancel();
        throw new RequestError("The two pods do not have the same file.", 409);
      }
      this.#size = size;
      return { size, parts: counted(body, way, patience) };
    } catch (err) {
      throw patience.signal.aborted ? patience.signal.reason : err;
    }
  }
}

/**
 * @param {ReadableStream<Uint8Array>} body
 * @param {Way} way
 * @param {Patience} patience
 * @returns {AsyncGenerator<Uint8Array>}
 */
async function* counted(body, way, patience) {
  const parts = chunks(body);
  try {
    for (;;) {
      const { value, done } = await patience.wait(parts.next(), SILENCE_MS);
      if (done) return;
      way.bytes += value.byteLength;
      yield value;
    }
  } finally {
    void parts.return(undefined);
  }
}

/** Waits for a pod, but not for ever while there is another to turn to. */
class Patience {
  #abort = new AbortController();

  /** @param {boolean} limited */
  constructor(limited) {
    this.limited = limited;
  }

  get signal() {
    return this.#abort.signal;
  }

  /**
   * @template T
   * @param {Promise<T>} what
   * @param {number} ms
   * @returns {Promise<T>}
   */
  async wait(what, ms) {
    if (!this.limited) return what;
    const timer = setTimeout(() => this.#abort.abort(new RequestError("The pod takes too long.", 0)), ms);
    try {
      return await what;
    } finally {
      clearTimeout(timer);
    }
  }
}
