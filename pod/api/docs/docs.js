// Shows /openapi.json as a page. All text goes in by textContent.

/**
 * @typedef {{$ref?: string, type?: string|string[], format?: string, items?: Schema, enum?: unknown[],
 *   properties?: Record<string, Schema>, required?: string[], description?: string, additionalProperties?: unknown,
 *   minimum?: number, maximum?: number, minLength?: number, maxLength?: number, maxItems?: number, default?: unknown}} Schema
 */

const deepest = 4; // levels of nested objects that a table shows

/**
 * Makes an element with text and children.
 * @param {string} tag @param {{className?: string, text?: string}} [options] @param {...Node} children
 */
function make(tag, options = {}, ...children) {
  const node = document.createElement(tag);
  if (options.className) node.className = options.className;
  if (options.text !== undefined) node.textContent = options.text;
  node.append(...children);
  return node;
}

/** Follows a reference within the document. @param {any} doc @param {Schema} schema @returns {Schema} */
function resolve(doc, schema) {
  if (!schema?.$ref) return schema ?? {};
  return schema.$ref.slice(2).split("/").reduce((at, key) => at?.[key], doc) ?? {};
}

/** Says a schema's type in a few words. @param {any} doc @param {Schema} schema @returns {string} */
function kind(doc, schema) {
  const s = resolve(doc, schema);
  const types = Array.isArray(s.type) ? s.type : [s.type ?? "any"];
  const words = types.map((type) => (type === "array" ? `list of ${kind(doc, s.items ?? {})}` : type === "null" ? "null" : type));
  const notes = [];
  if (s.format) notes.push(s.format);
  if (s.enum) notes.push(s.enum.join(" | "));
  if (s.minimum !== undefined || s.maximum !== undefined) notes.push(`${s.minimum ?? ""}–${s.maximum ?? ""}`);
  if (s.minLength !== undefined || s.maxLength !== undefined) notes.push(`${s.minLength ?? 0}–${s.maxLength ?? ""} characters`);
  if (s.default !== undefined) notes.push(`else ${JSON.stringify(s.default)}`);
  return words.join(" or ") + (notes.length ? ` (${notes.join(", ")})` : "");
}

/** Lists a schema's members, nested ones with a dotted name.
 * @param {any} doc @param {Schema} schema @param {string} prefix @param {number} depth @returns {string[][]} */
function members(doc, schema, prefix = "", depth = 0) {
  const s = resolve(doc, schema);
  if (s.items) return depth < deepest ? members(doc, s.items, `${prefix}[]`, depth + 1) : [];
  return Object.entries(s.properties ?? {}).flatMap(([name, member]) => {
    const path = prefix ? `${prefix}.${name}` : name;
    const inner = resolve(doc, member);
    const needed = s.required?.includes(name) ? "" : " (optional)";
    const row = [path, kind(doc, member) + needed, member.description ?? inner.description ?? ""];
    return [row, ...(depth < deepest && (inner.properties || inner.items) ? members(doc, inner, path, depth + 1) : [])];
  });
}

/** Makes a table of rows. @param {string[]} heads @param {string[][]} rows */
function table(heads, rows) {
  const head = make("tr", {}, ...heads.map((text) => make("th", { text })));
  const lines = rows.map((row) => make("tr", {}, ...row.map((text) => make("td", { text }))));
  return make("table", {}, make("thead", {}, head), make("tbody", {}, ...lines));
}

/** Makes the tables of one body. @param {any} doc @param {string} title @param {any} content */
function bodyTables(doc, title, content) {
  return Object.entries(content ?? {}).flatMap(([type, media]) => {
    const rows = members(doc, media.schema ?? {});
    const heading = make("h3", { text: `${title}: ${type}` });
    return rows.length ? [heading, table(["Field", "Type", "Meaning"], rows)] : [heading, make("p", { text: kind(doc, media.schema ?? {}) })];
  });
}

/** Makes one route. @param {any} doc @param {string} path @param {string} method @param {any} op */
function route(doc, path, method, op) {
  const box = make("div");
  if (op.description) box.append(make("p", { text: op.description }));
  if (op.security) box.append(make("p", { text: "Needs a token: Authorization: Bearer …" }));
  if (op.parameters?.length) {
    const rows = op.parameters.map((/** @type {any} */ p) => [p.name, `${kind(doc, p.schema)}, in the ${p.in}`, p.description ?? p.schema?.description ?? ""]);
    box.append(make("h3", { text: "Parameters" }), table(["Name", "Type", "Meaning"], rows));
  }
  box.append(...bodyTables(doc, "Body", op.requestBody?.content));
  for (const [status, response] of Object.entries(op.responses ?? {})) {
    const title = status === "default" ? "Answer to a fault" : `Answer ${status}`;
    const tables = bodyTables(doc, title, response.content);
    box.append(...(tables.length ? tables : [make("h3", { text: `${title}: ${response.description ?? ""}` })]));
  }
  const summary = make(
    "summary", {},
    make("span", { className: `method ${method}`, text: method.toUpperCase() }),
    make("span", { className: "path", text: path }),
    make("span", { className: "say", text: op.summary ?? "" }),
  );
  const details = make("details", {}, summary, box);
  details.dataset.words = `${method} ${path} ${op.summary ?? ""}`.toLowerCase();
  return details;
}

/** Puts the whole document on the page. @param {any} doc @param {HTMLElement} into */
function show(doc, into) {
  /** @type {Map<string, HTMLElement>} */
  const groups = new Map();
  for (const [path, item] of Object.entries(doc.paths)) {
    for (const [method, op] of Object.entries(/** @type {Record<string, any>} */ (item))) {
      const tag = op.tags?.[0] ?? "Other";
      let group = groups.get(tag);
      if (!group) {
        group = make("section", {}, make("h2", { text: tag }));
        groups.set(tag, group);
      }
      group.append(route(doc, path, method, op));
    }
  }
  into.replaceChildren(...groups.values());
}

/** Hides what does not have the words. @param {HTMLElement} routes @param {string} words */
function filter(routes, words) {
  for (const section of routes.querySelectorAll("section")) {
    let left = 0;
    for (const details of section.querySelectorAll("details")) {
      details.hidden = !(details.dataset.words ?? "").includes(words);
      if (!details.hidden) left++;
    }
    section.hidden = left === 0;
  }
}

const routes = /** @type {HTMLElement} */ (document.getElementById("routes"));
const find = /** @type {HTMLInputElement} */ (document.getElementById("find"));
find.addEventListener("input", () => filter(routes, find.value.trim().toLowerCase()));
try {
  const answer = await fetch("/openapi.json");
  if (!answer.ok) throw new Error(String(answer.status));
  show(await answer.json(), routes);
} catch {
  routes.textContent = "The document could not be loaded. Reload the page to try again.";
}
