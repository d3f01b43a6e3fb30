// The admissions that waiting rooms have given, by event, and the buyer's choice
// of seats. Both last as long as the tab.

import { now } from "./api.js";

const place = (eventId) => `yourticket.admission.${eventId}`;

// admission gives the signed admission to an event, or null when there is none
// or its time is over.
export function admission(eventId) {
  const a = entry(eventId);
  return a && Date.parse(a.expires_at) > now() ? a.admission : null;
}

// entry gives {admission, expires_at}, over or not; null when there is none.
export function entry(eventId) {
  try {
    return JSON.parse(sessionStorage.getItem(place(eventId)));
  } catch {
    return null;
  }
}

export function keepAdmission(eventId, a) {
  if (a) sessionStorage.setItem(place(eventId), JSON.stringify(a));
  else sessionStorage.removeItem(place(eventId));
}

const choice = (eventId) => `yourticket.choice.${eventId}`;

// keepChoice remembers chosen seats while the buyer logs in or reloads.
export function keepChoice(eventId, ids) {
  if (ids.length > 0) sessionStorage.setItem(choice(eventId), JSON.stringify(ids));
  else sessionStorage.removeItem(choice(eventId));
}

export function chosen(eventId) {
  try {
    return JSON.parse(sessionStorage.getItem(choice(eventId))) ?? [];
  } catch {
    return [];
  }
}
