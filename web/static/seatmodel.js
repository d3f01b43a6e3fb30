// An event's places in memory: where they are, what they cost, which are free.

import { full } from "./format.js";

const free = "a".charCodeAt(0);

// SeatModel joins the seating plan, the prices and the live state. Seats are
// named by index. Standing areas have no seats of their own on the map: all
// their places lie at one point.
export class SeatModel {
  constructor(plan, event) {
    this.seats = plan.seats;
    this.event = event;
    const n = plan.seats.length;
    this.xs = new Float32Array(n);
    this.ys = new Float32Array(n);
    this.category = new Uint8Array(n);
    this.state = new Uint8Array(n); // Nothing is known before the first snapshot, so nothing is free.
    this.known = false;
    this.chosen = new Set();
    this.byId = new Map();
    this.categories = plan.categories.map((c) => ({ ...c, price: priceOf(event, c.name), free: 0 }));
    this.seated = [];
    this.areas = [];
    this.zones = [];
    this.rows = [];
    this.read(plan);
    this.measure();
  }

  read(plan) {
    const numbers = new Map(plan.categories.map((c, i) => [c.name, i]));
    const zones = new Map();
    let row = null;
    for (const s of plan.seats) {
      const i = s.index;
      this.byId.set(s.id, i);
      this.xs[i] = s.x;
      this.ys[i] = s.y;
      this.category[i] = numbers.get(s.category) ?? 0;
      const standing = s.row === "";
      const key = `${standing}/${s.zone}`;
      if (!zones.has(key)) zones.set(key, { name: s.zone, standing, places: [], free: 0, x: 0, y: 0, half: 0 });
      zones.get(key).places.push(i);
      if (standing) continue;
      this.seated.push(i);
      if (row?.zone === s.zone && row.name === s.row) row.last = i;
      else this.rows.push(row = { zone: s.zone, name: s.row, first: i, last: i });
    }
    this.zones = [...zones.values()];
    this.areas = this.zones.filter((z) => z.standing);
  }

  // measure finds the bounds of the map, the middles of zones and how much room
  // there is around each standing area.
  measure() {
    for (const z of this.zones) {
      z.x = mean(z.places, this.xs);
      z.y = mean(z.places, this.ys);
    }
    for (const a of this.areas) {
      let room = Infinity;
      for (const i of this.seated) room = Math.min(room, Math.hypot(this.xs[i] - a.x, this.ys[i] - a.y));
      for (const b of this.areas) if (b !== a) room = Math.min(room, Math.hypot(b.x - a.x, b.y - a.y) * 0.6);
      a.half = Number.isFinite(room) ? room * 0.7 : 200;
    }
    const at = (values, half) => [...this.seated.map((i) => values[i]), ...this.areas.flatMap((a) => [half(a, -1), half(a, 1)])];
    const xs = at(this.xs, (a, s) => a.x + s * a.half);
    const ys = at(this.ys, (a, s) => a.y + s * a.half);
    this.bounds = { x: least(xs) - 40, y: least(ys) - 40, right: -least(xs.map((v) => -v)) + 40, bottom: -least(ys.map((v) => -v)) + 40 };
  }

  isFree(i) { return this.state[i] === free; }

  seat(i) { return this.seats[i]; }

  categoryOf(i) { return this.categories[this.category[i]]; }

  // snapshot takes the whole state, a letter for each place.
  snapshot(letters) {
    for (let i = 0; i < this.state.length; i++) this.state[i] = letters.charCodeAt(i);
    this.known = true;
    this.count();
  }

  // delta takes changes and gives the indexes whose state is another now.
  delta(changes) {
    const changed = changes.filter(([i, letter]) => this.state[i] !== letter.charCodeAt(0));
    for (const [i, letter] of changed) this.state[i] = letter.charCodeAt(0);
    this.count();
    return changed.map(([i]) => i);
  }

  count() {
    for (const c of this.categories) c.free = 0;
    for (const z of this.zones) {
      z.free = 0;
      for (const i of z.places) {
        if (this.state[i] !== free) continue;
        z.free++;
        this.categories[this.category[i]].free++;
      }
    }
  }

  // lost gives chosen places that somebody else has taken, and drops them.
  lost() {
    const gone = this.known ? [...this.chosen].filter((i) => !this.isFree(i)) : [];
    for (const i of gone) this.chosen.delete(i);
    return gone;
  }

  // placeIn finds a free standing place that is not chosen yet, anywhere in the
  // area: if everybody took the first one, all but one would be refused.
  placeIn(area) {
    const open = area.places.filter((i) => this.isFree(i) && !this.chosen.has(i));
    return open.length > 0 ? open[Math.floor(Math.random() * open.length)] : -1;
  }
}

function priceOf(event, category) {
  const p = event.prices.find((x) => x.category === category);
  return p ? full(p) : null;
}

const mean = (places, values) => places.reduce((sum, i) => sum + values[i], 0) / places.length;
const least = (values) => values.reduce((a, b) => Math.min(a, b), Infinity);
