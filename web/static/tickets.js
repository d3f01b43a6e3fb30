// Confirmed tickets, each with the code that the door reads.

import { h } from "./dom.js";
import { dateTime, placeName } from "./format.js";
import { qr } from "./qr.js";

export function tickets(b, e) {
  const seats = new Map(b.seats.map((s) => [s.id, s]));
  const order = new Map(b.seats.map((s, i) => [s.id, i]));
  const all = b.tickets.toSorted((x, y) => order.get(x.seat_id) - order.get(y.seat_id));
  return [
    h("p", null, "Thank you. Show one code for each person at the door, on the phone or on paper."),
    h("ul", { class: "tickets" }, all.map((t) => card(t, seats.get(t.seat_id), e))),
    h("p", { class: "row noprint" }, h("button", { type: "button", onclick: () => window.print() }, "Print"), h("a", { class: "button", href: "/bookings" }, "My bookings")),
  ];
}

function card(t, seat, e) {
  const name = seat ? placeName(seat) : t.seat_id;
  return h("li", { class: "ticket", "data-ticket": t.id },
    t.code && picture(t.code, `Code of the ticket for ${name}`),
    h("div", null, h("h2", null, name), h("p", null, e.name), h("p", { class: "small" }, `${e.venue.name} · doors ${dateTime(e.doors_at)}`),
      t.status !== "live" && h("span", { class: `tag ${t.status}` }, t.status.replaceAll("_", " ")),
      t.code && h("details", { class: "small" }, h("summary", null, "Code as text"), h("p", { class: "code" }, t.code))));
}

// picture draws a QR code as one path, dark on white whatever the page's colours
// are, with the four modules of quiet around it that readers need.
function picture(text, label) {
  const rows = qr(text);
  const size = rows.length + 8;
  let d = "";
  rows.forEach((row, y) => row.forEach((dark, x) => { if (dark) d += `M${x + 4} ${y + 4}h1v1h-1z`; }));
  return h("svg", { class: "qr", viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": label, "shape-rendering": "crispEdges" },
    h("rect", { width: size, height: size, fill: "#fff" }), h("path", { d, fill: "#000" }));
}
