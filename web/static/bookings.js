// The buyer's bookings.

import { event, get, post } from "./api.js";
import { ask, busy, fill, h, say } from "./dom.js";
import { date, dateTime, placeName, plural, price } from "./format.js";
import { show } from "./problems.js";
import { loggedIn } from "./session.js";

export default async function page({ signal, go }) {
  if (!loggedIn()) {
    go("/login?next=%2Fbookings", { replace: true });
    return undefined;
  }
  const list = h("ul", { class: "bookings" });
  const more = h("div", { class: "center" });
  const trouble = h("div");
  await load("");
  return [h("h1", null, "My bookings"), trouble, list, more];

  async function load(cursor) {
    const found = await get(`/v1/me/bookings?limit=20${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
    const items = await Promise.all(found.items.map((b) => item(b, signal, trouble)));
    list.append(...items);
    if (!cursor && items.length === 0) fill(more, h("p", null, "You have no bookings yet."), h("a", { class: "button", href: "/" }, "See all events"));
    else fill(more, found.next_cursor && h("button", { type: "button", onclick: () => load(found.next_cursor).catch((e) => show(trouble, e)) }, "Show older bookings"));
  }
}

const words = {
  pending: "Being held", held: "Held, not paid", paying: "Being paid", action_required: "Waiting for your bank or PayPal", confirmed: "Confirmed",
  expired: "Expired", canceled: "Canceled", failed: "Failed", refunding: "Being refunded", refunded: "Refunded", needs_attention: "Being looked into",
};

// statusTag shows a booking's status in words.
export const statusTag = (b) => h("span", { class: `tag ${b.status}`, "data-status": b.status }, words[b.status] ?? b.status);

// canGiveUp tells whether a booking may be canceled by its buyer.
export const canGiveUp = (b) => b.status === "held" || b.status === "action_required";

async function item(b, signal, trouble) {
  const e = await event(b.event_id, { signal }).catch(() => null);
  const el = h("li", { class: "card" });
  draw(b);
  return el;

  function draw(next) {
    fill(el,
      h("div", null, h("p", { class: "when" }, e ? dateTime(e.starts_at) : `Booked on ${date(next.created_at)}`),
        h("h2", null, h("a", { href: `/bookings/${next.id}` }, e?.name ?? "Booking")),
        h("p", { class: "small" }, [...new Set(next.seats.slice(0, 4).map(placeName))].join("; "), next.seats.length > 4 ? " …" : "")),
      h("div", { class: "side" }, statusTag(next), h("p", { class: "price" }, plural(next.seats.length, "ticket", "tickets"), " · ", price(next.total)),
        canGiveUp(next) && h("button", { type: "button", onclick: (click) => busy(click.currentTarget, () => cancel(next)) }, "Cancel")));
  }

  async function cancel(current) {
    const canceled = await giveUp(current, trouble);
    if (canceled) draw(canceled);
  }
}

// giveUp cancels a booking after asking, and gives what became of it; null when
// the buyer keeps it or it did not work.
export async function giveUp(b, trouble) {
  if (!await ask("Give these places back? Others can then book them.", "Give them back", "Keep them")) return null;
  try {
    const canceled = await post(`/v1/bookings/${b.id}/cancel`, undefined);
    show(trouble, null);
    say("The booking is canceled.");
    return canceled;
  } catch (error) {
    show(trouble, error);
    return null;
  }
}
