// Finds the clusters of a WebM file (Matroska, RFC 9559): all before the first cluster is
// what a SourceBuffer needs first, the Cues say at which cluster each keyframe lies.

const EBML = 0x1a45dfa3;
const SEGMENT = 0x18538067;
const SEEK_HEAD = 0x114d9b74;
const SEEK = 0x4dbb;
const SEEK_ID = 0x53ab;
const SEEK_POSITION = 0x53ac;
const INFO = 0x1549a966;
const TIMESTAMP_SCALE = 0x2ad7b1;
const DURATION = 0x4489;
const CUES = 0x1c53bb6b;
const CUE_POINT = 0xbb;
const CUE_TIME = 0xb3;
const CUE_TRACK_POSITIONS = 0xb7;
const CUE_CLUSTER_POSITION = 0xf1;
const CLUSTER = 0x1f43b675;

const HEAD_BYTES = 12; // an id of 4 and a size of 8
const MAX_ELEMENT = 8 << 20;
const MAX_HEAD_ELEMENTS = 64;

/**
 * @typedef {object} Head
 * @property {number} id
 * @property {number} size Infinity when it is not known
 * @property {number} head bytes before the body
 */

/**
 * Reads an element's head.
 * @param {Uint8Array} bytes
 * @param {number} at
 * @returns {Head}
 */
export function elementHead(bytes, at) {
  const idLength = Math.clz32(bytes[at] ?? 0) - 23;
  const sizeLength = Math.clz32(bytes[at + idLength] ?? 0) - 23;
  if (idLength > 4 || sizeLength > 8 || at + idLength + sizeLength > bytes.length) {
    throw new Error("The file ends inside an element.");
  }
  let id = 0;
  for (let i = 0; i < idLength; i++) id = id * 256 + bytes[at + i];
  const first = bytes[at + idLength] & ((1 << (8 - sizeLength)) - 1);
  let size = first;
  let ones = first === (1 << (8 - sizeLength)) - 1;
  for (let i = 1; i < sizeLength; i++) {
    const byte = bytes[at + idLength + i];
    size = size * 256 + byte;
    ones &&= byte === 0xff;
  }
  return { id, size: ones ? Infinity : size, head: idLength + sizeLength };
}

/**
 * Walks the elements of a body.
 * @param {Uint8Array} body
 * @returns {Generator<{id: number, body: Uint8Array}>}
 */
function* elements(body) {
  for (let at = 0; at < body.length; ) {
    const { id, size, head } = elementHead(body, at);
    const end = Math.min(at + head + size, body.length);
    yield { id, body: body.subarray(at + head, end) };
    at = end;
  }
}

/**
 * @param {Uint8Array} body
 * @returns {number}
 */
function unsigned(body) {
  return body.reduce((sum, byte) => sum * 256 + byte, 0);
}

/**
 * @param {Uint8Array} body
 * @returns {number}
 */
function float(body) {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  return body.byteLength === 4 ? view.getFloat32(0) : view.getFloat64(0);
}

/**
 * Finds the first element with an id.
 * @param {Uint8Array} body
 * @param {number} id
 * @returns {Uint8Array | undefined}
 */
function child(body, id) {
  for (const element of elements(body)) if (element.id === id) return element.body;
  return undefined;
}

/**
 * What the elements before the first cluster tell; offsets count from the segment's body.
 * @typedef {{cues: Uint8Array | null, cuesAt: number, info: Uint8Array | null, cluster: number}} FileHead
 */

/**
 * @param {ReadBytes} read
 * @param {number} body offset of the segment's body
 * @returns {Promise<FileHead>}
 */
async function readHead(read, body) {
  /** @type {FileHead} */
  const found = { cues: null, cuesAt: 0, info: null, cluster: 0 };
  for (let at = body, n = 0; n < MAX_HEAD_ELEMENTS; n++) {
    const { id, size, head } = elementHead(await read(at, at + HEAD_BYTES), 0);
    if (id === CLUSTER) {
      found.cluster = at - body;
      return found;
    }
    if (id === SEEK_HEAD || id === INFO || id === CUES) {
      const data = await readBody(read, at + head, size);
      if (id === INFO) found.info = data;
      if (id === CUES) found.cues = data;
      if (id === SEEK_HEAD) found.cuesAt ||= seekTo(data, CUES);
    }
    at += head + size;
  }
  throw new Error("The file has no cluster.");
}

/**
 * @param {ReadBytes} read
 * @param {number} at
 * @param {number} size
 * @returns {Promise<Uint8Array>}
 */
async function readBody(read, at, size) {
  if (size > MAX_ELEMENT) throw new Error("The index is too large.");
  return read(at, at + size);
}

/**
 * @param {Uint8Array} seekHead
 * @param {number} target id of the element to be found
 * @returns {number} 0 when it is not named
 */
function seekTo(seekHead, target) {
  for (const { id, body } of elements(seekHead)) {
    const wanted = id === SEEK && child(body, SEEK_ID);
    const position = id === SEEK && child(body, SEEK_POSITION);
    if (wanted && position && unsigned(wanted) === target) return unsigned(position);
  }
  return 0;
}

/**
 * Reads the points of the Cues: one for each cluster, in order.
 * @param {Uint8Array} cues
 * @returns {{ticks: number, position: number}[]}
 */
function points(cues) {
  /** @type {{ticks: number, position: number}[]} */
  const found = [];
  for (const { id, body } of elements(cues)) {
    const time = id === CUE_POINT && child(body, CUE_TIME);
    const track = id === CUE_POINT && child(body, CUE_TRACK_POSITIONS);
    const position = track && child(track, CUE_CLUSTER_POSITION);
    if (time && position) found.push({ ticks: unsigned(time), position: unsigned(position) });
  }
  found.sort((a, b) => a.position - b.position || a.ticks - b.ticks);
  return found.filter((point, i) => i === 0 || point.position !== found[i - 1].position);
}

/**
 * Finds the clusters of a file.
 * @param {ReadBytes} read
 * @param {number} fileSize
 * @returns {Promise<MediaIndex>}
 */
export async function readWebM(read, fileSize) {
  const ebml = elementHead(await read(0, HEAD_BYTES), 0);
  const segmentAt = ebml.head + ebml.size;
  const segment = elementHead(await read(segmentAt, segmentAt + HEAD_BYTES), 0);
  if (ebml.id !== EBML || segment.id !== SEGMENT) throw new Error("The file is not WebM.");
  const body = segmentAt + segment.head;
  const head = await readHead(read, body);
  if (!head.cues && head.cuesAt) {
    const at = body + head.cuesAt;
    const cues = elementHead(await read(at, at + HEAD_BYTES), 0);
    if (cues.id === CUES) head.cues = await readBody(read, at + cues.head, cues.size);
  }
  const duration = head.info && child(head.info, DURATION);
  if (!head.info || !duration || !head.cues) throw new Error("The file has no index of clusters.");
  const scale = child(head.info, TIMESTAMP_SCALE);
  const tick = (scale ? unsigned(scale) : 1_000_000) / 1e9;
  const clustersEnd = head.cuesAt > head.cluster ? body + head.cuesAt : fileSize;
  return indexOf(points(head.cues), { body, cluster: head.cluster, clustersEnd, tick, duration: float(duration) * tick });
}

/**
 * @param {{ticks: number, position: number}[]} cues
 * @param {{body: number, cluster: number, clustersEnd: number, tick: number, duration: number}} file
 * @returns {MediaIndex}
 */
function indexOf(cues, file) {
  if (cues.length === 0) throw new Error("The file has no index of clusters.");
  cues[0] = { ticks: 0, position: file.cluster }; // whatever lies before the first keyframe
  const segments = cues.map(({ ticks, position }, i) => {
    const next = cues[i + 1];
    const time = ticks * file.tick;
    return {
      start: file.body + position,
      end: next ? file.body + next.position : file.clustersEnd,
      time,
      duration: (next ? next.ticks * file.tick : file.duration) - time,
    };
  });
  return { initEnd: file.body + file.cluster, duration: file.duration, segments };
}
