// What became of an event since its tickets were sold, and what buyers may do.

import { now } from "./api.js";
import { h } from "./dom.js";
import { dateTime } from "./format.js";

// mayGiveBack tells whether buyers may give their tickets back by themselves now.
// The API decides; this only spares them a button that would be refused.
export function mayGiveBack(e) {
  const until = e.refunds_until ? Date.parse(e.refunds_until) : null;
  if (e.status === "postponed") return until === null || now() < until;
  if (e.status === "canceled" || e.status === "past") return false;
  if (until !== null && now() < until) return true;
  const hours = e.refunds?.until_hours_before_start ?? null;
  return hours !== null && now() < Date.parse(e.starts_at) - hours * 3_600_000;
}

// news tells of a canceled or a postponed event, with the organizer's reason;
// null when nothing has changed.
export function news(e) {
  const what = {
    canceled: "The event is canceled. Whoever has tickets gets the money back, without doing anything.",
    postponed: "The event is postponed. Tickets stay good for its new date.",
  }[e.status];
  const until = e.refunds_until && mayGiveBack(e) && `You may give your tickets back until ${dateTime(e.refunds_until)}.`;
  if (!what && !until) return null;
  return h("div", { class: "news", role: "note" }, [what, e.status_reason && `The organizer writes: ${e.status_reason}`, until]
    .filter(Boolean).map((line) => h("p", null, line)));
}
