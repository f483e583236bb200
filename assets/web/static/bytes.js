// Small helpers for bytes that come in parts.

/**
 * Reads a stream to its end; the stream is cancelled when the reader stops early.
 * @param {ReadableStream<Uint8Array>} stream
 * @returns {AsyncGenerator<Uint8Array>}
 */
export async function* chunks(stream) {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/**
 * Puts parts together; null when one is missing.
 * @param {Map<number, Uint8Array>} parts of grain bytes each
 * @param {number} grain
 * @param {number} start
 * @param {number} end
 * @returns {Uint8Array | null}
 */
export function assemble(parts, grain, start, end) {
  const out = new Uint8Array(end - start);
  for (let at = start; at < end; ) {
    const part = parts.get(Math.floor(at / grain));
    if (!part) return null;
    const piece = part.subarray(at % grain, Math.min(part.byteLength, (at % grain) + end - at));
    if (piece.byteLength === 0) return null;
    out.set(piece, at - start);
    at += piece.byteLength;
  }
  return out;
}

/**
 * @param {Uint8Array[]} parts
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function concat(parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.byteLength;
  }
  return out;
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}
