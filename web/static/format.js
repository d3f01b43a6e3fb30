// Money, dates and names as the buyer's browser writes them.

const money = new Map();

// price writes {amount, currency}, the amount in minor units.
export function price(m) {
  if (!money.has(m.currency)) money.set(m.currency, new Intl.NumberFormat(undefined, { style: "currency", currency: m.currency }));
  const format = money.get(m.currency);
  return format.format(m.amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

export const plus = (a, b) => ({ amount: a.amount + b.amount, currency: a.currency });

// full is what a place of a category costs: its price and its fee.
export const full = (p) => plus(p.price, p.fee ?? { amount: 0, currency: p.price.currency });

// from writes the lowest price of an event, or "" when it has none.
export function from(event) {
  const all = (event.prices ?? []).map(full).sort((a, b) => a.amount - b.amount);
  return all.length === 0 ? "" : price(all[0]);
}

const number = new Intl.NumberFormat();
export const count = (n) => number.format(n);

const day = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short", year: "numeric" });
const moment = new Intl.DateTimeFormat(undefined, {
  weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
});
const hour = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
export const date = (t) => day.format(new Date(t));
export const time = (t) => hour.format(new Date(t));
export const dateTime = (t) => moment.format(new Date(t));

const regions = new Intl.DisplayNames(undefined, { type: "region" });

// where names a venue's city and country.
export function where(venue) {
  let country = venue.country;
  try {
    country = regions.of(venue.country);
  } catch { /* A code that is new to the browser is shown as it is. */ }
  return `${venue.city}, ${country}`;
}

// left writes a duration in milliseconds as m:ss or h:mm:ss.
export function left(ms) {
  const s = Math.max(0, Math.ceil(ms / 1000));
  const parts = [Math.floor(s / 60) % 60, s % 60].map((n) => String(n).padStart(2, "0"));
  return s >= 3600 ? `${Math.floor(s / 3600)}:${parts.join(":")}` : `${Number(parts[0])}:${parts[1]}`;
}

// about writes a duration in seconds roughly, as one speaks of a queue.
export function about(seconds) {
  if (seconds < 60) return "less than a minute";
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return minutes === 1 ? "about a minute" : `about ${minutes} minutes`;
  const hours = Math.round(minutes / 6) / 10;
  return hours === 1 ? "about an hour" : `about ${count(hours)} hours`;
}

// placeName names a seat, or a standing place, which has no row.
export function placeName(seat) {
  if (seat.row === "") return `${seat.zone}, standing`;
  return `Block ${seat.zone}, row ${seat.row}, seat ${seat.number}`;
}

export const plural = (n, one, many) => `${count(n)} ${n === 1 ? one : many}`;
