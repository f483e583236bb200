// Where a page is not a secure context (http:// on a LAN) browsers hide crypto.subtle.
// BitTorrent needs one thing of it: SHA-1. This module adds just that, when it is missing,
// and must run before webtorrent does. Source: FIPS 180-4, section 6.1.

/**
 * Computes the SHA-1 of some bytes.
 * @param {Uint8Array} data
 * @returns {ArrayBuffer} 20 bytes
 */
export function sha1(data) {
  const padded = new Uint8Array(((data.length + 8) >> 6) * 64 + 64);
  padded.set(data);
  padded[data.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(data.length / 0x20000000));
  view.setUint32(padded.length - 4, (data.length << 3) >>> 0);
  const state = new Int32Array([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0]);
  const words = new Int32Array(80);
  for (let block = 0; block < padded.length; block += 64) addBlock(state, words, view, block);
  const out = new DataView(new ArrayBuffer(20));
  state.forEach((word, i) => out.setInt32(i * 4, word));
  return out.buffer;
}

/**
 * @param {Int32Array} state
 * @param {Int32Array} words
 * @param {DataView} view
 * @param {number} block
 */
function addBlock(state, words, view, block) {
  for (let i = 0; i < 16; i++) words[i] = view.getInt32(block + i * 4);
  for (let i = 16; i < 80; i++) {
    const x = words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16];
    words[i] = (x << 1) | (x >>> 31);
  }
  let [a, b, c, d, e] = state;
  for (let i = 0; i < 80; i++) {
    let mix = (b ^ c ^ d) + (i < 40 ? 0x6ed9eba1 : 0xca62c1d6);
    if (i < 20) mix = ((b & c) | (~b & d)) + 0x5a827999;
    else if (i >= 40 && i < 60) mix = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
    const next = (((a << 5) | (a >>> 27)) + mix + e + words[i]) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
}

/**
 * @param {AlgorithmIdentifier} algorithm
 * @param {BufferSource} data
 * @returns {Promise<ArrayBuffer>}
 */
async function digest(algorithm, data) {
  const name = typeof algorithm === "string" ? algorithm : algorithm.name;
  if (name.toLowerCase() !== "sha-1") throw new Error("Only SHA-1 is known here.");
  return sha1(ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data));
}

if (!globalThis.crypto.subtle) {
  Object.defineProperty(globalThis.crypto, "subtle", { value: { digest }, configurable: true });
}
