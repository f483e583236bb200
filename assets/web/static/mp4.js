// Finds the fragments of a fragmented MP4 file (ISO/IEC 14496-12): the boxes before the
// first moof are what a SourceBuffer needs first, the sidx box says where each fragment
// lies and when it is shown.

const MAX_HEAD_BOXES = 64;
const MAX_SIDX_BYTES = 8 << 20;

/**
 * @param {DataView} view
 * @param {number} at
 * @returns {string}
 */
function fourCC(view, at) {
  return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));
}

/**
 * Reads a box's head.
 * @param {Uint8Array} bytes at least 16, fewer only at the end of the file
 * @returns {{type: string, size: number, head: number}} size 0 is "to the end of the file"
 */
export function boxHead(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 8) throw new Error("The file ends inside a box.");
  const size = view.getUint32(0);
  if (size !== 1) return { type: fourCC(view, 4), size, head: 8 };
  if (bytes.byteLength < 16) throw new Error("The file ends inside a box.");
  return { type: fourCC(view, 4), size: Number(view.getBigUint64(8)), head: 16 };
}

/**
 * Reads a sidx box.
 * @param {Uint8Array} body without the box's head
 * @param {number} anchor offset in the file of the first byte after the box
 * @returns {Segment[]}
 */
export function parseSidx(body, anchor) {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const version = view.getUint8(0);
  const timescale = view.getUint32(8);
  const wide = version === 0 ? 4 : 8;
  /** @param {number} at */
  const number = (at) => (version === 0 ? view.getUint32(at) : Number(view.getBigUint64(at)));
  let time = number(12);
  let start = anchor + number(12 + wide);
  const count = view.getUint16(12 + 2 * wide + 2);
  if (timescale === 0) throw new Error("The index has no clock.");
  /** @type {Segment[]} */
  const segments = [];
  for (let i = 0, at = 16 + 2 * wide; i < count; i++, at += 12) {
    const size = view.getUint32(at);
    const ticks = view.getUint32(at + 4);
    if (size >>> 31) throw new Error("An index of indexes is not read here.");
    const startsClean = view.getUint32(at + 8) >>> 31 === 1; // with a stream access point
    const last = segments[segments.length - 1];
    if (startsClean || !last) {
      segments.push({ start, end: start + size, time: time / timescale, duration: ticks / timescale });
    } else { // nobody can begin here: what has few key frames is one long segment
      last.end += size;
      last.duration += ticks / timescale;
    }
    start += size;
    time += ticks;
  }
  return segments;
}

/**
 * Finds the fragments of a file.
 * @param {ReadBytes} read
 * @returns {Promise<MediaIndex>}
 */
export async function readMP4(read) {
  /** @type {Segment[]} */
  let segments = [];
  let initEnd = 0;
  for (let at = 0, boxes = 0; boxes < MAX_HEAD_BOXES; boxes++) {
    const { type, size, head } = boxHead(await read(at, at + 16));
    if (type === "moof" || type === "mdat" || size < head) break;
    if (type === "sidx" && segments.length === 0) {
      if (size > MAX_SIDX_BYTES) throw new Error("The index is too large.");
      segments = parseSidx(await read(at + head, at + size), at + size);
    }
    at += size;
    if (type === "moov") initEnd = at;
  }
  if (initEnd === 0 || segments.length === 0) throw new Error("The file has no index of fragments.");
  const last = segments[segments.length - 1];
  return { initEnd, duration: last.time + last.duration, segments };
}
