// Choosing places on the seat map.

import { admission, chosen, entry, keepAdmission, keepChoice } from "./admission.js";
import { event, get, now } from "./api.js";
import { busy, fill, h, say } from "./dom.js";
import { count, dateTime, left, placeName, plural, plus, price } from "./format.js";
import { hold, resume } from "./hold.js";
import { watch } from "./live.js";
import { show } from "./problems.js";
import { SeatMap } from "./seatmap.js";
import { SeatModel } from "./seatmodel.js";

export default async function page({ id, signal, go }) {
  const e = await event(id, { fresh: true, signal });
  if (e.waiting_room && !admission(e.id)) {
    go(`/events/${e.slug}/queue`, { replace: true });
    return undefined;
  }
  const plan = await get(`/v1/events/${e.id}/seatmap`, { signal });
  return new Chooser(e, new SeatModel(plan, e), go, signal).page();
}

// Chooser is the page: the map, what is chosen, and the way on.
class Chooser {
  constructor(e, model, go, signal) {
    Object.assign(this, { e, model, go, signal, holding: false });
    this.canvas = h("canvas", {
      tabindex: "0", role: "application", "aria-describedby": "map-help",
      "aria-label": "Seat map. Arrow keys go from one free seat to the next, Enter chooses, plus and minus zoom, zero shows everything.",
    });
    this.line = h("p", { class: "spot", id: "spot" }, "Loading what is free …");
    this.how = h("span", { class: "how" });
    this.legend = h("div", { class: "legend", role: "group", "aria-label": "Categories shown" });
    this.list = h("ul", { class: "chosen" });
    this.sum = h("p", { class: "sum" });
    this.trouble = h("div");
    this.button = h("button", { type: "button", class: "primary big", onclick: () => this.submit() }, "Hold these places");
    this.place = h("div", { class: "map" });
  }

  page() {
    const { e } = this;
    const zones = h("select", { "aria-label": "Go to a block", onchange: (ev) => this.visit(ev.target.value) },
      h("option", { value: "" }, "Go to a block …"),
      this.model.zones.map((z, i) => h("option", { value: String(i) }, z.standing ? `${z.name} (standing)` : z.name)));
    const tool = (name, text, f) => h("button", { type: "button", "aria-label": name, title: name, onclick: f }, text);
    this.place.append(this.canvas, h("div", { class: "tools" },
      tool("Zoom in", "+", () => this.map.zoom(1.6)), tool("Zoom out", "−", () => this.map.zoom(1 / 1.6)), tool("Show everything", "⤢", () => this.map.fit())));
    requestAnimationFrame(() => this.start());
    return [
      h("section", { class: "head" }, h("p", { class: "small" }, h("a", { href: `/events/${e.slug}` }, "← ", e.artist), " · ", dateTime(e.starts_at)),
        h("h1", null, `Seats for ${e.name}`), this.admitted()),
      h("div", { class: "seats" },
        h("section", { "aria-label": "Seat map" }, h("div", { class: "row" }, zones, this.how), this.legend, this.place, this.line,
          h("p", { class: "small", id: "map-help" }, "Drag to move, pinch or scroll to zoom, press a seat to choose it. By keyboard: arrow keys, Enter, plus and minus.")),
        h("aside", { class: "card basket", "aria-label": "Chosen places" }, h("h2", null, "Your places"), this.list, this.sum, this.trouble, this.button,
          h("p", { class: "small" }, "Places are held for you while you pay. ", h("a", { href: `/events/${e.slug}#tickets` }, "Or take the best available.")))),
    ];
  }

  // admitted counts down the time that the waiting room has given.
  admitted() {
    const a = this.e.waiting_room && entry(this.e.id);
    if (!a) return null;
    const el = h("p", { class: "small", role: "timer" });
    const tick = setInterval(() => {
      const rest = Date.parse(a.expires_at) - now();
      el.textContent = `Your turn ends in ${left(rest)}.`;
      if (rest > 0) return;
      clearInterval(tick);
      keepAdmission(this.e.id, null);
      this.go(`/events/${this.e.slug}/queue`);
    }, 1000);
    this.signal.addEventListener("abort", () => clearInterval(tick), { once: true });
    return el;
  }

  start() {
    if (this.signal.aborted) return;
    this.map = new SeatMap(this.canvas, this.model, { pick: (s) => this.pick(s), point: (s) => this.point(s), zoom: () => {} }, this.signal);
    this.update();
    watch(this.e.id, {
      snapshot: (letters) => { this.model.snapshot(letters); this.restore(); this.refresh(null); },
      delta: (changes) => this.refresh(this.model.delta(changes)),
      how: (how) => this.tell(how),
    }, this.signal);
    this.request(() => resume(this.e, this.go));
  }

  tell(how) {
    const text = { stream: "Live", polling: "Updated every few seconds", away: "Not up to date: the shop does not answer" }[how];
    if (this.how.textContent === text) return;
    this.how.textContent = text;
    this.how.dataset.how = how;
  }

  // restore takes up what was chosen before a login or a reload.
  restore() {
    if (this.restored) return;
    this.restored = true;
    for (const seat of chosen(this.e.id)) {
      const i = this.model.byId.get(seat);
      if (i !== undefined && this.model.isFree(i) && this.model.chosen.size < this.e.max_tickets_per_buyer) this.model.chosen.add(i);
    }
    this.update();
    this.point(null);
  }

  // refresh shows a changed state; changed is null for all of it.
  refresh(changed) {
    const lost = this.holding ? [] : this.model.lost();
    if (lost.length > 0) {
      this.update();
      const names = lost.map((i) => placeName(this.model.seat(i))).join("; ");
      fill(this.trouble, h("p", { class: "problem", role: "alert" }, `Somebody else took what you had chosen: ${names}.`));
    }
    if (changed === null || lost.length > 0) this.map.dirty();
    else this.map.changed(changed);
    this.showLegend();
  }

  showLegend() {
    clearTimeout(this.legendLater);
    this.legendLater = setTimeout(() => this.fillLegend(), this.legend.firstChild ? 500 : 0);
  }

  fillLegend() {
    this.model.categories.forEach((c, k) => {
      const text = `${c.name} · ${c.price ? price(c.price) : ""} · ${count(c.free)} free`;
      let item = this.legend.children[k];
      if (!item) {
        const dot = h("i", { "aria-hidden": "true" });
        dot.style.background = c.color;
        item = h("button", { type: "button", "aria-pressed": "true", onclick: () => this.filter(item, k) }, dot, h("span"));
        this.legend.append(item);
      }
      item.lastChild.textContent = text;
    });
  }

  filter(item, k) {
    const { hidden } = this.map;
    if (!hidden.delete(k)) hidden.add(k);
    item.setAttribute("aria-pressed", String(!hidden.has(k)));
    this.map.dirty();
  }

  visit(zone) {
    const z = this.model.zones[Number(zone)];
    if (zone === "" || !z) return;
    this.canvas.focus({ preventScroll: true });
    const free = z.standing ? null : z.places.find((i) => this.model.isFree(i)) ?? z.places[0];
    this.map.goTo(z.standing ? { area: z } : { seat: free });
  }

  // describe says what a spot is, and whether it can be had.
  describe(spot) {
    if (spot.area) return `${spot.area.name}, standing, ${count(spot.area.free)} free, ${this.cost(spot.area.places[0])}`;
    const s = this.model.seat(spot.seat);
    const state = this.model.chosen.has(spot.seat) ? "chosen" : this.model.isFree(spot.seat) ? "free" : "taken";
    return `${placeName(s)}, ${s.category}, ${this.cost(spot.seat)}, ${state}`;
  }

  cost(i) {
    const p = this.model.categoryOf(i).price;
    return p ? price(p) : "no price";
  }

  point(spot) {
    const text = spot ? this.describe(spot) : "Press a seat to choose it.";
    if (this.line.textContent === text) return;
    this.line.textContent = text;
    if (spot && document.activeElement === this.canvas) say(text);
  }

  // pick chooses a place, or gives it back.
  pick(spot) {
    if (!spot) return;
    const { model } = this;
    const i = spot.area ? model.placeIn(spot.area) : spot.seat;
    if (i >= 0 && model.chosen.delete(i)) say("Given back.");
    else if (i < 0 || !model.isFree(i)) say("Not free.");
    else if (model.chosen.size >= this.e.max_tickets_per_buyer) {
      fill(this.trouble, h("p", { class: "problem", role: "alert" }, `One account may have ${count(this.e.max_tickets_per_buyer)} tickets of this event.`));
      return;
    } else model.chosen.add(i);
    fill(this.trouble);
    this.update();
    this.point(spot);
    this.map.dirty();
  }

  // update shows what is chosen and what it costs.
  update() {
    const all = [...this.model.chosen];
    keepChoice(this.e.id, this.restored ? all.map((i) => this.model.seat(i).id) : chosen(this.e.id));
    fill(this.list, all.map((i) => h("li", null,
      h("span", null, placeName(this.model.seat(i)), h("small", null, ` ${this.model.seat(i).category} · ${this.cost(i)}`)),
      h("button", { type: "button", class: "link", "aria-label": `Give back ${placeName(this.model.seat(i))}`, onclick: () => this.pick({ seat: i }) }, "✕"))));
    const prices = all.map((i) => this.model.categoryOf(i).price).filter(Boolean);
    fill(this.sum, prices.length > 0 ? [plural(all.length, "ticket", "tickets"), h("strong", null, price(prices.reduce(plus)))] : "Nothing chosen yet.");
    this.button.setAttribute("aria-disabled", String(all.length === 0));
  }

  submit() {
    const seats = [...this.model.chosen].map((i) => this.model.seat(i).id);
    if (seats.length === 0) return;
    busy(this.button, () => this.request(() => hold(this.e, { seats }, this.go))).then(() => { if (!this.signal.aborted) this.update(); });
  }

  async request(task) {
    this.holding = true;
    show(this.trouble, null);
    try {
      if (await task()) keepChoice(this.e.id, []);
    } catch (error) {
      if (this.signal.aborted) return;
      for (const id of error.body?.unavailable ?? []) {
        const i = this.model.byId.get(id);
        this.model.chosen.delete(i);
        if (this.model.isFree(i)) this.map.changed(this.model.delta([[i, "h"]]));
      }
      this.update();
      this.map.dirty();
      show(this.trouble, error);
    } finally {
      this.holding = false;
    }
  }
}
