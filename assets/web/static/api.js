// Everything that the page asks of pods: all fetch calls are in this file.

import { chunks, concat } from "./bytes.js";

/** What went wrong with a request, in a sentence for a person. */
export class RequestError extends Error {
  /**
   * @param {string} message
   * @param {number} status HTTP status, 0 when the pod did not answer
   */
  constructor(message, status) {
    super(message);
    this.name = "RequestError";
    this.status = status;
  }
}

const ELSEWHERE_MS = 4000; // a small file that takes longer is asked for elsewhere
const UNREACHABLE = "The pod does not answer. It may be asleep: try again in a while.";

/**
 * Turns a URL of our pod into one of this page's origin; a friend's stays as it is. A pod
 * writes its public address into its URLs; whoever came by another one (localhost, LAN)
 * stays there.
 * @param {string} url
 * @returns {string}
 */
export function ownURL(url) {
  const parsed = new URL(url, location.href);
  const base = document.documentElement.dataset.base;
  const isPods = !!base && parsed.origin === new URL(base, location.href).origin;
  return isPods ? location.origin + parsed.pathname + parsed.search : parsed.href;
}

/**
 * Gives the address of the pod's tracker for browsers.
 * @returns {string}
 */
export function trackerURL() {
  return (location.protocol === "https:" ? "wss://" : "ws://") + location.host + "/tracker/socket";
}

/**
 * @param {string} url
 * @param {RequestInit} options
 * @returns {Promise<Response>}
 */
async function request(url, options) {
  let response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...options });
  } catch (err) {
    if (options.signal?.aborted) throw err;
    throw new RequestError(UNREACHABLE, 0);
  }
  if (response.ok) return response;
  throw new RequestError(await sentenceOf(response), response.status);
}

/**
 * Reads the sentence of a problem+json answer.
 * @param {Response} response
 * @returns {Promise<string>}
 */
async function sentenceOf(response) {
  try {
    const problem = await response.json();
    if (typeof problem.detail === "string" && problem.detail) return problem.detail;
  } catch {
    // Not JSON: a plain sentence does.
  }
  if (response.status === 404) return "This video is not here any more.";
  return "The pod could not answer this. Try again in a while.";
}

/**
 * Lists videos, newest first, or those that fit a search, best first.
 * @param {{start: number, count: number, search: string, signal?: AbortSignal}} query
 * @returns {Promise<VideoList>}
 */
export async function listVideos({ start, count, search, signal }) {
  const params = new URLSearchParams({ start: String(start), count: String(count) });
  if (search) params.set("search", search);
  else params.set("sort", "-publishedAt");
  const path = search ? "/api/v1/search/videos?" : "/api/v1/videos?";
  return (await request(path + params, { signal })).json();
}

/**
 * Gives all that the pod tells about one video.
 * @param {string} id number, UUID or short UUID
 * @returns {Promise<VideoDetails>}
 */
export async function getVideo(id) {
  return (await request("/api/v1/videos/" + encodeURIComponent(id), {})).json();
}

/**
 * Gives the pod's settings that matter here. A pod that can't tell them has none.
 * @returns {Promise<PodConfig>}
 */
export async function getConfig() {
  try {
    return await (await request("/api/v1/config", {})).json();
  } catch {
    return {};
  }
}

/**
 * Counts that somebody watches.
 * @param {string} id
 * @param {number} seconds how far the video is
 */
export async function countView(id, seconds) {
  const body = JSON.stringify({ currentTime: Math.floor(seconds) });
  const headers = { "Content-Type": "application/json" };
  await request(`/api/v1/videos/${encodeURIComponent(id)}/views`, { method: "POST", body, headers });
}

/**
 * Fetches a small file whole, from the first address that has it.
 * @param {string[]} urls the best first; at least one
 * @param {number} most bytes
 * @returns {Promise<Uint8Array>}
 */
export async function getBytes(urls, most) {
  const [url, ...others] = urls;
  const abort = new AbortController();
  const timer = others.length ? setTimeout(() => abort.abort(), ELSEWHERE_MS) : 0;
  try {
    const { body } = await request(url, { signal: abort.signal });
    const parts = [];
    let length = 0;
    for await (const part of chunks(/** @type {ReadableStream<Uint8Array>} */ (body))) {
      parts.push(part);
      length += part.byteLength;
      if (length > most) throw new RequestError("The file is too large.", 413);
    }
    return concat(parts);
  } catch (err) {
    if (!others.length) throw err;
    return await getBytes(others, most);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Asks for bytes [start, end) of a file and gives them as they come.
 * @param {string} url
 * @param {number} start
 * @param {number} end
 * @param {AbortSignal} signal
 * @returns {Promise<{size: number, body: ReadableStream<Uint8Array>}>} size of the whole file and the bytes asked for
 */
export async function getRange(url, start, end, signal) {
  const response = await request(url, { headers: { Range: `bytes=${start}-${end - 1}` }, signal });
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "");
  if (response.status !== 206 || !range || Number(range[1]) !== start || !response.body) {
    await response.body?.cancel();
    throw new RequestError("The pod did not send the part of the video that was asked for.", response.status);
  }
  return { size: Number(range[2]), body: response.body };
}
