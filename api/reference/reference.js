// Renders /openapi.json: a list of operations by tag, and for each its
// parameters, body and answers. Text from the contract is only ever set as
// text, never as markup.
"use strict";

const methods = ["get", "post", "put", "patch", "delete"];

function el(tag, props, ...children) {
  const node = Object.assign(document.createElement(tag), props || {});
  node.append(...children.filter((c) => c !== null && c !== undefined));
  return node;
}

function resolve(doc, schema) {
  let at = schema;
  for (let hops = 0; at && at.$ref && hops < 10; hops++) {
    at = at.$ref.slice(2).split("/").reduce((o, key) => o && o[key], doc);
  }
  return at || {};
}

function typeOf(doc, schema) {
  const name = schema && schema.$ref ? schema.$ref.split("/").pop() : "";
  const s = resolve(doc, schema);
  const types = [].concat(s.type || []);
  if (types.includes("array")) return "list of " + typeOf(doc, s.items || {});
  let text = name || types.join(" or ") || "any";
  if (s.format) text += " (" + s.format + ")";
  if (s.enum) text += ": " + s.enum.join(" | ");
  return text;
}

function bounds(s) {
  const words = { minimum: "≥", maximum: "≤", minLength: "length ≥", maxLength: "length ≤", minItems: "items ≥", maxItems: "items ≤", default: "default", pattern: "pattern" };
  return Object.keys(words).filter((k) => s[k] !== undefined).map((k) => words[k] + " " + s[k]).join(", ");
}

function rows(doc, schema, prefix, depth) {
  let s = resolve(doc, schema);
  if (s.type === "array" || (Array.isArray(s.type) && s.type.includes("array"))) {
    return rows(doc, s.items || {}, prefix + "[]", depth);
  }
  if (!s.properties || depth > 3) return [];
  const required = new Set(s.required || []);
  return Object.entries(s.properties).flatMap(([name, prop]) => {
    const at = prefix ? prefix + "." + name : name;
    const inner = resolve(doc, prop);
    const about = [prop.description || inner.description, bounds(inner)].filter(Boolean).join(" — ");
    return [el("tr", null,
      el("td", null, el("code", { textContent: at }), required.has(name) ? " *" : ""),
      el("td", { textContent: typeOf(doc, prop) }),
      el("td", { textContent: about })), ...rows(doc, prop, at, depth + 1)];
  });
}

function table(head, body) {
  if (!body.length) return null;
  return el("table", null,
    el("thead", null, el("tr", null, ...head.map((h) => el("th", { textContent: h })))),
    el("tbody", null, ...body));
}

function parameters(doc, op) {
  return table(["Parameter", "In", "Type", ""], (op.parameters || []).map((p) => el("tr", null,
    el("td", null, el("code", { textContent: p.name }), p.required ? " *" : ""),
    el("td", { textContent: p.in }),
    el("td", { textContent: typeOf(doc, p.schema || {}) }),
    el("td", { textContent: [p.description, bounds(p.schema || {})].filter(Boolean).join(" — ") }))));
}

function content(doc, part) {
  return Object.entries((part && part.content) || {}).flatMap(([kind, media]) => [
    el("p", { className: "note", textContent: kind + (media.schema ? " · " + typeOf(doc, media.schema) : "") }),
    media.schema ? table(["Field", "Type", ""], rows(doc, media.schema, "", 0)) : null,
  ]);
}

function operation(doc, path, method, op) {
  const section = el("section", { className: "op", id: op.operationId },
    el("h3", { textContent: op.summary || op.operationId }),
    el("p", null, el("span", { className: "method", textContent: method.toUpperCase() }), " ", el("span", { className: "path", textContent: path })),
    op.description ? el("p", { textContent: op.description }) : null,
    (op.security || []).some((s) => s.bearer) ? el("p", { className: "note", textContent: "Authorization: Bearer, an access token" + (op.security.some((s) => !Object.keys(s).length) ? " (optional)" : "") }) : null,
    parameters(doc, op));
  if (op.requestBody) section.append(el("h4", { textContent: "Body" }), ...content(doc, op.requestBody).filter(Boolean));
  for (const [status, answer] of Object.entries(op.responses || {})) {
    section.append(el("h4", { textContent: status + " " + (answer.description || "") }), ...content(doc, answer).filter(Boolean));
  }
  return section;
}

function render(doc) {
  const main = document.getElementById("main");
  const toc = document.getElementById("toc");
  main.replaceChildren(
    el("h1", { textContent: doc.info.title + " API " + doc.info.version }),
    el("p", { textContent: doc.info.description || "" }),
    el("p", null, "The contract itself: ", el("a", { href: "/openapi.json", textContent: "/openapi.json" }), " (OpenAPI " + doc.openapi + ")"));
  const groups = new Map();
  for (const [path, item] of Object.entries(doc.paths || {})) {
    for (const method of methods.filter((m) => item[m])) {
      const tag = (item[method].tags || ["Other"])[0];
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push([path, method, item[method]]);
    }
  }
  for (const [tag, list] of groups) {
    toc.append(el("h2", { textContent: tag }));
    main.append(el("h2", { textContent: tag }));
    for (const [path, method, op] of list) {
      toc.append(el("a", { href: "#" + op.operationId, textContent: op.summary || method.toUpperCase() + " " + path }));
      main.append(operation(doc, path, method, op));
    }
  }
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

fetch("/openapi.json")
  .then((answer) => answer.ok ? answer.json() : Promise.reject(new Error("status " + answer.status)))
  .then(render)
  .catch((err) => { document.getElementById("main").textContent = "The contract could not be read: " + err.message; });
