// Building the page: elements with attributes and text, never markup from strings.

/**
 * Makes an element. Text becomes text, whatever it says.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string | boolean>} [attributes] true is an empty attribute, false is none
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

/**
 * Finds an element that the document must have.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {{new (): T}} kind
 * @returns {T}
 */
export function byId(id, kind) {
  const node = document.getElementById(id);
  if (!(node instanceof kind)) throw new Error(`The page has no ${id}.`);
  return node;
}

const LINK = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]}]/gi;

/**
 * Turns a text into nodes; web addresses in it become links, nothing else does.
 * @param {string} text
 * @returns {(Node | string)[]}
 */
export function linked(text) {
  /** @type {(Node | string)[]} */
  const out = [];
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    out.push(text.slice(at, match.index));
    out.push(URL.canParse(match[0]) ? el("a", { href: match[0], rel: "noopener noreferrer nofollow ugc", target: "_blank" }, match[0]) : match[0]);
    at = match.index + match[0].length;
  }
  out.push(text.slice(at));
  return out;
}

/**
 * Puts a text on the clipboard, on pages without the clipboard interface too.
 * @param {HTMLInputElement} field holds the text
 * @returns {Promise<boolean>} whether it worked
 */
export async function copy(field) {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    field.focus();
    field.select();
    return document.execCommand("copy"); // the one way on http:// pages
  }
}
