// The list of events, and the search.

import { get, missing } from "./api.js";
import { fill, h, say, sleep } from "./dom.js";
import { count, date, from, plural, time, where } from "./format.js";
import { show } from "./problems.js";

const pageSize = 24;

// Whether /v1/search is there is found out by the first search.
let searchable = true;
let catalogue = null; // All upcoming events, for searching without it.

export default async function page({ query, signal }) {
  const view = {
    signal, list: h("ul", { class: "events" }), more: h("div", { class: "center" }), note: h("p", { class: "small", role: "status" }),
    trouble: h("div"), q: query.get("q") ?? "",
  };
  const input = h("input", {
    type: "search", name: "q", value: view.q, placeholder: "Artist, event, city or venue", autocomplete: "off", maxlength: "100",
    "aria-label": "Search events", oninput: () => search(view, input.value, 250),
  });
  const form = h("form", { role: "search", class: "search", onsubmit: (e) => { e.preventDefault(); search(view, input.value, 0); } },
    input, h("button", { class: "primary" }, "Search"));
  await load(view);
  return [h("section", { class: "intro" }, h("h1", null, "Upcoming events"), form), view.trouble, view.note, view.list, view.more];
}

// search shows what matches, once the buyer pauses.
async function search(view, text, pause) {
  const q = text.trim();
  if (q === view.q) return;
  view.q = q;
  history.replaceState(null, "", q ? `/?q=${encodeURIComponent(q)}` : "/");
  try {
    await sleep(pause, view.signal);
    if (view.q === q) await load(view);
  } catch (error) {
    if (!view.signal.aborted) throw error;
  }
}

// load shows the first page of events, or adds the next one.
async function load(view, cursor) {
  const q = view.q;
  let found;
  try {
    found = q ? await matches(q, cursor, view.signal) : await upcoming(cursor, view.signal);
  } catch (error) {
    if (view.signal.aborted) throw error;
    show(view.trouble, error, () => load(view, cursor));
    return;
  }
  if (view.q !== q) return; // The buyer typed on; that search shows its own.
  show(view.trouble, null);
  if (!cursor) fill(view.list);
  view.list.append(...found.items.map((e) => h("li", null, card(e))));
  view.note.textContent = q ? `${plural(found.total ?? found.items.length, "event", "events")} for “${q}”` : "";
  if (q) say(view.note.textContent);
  const next = found.next_cursor;
  fill(view.more, next && h("button", { type: "button", onclick: () => load(view, next) }, "Show more events"));
}

const upcoming = (cursor, signal) => get(`/v1/events?limit=${pageSize}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal, open: true });

async function matches(q, cursor, signal) {
  if (searchable) {
    try {
      const after = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
      return await get(`/v1/search?q=${encodeURIComponent(q)}&limit=${pageSize}${after}`, { signal, open: true });
    } catch (error) {
      if (!missing(error)) throw error;
      searchable = false;
    }
  }
  return filtered(q, signal);
}

// filtered searches the upcoming events here, word by word.
async function filtered(q, signal) {
  catalogue ??= await everything(signal);
  const words = plain(q).split(/\s+/);
  const items = catalogue.filter(({ text }) => words.every((w) => text.includes(w))).map(({ event }) => event);
  return { items: items.slice(0, 60), total: items.length };
}

async function everything(signal) {
  const all = [];
  let cursor = "";
  for (let i = 0; i < 10; i++) {
    const list = await get(`/v1/events?limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal, open: true });
    for (const event of list.items) {
      all.push({ event, text: plain([event.name, event.artist, event.genre, event.venue.name, where(event.venue)].join(" ")) });
    }
    cursor = list.next_cursor;
    if (!cursor) break;
  }
  return all;
}

// plain takes case and accents away.
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

// card shows one event in the list.
function card(e) {
  return h("a", { class: "event card", href: `/events/${e.slug ?? e.id}` },
    poster(e),
    h("div", { class: "what" },
      h("p", { class: "when" }, e.starts_at ? `${date(e.starts_at)} · ${time(e.starts_at)}` : ""),
      h("h2", null, e.name),
      h("p", null, e.artist),
      e.venue && h("p", { class: "small" }, `${e.venue.name}, ${where(e.venue)}`),
      h("p", { class: "line" }, state(e), from(e) && h("span", { class: "price" }, `from ${from(e)}`))));
}

// poster paints a picture for an event out of its artist's name.
export function poster(e) {
  const name = e.artist || e.name;
  let hue = 7;
  for (const c of name) hue = (hue * 31 + c.codePointAt(0)) % 360;
  const el = h("div", { class: "poster", "aria-hidden": "true" }, h("span", null, initials(name)));
  el.style.setProperty("--hue", hue);
  return el;
}

const initials = (name) => name.split(/\s+/).slice(0, 2).map((w) => [...w][0]).join("").toUpperCase();

const states = {
  on_sale: "On sale", scheduled: "Soon on sale", sold_out: "Sold out", postponed: "Postponed", canceled: "Canceled", past: "Over", draft: "Draft",
};

// state shows an event's status, and that few places are left.
export function state(e) {
  const { available, capacity } = e.availability ?? {};
  if (e.status === "on_sale" && e.waiting_room) return h("span", { class: "tag busy" }, "Waiting room");
  if (e.status === "on_sale" && available !== null && available < capacity * 0.05) return h("span", { class: "tag few" }, `${count(available)} left`);
  return h("span", { class: `tag ${e.status}` }, states[e.status] ?? e.status);
}
