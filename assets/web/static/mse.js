// Small helpers for Media Source Extensions.

/**
 * Tells how many seconds are buffered from a time on.
 * @param {TimeRanges} ranges
 * @param {number} time
 * @returns {number}
 */
export function bufferedAhead(ranges, time) {
  for (let i = 0; i < ranges.length; i++) {
    if (ranges.start(i) <= time + 0.1 && time < ranges.end(i)) return ranges.end(i) - time;
  }
  return 0;
}

/**
 * Finds the segment that holds a time.
 * @param {Segment[]} segments
 * @param {number} time
 * @returns {number}
 */
export function segmentAt(segments, time) {
  let low = 0;
  let high = segments.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (segments[middle].time <= time + 0.001) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * Waits until a media source is attached to its element, then frees its URL.
 * @param {MediaSource} media
 * @param {string} url
 * @returns {Promise<void>}
 */
export function opened(media, url) {
  return new Promise((resolve) => {
    media.addEventListener("sourceopen", () => {
      URL.revokeObjectURL(url);
      resolve();
    }, { once: true });
  });
}

/**
 * Waits until a buffer has taken what it was given.
 * @param {SourceBuffer} buffer
 * @returns {Promise<void>}
 */
export function updated(buffer) {
  return new Promise((resolve, reject) => {
    if (!buffer.updating) return resolve();
    buffer.addEventListener("updateend", () => resolve(), { once: true });
    return buffer.addEventListener("error", () => reject(new Error("The browser cannot read this part.")), { once: true });
  });
}
