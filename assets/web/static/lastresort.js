// The last resort: the element plays the file by itself, over HTTP. If one way to the file
// fails or falls silent, it goes on by the next from the position reached.

const SILENT_TICKS = 12;
const TICK_MS = 1000;

/** Plays one file in one video element, without a MediaSource. */
export class LastResort {
  #position = 0;
  #playing = false;
  #silent = 0;
  #seen = "";

  /**
   * @param {{video: HTMLVideoElement, ways: import("./ways.js").Ways, note: (text: string) => void, failed: () => void}} options
   *   failed is called when no way is left
   */
  constructor({ video, ways, note, failed }) {
    this.video = video;
    this.ways = ways;
    this.note = note;
    this.failed = failed;
  }

  /** Starts where the element is, and plays on if it plays. */
  start() {
    this.#position = this.video.currentTime;
    this.#playing = !this.video.paused;
    this.ways.again();
    this.video.addEventListener("error", () => this.#next(this.video.error?.message || "error"));
    this.video.addEventListener("timeupdate", () => this.#onTime());
    setInterval(() => this.#look(), TICK_MS);
    this.#open();
  }

  #open() {
    this.#silent = 0;
    this.video.src = this.ways.current.url;
    this.video.currentTime = this.#position; // kept until the file's head is there
    if (this.#playing) this.video.play().catch((err) => this.note(`player: ${err}`));
  }

  #onTime() {
    if (this.video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA || this.video.currentTime === this.#position) return;
    this.#position = this.video.currentTime;
    this.#playing = !this.video.paused;
    this.ways.worked();
  }

  /** @param {string} reason */
  #next(reason) {
    this.note(`player: ${reason}`);
    this.ways.failed(null);
    if (this.ways.untried) this.#open();
    else this.failed();
  }

  /** Leaves a way by which nothing came for long, while there is another. */
  #look() {
    const { paused, ended, currentTime, buffered, error } = this.video;
    const seen = `${currentTime} ${buffered.length ? buffered.end(buffered.length - 1) : 0}`;
    this.#silent = paused || ended || error || seen !== this.#seen ? 0 : this.#silent + 1;
    this.#seen = seen;
    if (this.#silent < SILENT_TICKS || this.ways.all.length < 2) return;
    this.note("player: nothing comes");
    this.ways.failed(null);
    this.#open();
  }
}
