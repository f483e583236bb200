// The list of all videos, and the search.

import { listVideos, RequestError } from "../api.js";
import { byId, el } from "../dom.js";
import { count } from "../words.js";
import { inviteHash, setUpInvite } from "./invite.js";
import { tile } from "./tile.js";

const PAGE = 24;
const TYPING_MS = 200;
const LOADING_MS = 150; // a list that comes faster shows no placeholder

/**
 * @typedef {object} Parts
 * @property {HTMLElement} grid
 * @property {HTMLElement} status
 * @property {HTMLElement} heading
 * @property {HTMLElement} state
 * @property {HTMLButtonElement} more
 */

/** Starts the view. */
export function startList() {
  const parts = {
    grid: byId("grid", HTMLElement),
    status: byId("status", HTMLElement),
    heading: byId("heading", HTMLElement),
    state: byId("state", HTMLElement),
    more: byId("more", HTMLButtonElement),
  };
  const field = byId("search", HTMLInputElement);
  const list = new List(parts);
  let typing = 0;
  field.addEventListener("input", () => {
    clearTimeout(typing);
    typing = window.setTimeout(() => list.show(field.value), TYPING_MS);
  });
  byId("search-form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(typing);
    list.show(field.value);
  });
  parts.more.addEventListener("click", () => list.more());
  document.addEventListener("keydown", (event) => onKey(event, field, parts.grid));
  field.value = new URLSearchParams(location.search).get("search") ?? "";
  list.show(field.value);
  setUpInvite();
}

/**
 * "/" goes to the search; the arrows go through the tiles.
 * @param {KeyboardEvent} event
 * @param {HTMLInputElement} field
 * @param {HTMLElement} grid
 */
function onKey(event, field, grid) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const active = document.activeElement;
  if (event.key === "/" && active !== field) {
    event.preventDefault();
    field.focus();
    field.select();
    return;
  }
  const tiles = /** @type {HTMLElement[]} */ ([...grid.querySelectorAll("a.tile")]);
  const at = tiles.indexOf(/** @type {HTMLElement} */ (active));
  const columns = tiles.filter((t) => t.offsetTop === tiles[0].offsetTop).length;
  /** @type {Record<string, number>} */
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
  if (active === field && event.key === "ArrowDown" && tiles.length) return focus(event, tiles[0]);
  const next = at >= 0 && event.key in steps ? tiles[at + steps[event.key]] : undefined;
  if (next) focus(event, next);
}

/**
 * @param {KeyboardEvent} event
 * @param {HTMLElement} node
 */
function focus(event, node) {
  event.preventDefault();
  node.focus();
}

/** The grid and what it shows. */
class List {
  #search = "";
  #shown = 0;
  #asking = new AbortController();

  /** @param {Parts} parts */
  constructor(parts) {
    this.parts = parts;
  }

  /**
   * Shows the first page for a search; none is all videos.
   * @param {string} search
   */
  async show(search) {
    this.#search = search.trim();
    history.replaceState(null, "", (this.#search ? "/?search=" + encodeURIComponent(this.#search) : "/") + inviteHash());
    this.parts.heading.textContent = this.#search ? `Videos for “${this.#search}”` : "All videos";
    const slow = setTimeout(() => this.#placeholders(), LOADING_MS);
    const page = await this.#ask(0);
    clearTimeout(slow);
    if (!page) return;
    this.#shown = 0;
    this.parts.grid.replaceChildren();
    this.#add(page);
    if (page.total === 0) this.#empty();
  }

  /** Shows the next page below. */
  async more() {
    this.parts.more.disabled = true;
    const page = await this.#ask(this.#shown);
    this.parts.more.disabled = false;
    if (!page) return;
    const first = this.#add(page);
    first?.querySelector("a")?.focus();
  }

  /**
   * @param {number} start
   * @returns {Promise<VideoList | null>} null when it failed, which is shown, or is not wanted any more
   */
  async #ask(start) {
    this.#asking.abort();
    const asking = (this.#asking = new AbortController());
    try {
      const page = await listVideos({ start, count: PAGE, search: this.#search, signal: asking.signal });
      if (asking.signal.aborted) return null;
      this.parts.state.hidden = true;
      return page;
    } catch (err) {
      if (!asking.signal.aborted) this.#failed(err, start);
      return null;
    }
  }

  /**
   * @param {VideoList} page
   * @returns {HTMLElement | undefined} the first new tile
   */
  #add(page) {
    const tiles = page.data.map((video) => tile(video));
    this.parts.grid.append(...tiles.map((t) => el("li", {}, t)));
    this.parts.grid.removeAttribute("aria-busy");
    this.#shown += page.data.length;
    this.parts.more.hidden = this.#shown >= page.total || page.data.length === 0;
    this.parts.status.textContent = page.total ? count(page.total, "video") : "";
    return tiles[0];
  }

  #placeholders() {
    const blank = () => el("li", { class: "blank", "aria-hidden": "true" }, el("span", { class: "tile-frame" }), el("span"), el("span"));
    this.parts.grid.setAttribute("aria-busy", "true");
    this.parts.grid.replaceChildren(...Array.from({ length: 8 }, blank));
    this.parts.more.hidden = true;
    this.parts.state.hidden = true;
    this.parts.status.textContent = "";
  }

  #empty() {
    const search = this.#search;
    this.#say(
      search ? "Nothing fits this search." : "No videos yet.",
      search ? "Try another word, or fewer letters." : "What is shared on this pod shows up here.",
    );
    if (!search) return;
    const all = el("a", { class: "button", href: "/" }, "Show all videos");
    this.parts.state.append(all);
  }

  /**
   * @param {unknown} err
   * @param {number} start
   */
  #failed(err, start) {
    if (start === 0) this.parts.grid.replaceChildren();
    this.parts.grid.removeAttribute("aria-busy");
    this.parts.more.hidden = true;
    this.parts.status.textContent = "";
    this.#say("The videos cannot be shown now.", err instanceof RequestError ? err.message : "Reload the page to try again.");
    const again = el("button", { class: "button", type: "button" }, "Try again");
    again.addEventListener("click", () => (start === 0 ? this.show(this.#search) : this.more()));
    this.parts.state.append(again);
  }

  /**
   * @param {string} title
   * @param {string} text
   */
  #say(title, text) {
    const mark = el("span", { class: "mark mark-large", "aria-hidden": "true" });
    this.parts.state.replaceChildren(mark, el("h2", {}, title), el("p", {}, text));
    this.parts.state.hidden = false;
  }
}
