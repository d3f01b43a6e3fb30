// Holding places: from a choice to a booking.

import { admission, keepAdmission } from "./admission.js";
import { again, attempt, pending } from "./attempts.js";
import { say } from "./dom.js";
import { loggedIn } from "./session.js";

const name = (event) => `hold.${event.id}`;

// hold books what the wish asks for ({seats} or {best_available}) and goes to
// the booking, which it gives. Who is not logged in does that first and comes
// back; the answer is null then.
export async function hold(event, wish, go) {
  if (!loggedIn()) {
    go(`/login?next=${encodeURIComponent(location.pathname)}`);
    return null;
  }
  const body = { event_id: event.id, ...wish };
  const admitted = admission(event.id);
  if (admitted) body.admission = admitted;
  return settle(event, () => attempt(name(event), "/v1/bookings", body), go);
}

// resume repeats a hold whose answer was lost with the page, and gives its
// booking; null when there was none.
export async function resume(event, go) {
  if (!loggedIn() || !pending(name(event))) return null;
  say("Asking what became of your last request.");
  return settle(event, () => again(name(event)), go);
}

async function settle(event, request, go) {
  try {
    const booking = await request();
    await go(`/bookings/${booking.id}`);
    return booking;
  } catch (error) {
    if (error.status === 401) {
      go(`/login?next=${encodeURIComponent(location.pathname)}`);
      return null;
    }
    if (error.code === "admission-required") {
      keepAdmission(event.id, null);
      go(`/events/${event.slug}/queue`);
      return null;
    }
    throw error;
  }
}
