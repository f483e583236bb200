// The panel with links to hand on.

import { byId, copy, el } from "../dom.js";

/**
 * Makes the share button open its panel.
 * @param {string} pageURL
 */
export function setUpShare(pageURL) {
  const button = byId("share", HTMLButtonElement);
  const panel = byId("share-panel", HTMLElement);
  panel.append(row("Link to this page", pageURL));
  button.hidden = false;
  button.addEventListener("click", () => {
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
    if (!panel.hidden) panel.querySelector("input")?.focus();
  });
}

/**
 * Adds the link for download programs.
 * @param {string} magnet
 */
export function addMagnet(magnet) {
  byId("share-panel", HTMLElement).append(row("Link for a BitTorrent program (magnet)", magnet));
}

/**
 * Builds a field that holds a link, with a button that copies it.
 * @param {string} label
 * @param {string} value
 * @returns {HTMLElement}
 */
export function row(label, value) {
  const field = el("input", { type: "text", readonly: true, value, dir: "ltr" });
  const button = el("button", { type: "button", class: "button" }, "Copy");
  field.addEventListener("focus", () => field.select());
  button.addEventListener("click", async () => {
    const worked = await copy(field);
    button.textContent = worked ? "Copied" : "Press Ctrl+C";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  return el("div", { class: "field-row" }, el("label", {}, el("span", {}, label), field), button);
}
