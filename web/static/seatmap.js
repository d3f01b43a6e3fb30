// The seat map on a canvas: fifty thousand places that are moved and zoomed by
// finger, mouse, wheel and keyboard.

import { paint, ring, seatAgain } from "./seatpaint.js";

const closest = 2.4; // Pixels of the page for a unit of the plan: a seat is as large as a fingertip.
const slow = 10; // Milliseconds of painting that are still smooth in each frame.

// SeatMap paints a model on a canvas and tells on.pick(spot), on.point(spot) and
// on.zoom(). A spot is {seat: index} or {area: zone}, or null.
export class SeatMap {
  constructor(canvas, model, on, signal) {
    Object.assign(this, { canvas, model, on, signal, spot: null, hidden: new Set(), cost: 0, painted: null, wanted: false });
    this.layer = document.createElement("canvas");
    this.view = { scale: 1, x: 0, y: 0 };
    this.pointers = new Map();
    this.listen();
    this.resize();
  }

  listen() {
    const on = (type, f, o) => this.canvas.addEventListener(type, f.bind(this), { signal: this.signal, ...o });
    on("pointerdown", this.down);
    on("pointermove", this.move);
    on("pointerup", this.up);
    on("pointercancel", this.cancel);
    on("pointerleave", () => { if (this.pointers.size === 0) this.on.point(this.spot); });
    on("wheel", this.wheel, { passive: false });
    on("keydown", this.key);
    on("focus", this.redraw);
    on("blur", this.redraw);
    const resized = new ResizeObserver(() => this.resize());
    resized.observe(this.canvas);
    this.signal.addEventListener("abort", () => resized.disconnect(), { once: true });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.dirty(), { signal: this.signal });
  }

  // resize fits the map into a canvas of another size.
  resize() {
    const box = this.canvas.getBoundingClientRect();
    if (box.width === 0) return;
    const ratio = Math.min(2, devicePixelRatio || 1);
    const [width, height] = [Math.round(box.width * ratio), Math.round(box.height * ratio)];
    if (width === this.canvas.width && height === this.canvas.height && this.ratio === ratio) return;
    const fitted = this.ratio === undefined || this.view.scale <= this.least * 1.01;
    this.ratio = ratio;
    for (const c of [this.canvas, this.layer]) Object.assign(c, { width, height });
    const b = this.model.bounds;
    this.least = Math.min(width / (b.right - b.x), height / (b.bottom - b.y));
    if (fitted) this.fit();
    else this.dirty();
  }

  // fit shows the whole map.
  fit() {
    const b = this.model.bounds;
    const scale = this.least;
    this.view = { scale, x: (this.canvas.width - (b.right + b.x) * scale) / 2, y: (this.canvas.height - (b.bottom + b.y) * scale) / 2 };
    this.dirty();
  }

  // zoom changes the scale about a point of the canvas; its middle when none is given.
  zoom(factor, x = this.canvas.width / 2, y = this.canvas.height / 2) {
    const scale = Math.min(closest * this.ratio, Math.max(this.least * 0.9, this.view.scale * factor));
    const f = scale / this.view.scale;
    this.view = { scale, x: x - (x - this.view.x) * f, y: y - (y - this.view.y) * f };
    this.dirty();
    this.on.zoom();
  }

  // pan moves the map, as far as some of it stays in sight.
  pan(dx, dy) {
    const { view, canvas, model: { bounds: b } } = this;
    const keep = 60 * this.ratio;
    const within = (v, low, high) => Math.min(Math.max(v, Math.min(low, high)), Math.max(low, high));
    this.view = {
      scale: view.scale,
      x: within(view.x + dx, keep - b.right * view.scale, canvas.width - keep - b.x * view.scale),
      y: within(view.y + dy, keep - b.bottom * view.scale, canvas.height - keep - b.y * view.scale),
    };
    this.dirty();
  }

  // dirty asks for a new painting; redraw for the old one with what lies on it.
  dirty() {
    this.stale = true;
    this.redraw();
  }

  redraw() {
    if (this.wanted || this.signal.aborted) return;
    this.wanted = true;
    requestAnimationFrame(() => { this.wanted = false; this.frame(); });
  }

  // changed shows the new state of some seats: one by one where they are few.
  changed(indexes) {
    const few = !this.stale && this.painted && this.view.scale * 22 <= 13 * this.ratio && indexes.length <= 400;
    const seated = few && indexes.every((i) => this.model.seat(i).row !== "" && !this.model.chosen.has(i));
    if (!seated) {
      this.dirty();
      return;
    }
    const c = this.layer.getContext("2d");
    for (const i of indexes) seatAgain(c, this.model, i, this.view, this.look);
    this.redraw();
  }

  // frame puts the last painting on the canvas, moved and stretched to the view,
  // and paints anew where that is quick, or once the movement pauses.
  frame() {
    if (this.signal.aborted || !this.ratio) return;
    clearTimeout(this.later);
    const moving = this.pointers.size > 0 || performance.now() - (this.wheeled ?? -1000) < 150;
    if (this.stale && (!moving || this.cost < slow || !this.painted)) this.repaint();
    else if (this.stale) this.later = setTimeout(() => { this.repaint(); this.redraw(); }, 120);
    const c = this.canvas.getContext("2d");
    const [v, p] = [this.view, this.painted];
    const f = v.scale / p.scale;
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.fillStyle = this.look.ground;
    c.fillRect(0, 0, this.canvas.width, this.canvas.height);
    c.drawImage(this.layer, v.x - p.x * f, v.y - p.y * f, this.canvas.width * f, this.canvas.height * f);
    if (this.spot && document.activeElement === this.canvas) this.ringSpot(c);
  }

  repaint() {
    const style = getComputedStyle(this.canvas);
    const colour = (name) => style.getPropertyValue(name).trim();
    this.look = {
      ground: colour("--map-ground"), ink: colour("--ink"), faint: colour("--faint"), taken: colour("--map-taken"), focus: colour("--focus"),
      ratio: this.ratio, hidden: this.hidden,
    };
    const began = performance.now();
    paint(this.layer.getContext("2d", { alpha: false }), this.canvas, this.model, this.view, this.look);
    this.cost = performance.now() - began;
    this.painted = { ...this.view };
    this.stale = false;
  }

  ringSpot(c) {
    const { x, y } = this.at(this.spot);
    const half = this.spot.area ? this.spot.area.half * this.view.scale * 1.05 : Math.max(13 * this.view.scale, 9 * this.ratio);
    ring(c, x, y, half, this.look);
  }

  // at gives the point of the canvas where a spot is.
  at(spot) {
    const [x, y] = spot.area ? [spot.area.x, spot.area.y] : [this.model.xs[spot.seat], this.model.ys[spot.seat]];
    return { x: x * this.view.scale + this.view.x, y: y * this.view.scale + this.view.y };
  }

  // point of a pointer on the canvas, in its pixels.
  where(e) {
    const box = this.canvas.getBoundingClientRect();
    return { x: (e.clientX - box.left) * this.ratio, y: (e.clientY - box.top) * this.ratio };
  }

  // find gives the spot at a point of the canvas. A fingertip is wider than a
  // seat, so the nearest free one counts.
  find({ x, y }, reach) {
    const { model, view } = this;
    const [px, py] = [(x - view.x) / view.scale, (y - view.y) / view.scale];
    let best = Math.max(reach * this.ratio / view.scale, 11) ** 2;
    let seat = -1;
    for (const i of model.seated) {
      const d = ((model.xs[i] - px) ** 2 + (model.ys[i] - py) ** 2) * (model.isFree(i) ? 1 : 2.5);
      if (d < best) [best, seat] = [d, i];
    }
    if (seat >= 0) return { seat };
    const area = model.areas.find((a) => Math.abs(a.x - px) <= a.half && Math.abs(a.y - py) <= a.half);
    return area ? { area } : null;
  }

  down(e) {
    if (e.button !== 0) return;
    this.canvas.setPointerCapture?.(e.pointerId);
    const p = this.where(e);
    this.pointers.set(e.pointerId, p);
    this.tap = this.pointers.size === 1 ? { ...p, moved: false } : null;
  }

  move(e) {
    const before = this.pointers.get(e.pointerId);
    const p = this.where(e);
    if (!before) {
      if (e.pointerType === "mouse") this.hover(p);
      return;
    }
    if (this.tap && Math.hypot(p.x - this.tap.x, p.y - this.tap.y) > 6 * this.ratio) this.tap = null;
    if (this.pointers.size === 1 && !this.tap) this.pan(p.x - before.x, p.y - before.y);
    if (this.pointers.size === 2) this.pinch(e.pointerId, before, p);
    this.pointers.set(e.pointerId, p);
  }

  pinch(id, before, p) {
    const [, other] = [...this.pointers].find(([key]) => key !== id);
    const was = Math.hypot(before.x - other.x, before.y - other.y);
    const is = Math.hypot(p.x - other.x, p.y - other.y);
    this.pan((p.x - before.x) / 2, (p.y - before.y) / 2);
    if (was > 0) this.zoom(is / was, (p.x + other.x) / 2, (p.y + other.y) / 2);
  }

  up(e) {
    if (!this.pointers.delete(e.pointerId)) return;
    if (this.tap && this.pointers.size === 0) this.press(this.where(e), e.pointerType === "touch" ? 18 : 8);
    this.tap = null;
    this.redraw();
  }

  cancel(e) {
    this.pointers.delete(e.pointerId);
    this.tap = null;
    this.redraw();
  }

  // press picks a spot. Where seats are too small to tell apart, the first press
  // comes nearer instead.
  press(p, reach) {
    const spot = this.find(p, reach);
    const tiny = this.view.scale * 22 < (reach > 10 ? 16 : 7) * this.ratio;
    if (spot?.seat !== undefined && tiny) {
      this.zoom((26 * this.ratio) / (this.view.scale * 22), p.x, p.y);
      this.on.point(spot);
      return;
    }
    this.spot = spot;
    this.on.pick(spot);
  }

  hover(p) {
    const spot = this.find(p, 4);
    this.canvas.style.cursor = spot ? "pointer" : "grab";
    this.on.point(spot);
  }

  wheel(e) {
    e.preventDefault();
    this.wheeled = performance.now();
    const p = this.where(e);
    this.zoom(Math.exp(-Math.max(-60, Math.min(60, e.deltaY * (e.deltaMode === 1 ? 20 : 1))) * 0.006), p.x, p.y);
  }

  key(e) {
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (arrows[e.key] && e.shiftKey) this.pan(...arrows[e.key].map((d) => -d * 80 * this.ratio));
    else if (arrows[e.key]) this.walk(...arrows[e.key]);
    else if (e.key === "Enter" || e.key === " ") this.on.pick(this.spot ?? this.walk(0, 1));
    else if (e.key === "+" || e.key === "=") this.zoom(1.5);
    else if (e.key === "-") this.zoom(1 / 1.5);
    else if (e.key === "0") this.fit();
    else return;
    e.preventDefault();
  }

  // walk goes to the next free spot in a direction: the nearest one, where a step
  // aside counts three times.
  walk(dx, dy) {
    const start = this.spot ? this.plan(this.spot) : this.middle();
    let best = { cost: Infinity, spot: null };
    const look = (x, y, spot) => {
      const ahead = (x - start.x) * dx + (y - start.y) * dy;
      const aside = Math.abs((x - start.x) * dy) + Math.abs((y - start.y) * dx);
      const cost = ahead + aside * 3;
      if (ahead > 0.5 && cost < best.cost) best = { cost, spot };
    };
    const { model } = this;
    for (const i of model.seated) if (model.isFree(i) && !this.hidden.has(model.category[i])) look(model.xs[i], model.ys[i], { seat: i });
    for (const a of model.areas) if (a.free > 0) look(a.x, a.y, { area: a });
    if (best.spot) this.goTo(best.spot);
    return this.spot;
  }

  plan(spot) {
    return spot.area ? { x: spot.area.x, y: spot.area.y } : { x: this.model.xs[spot.seat], y: this.model.ys[spot.seat] };
  }

  middle() {
    return { x: (this.canvas.width / 2 - this.view.x) / this.view.scale, y: (this.canvas.height / 2 - this.view.y) / this.view.scale };
  }

  // goTo puts the keyboard on a spot, near enough to see it.
  goTo(spot) {
    this.spot = spot;
    const wanted = 14 * this.ratio / 22;
    if (spot.seat !== undefined && this.view.scale < wanted) this.zoom(wanted / this.view.scale);
    const { x, y } = this.at(spot);
    const edge = 40 * this.ratio;
    if (x < edge || y < edge || x > this.canvas.width - edge || y > this.canvas.height - edge) {
      this.pan(this.canvas.width / 2 - x, this.canvas.height / 2 - y);
    }
    this.redraw();
    this.on.point(spot);
  }
}
