// Bencoding (BEP 3), as far as the page needs it: to cut the info dictionary out of a
// .torrent file byte for byte, and to write a new file around it with the trackers of our choice.

const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const MAX_DEPTH = 16;
const text = new TextDecoder("latin1");
const utf8 = new TextEncoder();

/**
 * Finds where the value that starts at an offset ends.
 * @param {Uint8Array} data
 * @param {number} at
 * @param {number} depth
 * @returns {number}
 */
function skip(data, at, depth) {
  const kind = data[at];
  if (kind === undefined || depth > MAX_DEPTH) throw new Error("The torrent file is cut off or too deep.");
  if (kind >= DIGIT_0 && kind <= DIGIT_9) return string(data, at).end;
  if (kind === 0x69) return data.indexOf(0x65, at) + 1 || fail();
  if (kind !== 0x64 && kind !== 0x6c) return fail();
  at++;
  while (data[at] !== 0x65) at = skip(data, at, depth + 1);
  return at + 1;
}

/** @returns {never} */
function fail() {
  throw new Error("The torrent file cannot be read.");
}

/**
 * @param {Uint8Array} data
 * @param {number} at
 * @returns {{start: number, end: number}}
 */
function string(data, at) {
  const colon = data.indexOf(0x3a, at);
  const digits = colon > at && colon - at < 11 ? text.decode(data.subarray(at, colon)) : "";
  if (!/^\d+$/.test(digits)) return fail();
  const end = colon + 1 + Number(digits);
  return end <= data.length ? { start: colon + 1, end } : fail();
}

/**
 * Gives the bytes of the info dictionary, exactly as they stand in the file.
 * @param {Uint8Array} torrent
 * @returns {Uint8Array}
 */
export function infoOf(torrent) {
  if (torrent[0] !== 0x64) return fail();
  for (let at = 1; torrent[at] !== 0x65; ) {
    const key = string(torrent, at);
    const end = skip(torrent, key.end, 1);
    if (text.decode(torrent.subarray(key.start, key.end)) === "info") return torrent.subarray(key.end, end);
    at = end;
  }
  return fail();
}

/**
 * Makes a .torrent file that announces to some trackers (BEP 12) and has no web seed.
 * @param {Uint8Array} torrent the original
 * @param {string[]} trackers at least one
 * @returns {Uint8Array}
 */
export function withTrackers(torrent, trackers) {
  const info = infoOf(torrent);
  const word = (/** @type {string} */ value) => `${utf8.encode(value).length}:${value}`;
  const list = trackers.length > 1 ? `13:announce-listl${trackers.map((url) => `l${word(url)}e`).join("")}e` : "";
  const head = utf8.encode(`d8:announce${word(trackers[0])}${list}4:info`);
  const out = new Uint8Array(head.length + info.length + 1);
  out.set(head);
  out.set(info, head.length);
  out[out.length - 1] = 0x65;
  return out;
}
