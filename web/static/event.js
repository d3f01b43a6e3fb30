// One event: when, where, what it costs, and the ways to tickets.

import { event, now } from "./api.js";
import { bestForm } from "./best.js";
import { news } from "./changes.js";
import { fill, h, sleep } from "./dom.js";
import { poster, state } from "./events.js";
import { count, dateTime, left, price, where } from "./format.js";
import { admission } from "./admission.js";
import { explain } from "./problems.js";

export default async function page({ id, signal, go }) {
  const e = await event(id, { fresh: true, signal });
  const ways = h("section", { class: "card", id: "tickets", "aria-labelledby": "tickets-title" });
  showWays(ways, e, go, signal);
  follow(e, ways, go, signal);
  return [
    h("section", { class: "hero" }, poster(e), h("div", null,
      h("p", { class: "when" }, dateTime(e.starts_at)), h("h1", null, e.name),
      h("p", { class: "artist" }, e.artist, " · ", e.genre), h("p", { class: "line" }, state(e)))),
    h("div", { class: "columns" },
      h("div", null, facts(e), e.description && h("p", { class: "card prose" }, e.description)),
      h("div", null, prices(e), ways)),
  ];
}

function facts(e) {
  const free = e.availability.available;
  const rows = [
    ["Venue", `${e.venue.name}, ${where(e.venue)}`], ["Doors", dateTime(e.doors_at)], ["Start", dateTime(e.starts_at)],
    ["On sale", dateTime(e.on_sale_at)], ["Per buyer", `up to ${count(e.max_tickets_per_buyer)} tickets`],
    ["Free places", h("span", { id: "free" }, free === null ? "not known at the moment" : `${count(free)} of ${count(e.availability.capacity)}`)],
  ];
  return h("dl", { class: "card facts" }, rows.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value))));
}

function prices(e) {
  return h("div", { class: "card" }, h("table", { class: "prices" }, h("caption", null, "Prices"),
    h("thead", null, h("tr", null, ["Category", "Price", "Fee"].map((t) => h("th", { scope: "col" }, t)))),
    h("tbody", null, e.prices.map((p) => h("tr", null, h("th", { scope: "row" }, p.category), h("td", null, price(p.price)), h("td", null, price(p.fee)))))));
}

// showWays offers what the event's status allows.
function showWays(el, e, go, signal) {
  fill(el, h("h2", { id: "tickets-title" }, "Tickets"), waysOf(e, go, signal));
}

function waysOf(e, go, signal) {
  switch (e.status) {
    case "scheduled":
      return soon(e, signal, go);
    case "sold_out":
      return h("p", null, "All tickets are sold or held. Some come back when holds run out: look again in a few minutes.");
    case "on_sale":
      return e.waiting_room && !admission(e.id) ? queueWay(e) : onSale(e, go);
    default:
      return [news(e), h("p", null, { postponed: "There are no tickets until its new date is set.", past: "The event is over." }[e.status] ?? "There are no tickets.")];
  }
}

const onSale = (e, go) => [
  h("p", null, h("a", { class: "button primary big", href: `/events/${e.slug}/seats` }, "Choose on the seat map")),
  h("h3", null, "Or take the best available"), bestForm(e, go),
];

const queueWay = (e) => [
  h("p", null, "Many people want tickets for this event. Everybody gets a place in the waiting room, one for each account, and keeps it."),
  h("a", { class: "button primary big", href: `/events/${e.slug}/queue` }, "Go to the waiting room"),
];

function soon(e, signal, go) {
  const clock = h("strong", { class: "clock", role: "timer" });
  countDown(e, clock, signal, go);
  return [h("p", null, `The sale starts on ${dateTime(e.on_sale_at)}.`), clock,
    e.waiting_room && h("p", null, "Who is in the waiting room before the start takes part in the draw for the places."),
    e.waiting_room && h("a", { class: "button primary big", href: `/events/${e.slug}/queue` }, "Go to the waiting room")];
}

// countDown ticks to the start of the sale, and shows the page anew then.
async function countDown(e, clock, signal, go) {
  const start = Date.parse(e.on_sale_at);
  try {
    while (start > now()) {
      const days = Math.floor((start - now()) / 86_400_000);
      clock.textContent = days > 1 ? `in ${days} days` : `in ${left(start - now())}`;
      await sleep(1000, signal);
    }
    await sleep(1000 + Math.random() * 2000, signal); // So that not everybody asks in the same moment.
    go(location.pathname, { replace: true });
  } catch { /* The page was left. */ }
}

// follow keeps the number of free places current while somebody looks.
async function follow(e, ways, go, signal) {
  try {
    for (;;) {
      await sleep(8000 + Math.random() * 4000, signal);
      if (document.hidden) continue;
      const next = await event(e.id, { fresh: true, signal }).catch(() => null);
      if (!next) continue;
      const free = document.getElementById("free");
      if (free && next.availability.available !== null) {
        free.textContent = `${count(next.availability.available)} of ${count(next.availability.capacity)}`;
      }
      if (next.status !== e.status) {
        showWays(ways, next, go, signal);
        return;
      }
    }
  } catch (error) {
    if (!signal.aborted) ways.append(explain(error));
  }
}
