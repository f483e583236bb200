// Feeds a video element from a Source through a MediaSource: the fragments around the
// playing position, some seconds ahead, the old ones removed again.
//
// In the last resort (a file without an index, a browser that refuses the codecs, a
// playback that stands still although bytes come) the element plays the file by itself,
// over HTTP, from the position reached.

import { LastResort } from "./lastresort.js";
import { readMP4 } from "./mp4.js";
import { bufferedAhead, opened, segmentAt, updated } from "./mse.js";
import { readWebM } from "./webm.js";

const AHEAD_S = 30;
const URGENT_S = 5;
const BEHIND_S = 30;
const GAP_S = 1; // a hole this long is jumped over
const WATCHDOG_S = 12;
const TICK_MS = 250;

/** Plays one file in one video element. */
export class Player {
  /** @type {"none" | "mediasource" | "file"} */
  kind = "none";
  /** @type {MediaIndex | null} */
  #index = null;
  /** @type {MediaSource | null} */
  #media = null;
  /** @type {SourceBuffer | null} */
  #buffer = null;
  /** @type {Set<number>} */
  #done = new Set();
  #reading = new AbortController();
  #ended = new AbortController();
  /** @type {() => void} */
  #wake = () => {};
  #moved = { at: 0, time: -1, bytes: 0 };

  /**
   * @param {{video: HTMLVideoElement, source: import("./source.js").Source, mime: string, note: (text: string) => void, failed: () => void}} options
   *   failed is called when the video can not be played at all
   */
  constructor({ video, source, mime, note, failed }) {
    this.video = video;
    this.source = source;
    this.mime = mime;
    this.note = note;
    this.failed = failed;
  }

  /**
   * Attaches the video; it can be played as soon as enough is there.
   * @param {number} from seconds
   */
  async start(from) {
    const signal = this.#ended.signal;
    try {
      if (!window.MediaSource?.isTypeSupported(this.mime)) throw new Error(`No MediaSource for ${this.mime}`);
      this.#media = new MediaSource();
      this.video.src = URL.createObjectURL(this.#media);
      this.kind = "mediasource";
      for (const event of ["timeupdate", "playing", "waiting"]) {
        this.video.addEventListener(event, () => this.#wake(), { signal });
      }
      this.video.addEventListener("seeking", () => this.#onSeek(), { signal });
      this.video.addEventListener("error", () => this.#fallBack(this.video.error?.message || "error"), { signal });
      const [index] = await Promise.all([this.#readIndex(), opened(this.#media, this.video.src)]);
      this.#index = index;
      this.#buffer = this.#media.addSourceBuffer(this.mime);
      this.#media.duration = index.duration;
      if (from > 0) this.video.currentTime = from;
      this.#watch();
      void this.#run();
    } catch (err) {
      this.#fallBack(String(err));
    }
  }

  /** Ends all requests. */
  destroy() {
    this.#ended.abort();
    this.#reading.abort();
    this.#wake();
  }

  async #readIndex() {
    const options = { signal: this.#ended.signal, urgent: () => true };
    /** @type {ReadBytes} */
    const read = (start, end) => this.source.readAll(start, end, options);
    if (!this.mime.startsWith("video/webm")) return readMP4(read);
    await read(0, 16); // tells the size
    return readWebM(read, this.source.size);
  }

  #ahead() {
    return bufferedAhead(this.video.buffered, this.video.currentTime);
  }

  /** Appends what is to be shown next, for ever. */
  async #run() {
    const index = /** @type {MediaIndex} */ (this.#index);
    try {
      await this.#append({ start: 0, end: index.initEnd }, this.#ended.signal);
      while (!this.#ended.signal.aborted) {
        const next = this.#next(index.segments);
        if (next < 0 && this.#done.has(index.segments.length - 1)) this.#finish();
        if (next < 0 || this.#ahead() >= AHEAD_S) {
          await this.#pause();
          continue;
        }
        await this.#fill(index.segments, next);
      }
    } catch (err) {
      if (!this.#ended.signal.aborted) this.#fallBack(String(err));
    }
  }

  /**
   * @param {Segment[]} segments
   * @param {number} next
   */
  async #fill(segments, next) {
    const reading = this.#reading;
    const last = segmentAt(segments, this.video.currentTime + AHEAD_S);
    const shown = segments[segmentAt(segments, this.video.currentTime)].start;
    this.source.plan(segments[next].start, segments[Math.max(last, next)].end, shown);
    try {
      await this.#append(segments[next], reading.signal);
      this.#done.add(next);
      await this.#trim();
    } catch (err) {
      if (!reading.signal.aborted || this.#ended.signal.aborted) throw err;
      if (this.#media?.readyState === "open") this.#buffer?.abort(); // a seek: the parser starts anew
    }
  }

  /**
   * Finds the first segment from the playing position on that was not appended.
   * @param {Segment[]} segments
   * @returns {number} -1 when there is none
   */
  #next(segments) {
    for (let i = segmentAt(segments, this.video.currentTime); i < segments.length; i++) {
      if (!this.#done.has(i)) return i;
    }
    return -1;
  }

  /**
   * @param {{start: number, end: number}} bytes
   * @param {AbortSignal} signal
   */
  async #append({ start, end }, signal) {
    const options = { signal, urgent: () => this.#ahead() < URGENT_S };
    for await (const part of this.source.read(start, end, options)) {
      await this.#appendBytes(part, signal);
      this.#jumpGap();
    }
  }

  /**
   * @param {Uint8Array} part
   * @param {AbortSignal} signal
   */
  async #appendBytes(part, signal) {
    for (let tries = 0; ; tries++) {
      signal.throwIfAborted();
      const buffer = /** @type {SourceBuffer} */ (this.#buffer);
      try {
        buffer.appendBuffer(/** @type {Uint8Array<ArrayBuffer>} */ (part));
        await updated(buffer);
        return;
      } catch (err) {
        if (!(err instanceof DOMException) || err.name !== "QuotaExceededError" || tries > 40) throw err;
        await this.#remove(0, this.video.currentTime - 2);
        await this.#pause(); // the browser's buffer is full: some of it must be shown first
      }
    }
  }

  async #trim() {
    if (this.video.currentTime > 2 * BEHIND_S) await this.#remove(0, this.video.currentTime - BEHIND_S);
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  async #remove(from, to) {
    const buffer = this.#buffer;
    if (!buffer || to <= from || buffer.buffered.length === 0 || buffer.buffered.start(0) >= to) return;
    buffer.remove(from, to);
    await updated(buffer);
    this.#recount();
  }

  /** Looks which of the appended segments are still there: browsers drop some by themselves. */
  #recount() {
    const segments = this.#index?.segments ?? [];
    for (const i of [...this.#done]) {
      const middle = segments[i].time + segments[i].duration / 2;
      if (bufferedAhead(this.video.buffered, middle) === 0) this.#done.delete(i);
    }
  }

  #onSeek() {
    if (this.kind !== "mediasource" || !this.#index) return;
    this.#recount();
    this.#moved.time = -1;
    if (this.#ahead() === 0) {
      this.#reading.abort();
      this.#reading = new AbortController();
    }
    this.#wake();
  }

  #finish() {
    if (this.#media?.readyState === "open" && !this.#buffer?.updating) this.#media.endOfStream();
  }

  /** Jumps over a small hole, such as one before the first frame. */
  #jumpGap() {
    const { buffered, currentTime, readyState } = this.video;
    if (readyState >= HTMLMediaElement.HAVE_FUTURE_DATA || this.#ahead() > 0) return;
    for (let i = 0; i < buffered.length; i++) {
      const start = buffered.start(i);
      if (start > currentTime && start - currentTime < GAP_S) {
        this.video.currentTime = start + 0.01;
        return;
      }
    }
  }

  /** Waits for an event of the video, or a moment. */
  #pause() {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake(), TICK_MS * 2);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = () => {};
        resolve(undefined);
      };
    });
  }

  /** Looks whether playing goes on; neither picture nor bytes for long: the last resort. */
  #watch() {
    const timer = setInterval(() => {
      const { paused, ended, currentTime } = this.video;
      const bytes = this.source.received;
      const moved = this.#moved;
      if (paused || ended || currentTime !== moved.time || bytes !== moved.bytes) {
        this.#moved = { at: performance.now(), time: currentTime, bytes };
      } else if (performance.now() - moved.at > WATCHDOG_S * 1000) {
        this.#fallBack("playing stands still");
      }
      this.#jumpGap();
    }, TICK_MS);
    this.#ended.signal.addEventListener("abort", () => clearInterval(timer));
  }

  /** @param {string} reason */
  #fallBack(reason) {
    if (this.kind === "file" || this.#ended.signal.aborted) return;
    this.note(`player: ${reason}`);
    if (!this.source.http) return;
    this.destroy();
    this.kind = "file";
    new LastResort({ video: this.video, ways: this.source.ways, note: this.note, failed: this.failed }).start();
  }
}
