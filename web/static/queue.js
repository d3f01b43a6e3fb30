// The waiting room of an event.

import { admission, entry, keepAdmission } from "./admission.js";
import { attempt } from "./attempts.js";
import { Problem, event, get, missing, now, post } from "./api.js";
import { busy, fill, h, say, sleep } from "./dom.js";
import { about, count, dateTime, left } from "./format.js";
import { explain, show } from "./problems.js";
import { loggedIn } from "./session.js";

export default async function page({ id, signal, go }) {
  const e = await event(id, { fresh: true, signal });
  const room = new Room(e, signal, go);
  room.run();
  return room.page;
}

// Room follows the public state of the queue, which is the same for everybody
// and cheap, and works out the buyer's place from it. The place belongs to the
// account, so it survives a reload and other devices.
class Room {
  constructor(e, signal, go) {
    Object.assign(this, { e, signal, go, queue: null, mine: null, asked: 0, claimed: false });
    this.body = h("div", { class: "room" }, h("p", null, "Asking for the state of the waiting room …"));
    this.trouble = h("div");
    this.page = h("section", { class: "card narrow waiting" },
      h("p", { class: "small" }, h("a", { href: `/events/${e.slug}` }, "← ", e.artist), " · ", dateTime(e.starts_at)),
      h("h1", null, "Waiting room"), h("p", { class: "artist" }, e.name), this.body, this.trouble);
  }

  at(rest = "") { return `/v1/events/${this.e.id}/queue${rest}`; }

  async run() {
    try {
      for (;;) await sleep(await this.round(), this.signal);
    } catch (error) {
      if (!this.signal.aborted) fill(this.trouble, explain(error, () => this.go(location.pathname, { replace: true })));
    }
  }

  // round asks once, shows the answer and gives the time to wait.
  async round() {
    try {
      this.queue = await get(this.at(), { open: true, signal: this.signal });
      await this.place();
      show(this.trouble, null);
      await this.show();
      return Math.max(500, this.queue.poll_after_ms || 2000) * (0.9 + Math.random() * 0.2);
    } catch (error) {
      if (this.signal.aborted) throw error;
      if (missing(error)) {
        this.closed();
        return 15_000;
      }
      fill(this.trouble, explain(error));
      return Math.max(5000, (error.retryAfter || 0) * 1000);
    }
  }

  // place reads the buyer's own place: once, and again when it may have changed
  // by more than the public state tells, which is the draw and now and then.
  async place() {
    if (!loggedIn()) return;
    const drawn = this.mine && this.mine.number === null && this.queue.phase === "open";
    if (this.mine && !drawn && now() - this.asked < 60_000 || this.mine === false && now() - this.asked < 20_000) return;
    this.asked = now();
    try {
      this.mine = await get(this.at("/me"), { signal: this.signal });
    } catch (error) {
      if (!missing(error)) throw error;
      this.mine = false; // No place yet.
    }
  }

  closed() {
    fill(this.body, h("p", null, "The waiting room of this event is not open at the moment. This page looks again by itself."),
      h("a", { class: "button", href: `/events/${this.e.slug}` }, "Back to the event"));
  }

  async show() {
    const { phase } = this.queue;
    const admitted = admission(this.e.id);
    if (phase === "off") fill(this.body, h("p", null, "The waiting room is off: you can choose your seats."), this.onward());
    else if (admitted) this.welcome(entry(this.e.id));
    else if (phase === "closed") fill(this.body, h("p", null, "The waiting room is closed."), this.times());
    else if (!loggedIn()) fill(this.body, this.times(), this.logIn());
    else if (!this.mine) this.offer();
    else if (this.mine.state === "expired") this.passed();
    else if (this.turn()) await this.claim();
    else this.wait();
  }

  turn() {
    return this.mine.state === "your_turn" || this.mine.state === "admitted" || this.ahead() === 0;
  }

  // ahead is how many come first: all up to "serving" have had their turn. Null
  // before the draw.
  ahead() {
    const { number } = this.mine;
    return number === null || number === undefined ? null : Math.max(0, number - this.queue.serving);
  }

  offer() {
    if (this.body.querySelector("[name=join]")) return; // Not to take the button from under the finger.
    const button = h("button", { type: "button", name: "join", class: "primary big", onclick: () => busy(button, () => this.join()) }, "Take a place");
    fill(this.body, this.times(), h("p", null, "One place for each account. Joining several times, or on several devices, changes nothing."), button);
  }

  async join() {
    try {
      const place = await attempt(`join.${this.e.id}`, this.at(), {});
      this.mine = { ...place, state: "waiting" };
      say("You are in the waiting room.");
      fill(this.body);
      await this.show();
    } catch (error) {
      if (this.signal.aborted) return;
      if (error.status === 401) this.go(`/login?next=${encodeURIComponent(location.pathname)}`);
      else fill(this.trouble, explain(error));
    }
  }

  logIn() {
    const next = encodeURIComponent(location.pathname);
    return [h("p", null, "Your place belongs to your account, so log in first."),
      h("p", { class: "row" }, h("a", { class: "button primary", href: `/login?next=${next}` }, "Log in"), h("a", { class: "button", href: `/register?next=${next}` }, "Register"))];
  }

  times() {
    const { phase, opens_at: opens, issued, serving } = this.queue;
    if (phase === "prequeue") {
      return h("p", null, `The sale starts on ${dateTime(opens ?? this.e.on_sale_at)}. `,
        `Everybody who is here by then gets a place by lot; whoever comes later follows in order. ${count(issued)} are here.`);
    }
    if (phase === "open" || phase === "paused") return h("p", null, `${count(Math.max(0, issued - serving))} are waiting.`);
    return h("p", null, `The waiting room opens before the sale starts on ${dateTime(this.e.on_sale_at)}.`);
  }

  wait() {
    const ahead = this.ahead();
    const { phase, rate_per_minute: rate, opens_at: opens, draw } = this.queue;
    const paused = phase === "paused" && h("p", { class: "problem" }, "The sale is paused. Nobody loses a place.");
    if (ahead === null) {
      const start = Date.parse(opens ?? this.e.on_sale_at);
      fill(this.body, paused, h("p", null, "You are in. Your place is drawn when the sale starts."),
        h("p", { class: "clock", role: "timer" }, start > now() ? `in ${left(start - now())}` : "any moment"), this.times(), proof(draw, this.mine));
      return;
    }
    const seconds = rate > 0 ? (ahead / rate) * 60 : this.mine.estimated_wait_s;
    this.first ??= ahead;
    const bar = h("progress", { max: String(Math.max(1, this.first)), "aria-label": "The way to your turn" });
    bar.value = this.first - ahead;
    fill(this.body, paused,
      h("dl", { class: "facts" },
        h("div", null, h("dt", null, "Your number"), h("dd", { id: "number" }, count(this.mine.number))),
        h("div", null, h("dt", null, "Ahead of you"), h("dd", { id: "ahead" }, count(ahead))),
        h("div", null, h("dt", null, "Estimated wait"), h("dd", null, Number.isFinite(seconds) && !paused ? about(seconds) : "not known"))),
      bar, h("p", { class: "small" }, "You can reload or close this page: your place stays yours. Be back when it is your turn."), proof(draw, this.mine));
    document.title = `${count(ahead)} ahead · YourTicket`;
  }

  async claim() {
    fill(this.body, h("p", null, "It is your turn. Opening the door …"));
    try {
      const a = await post(this.at("/claim"), {}, { signal: this.signal });
      keepAdmission(this.e.id, a);
      say("It is your turn: choose your seats.");
      document.title = "It is your turn · YourTicket";
      this.welcome(a);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.code === "not-your-turn") {
        this.mine = { ...this.mine, state: "waiting" };
        this.asked = 0;
        this.wait();
      } else if (error.code === "turn-expired") this.passed();
      else throw error;
    }
  }

  welcome(a) {
    const rest = Date.parse(a.expires_at) - now();
    fill(this.body, h("p", { class: "clock" }, "It is your turn"),
      h("p", { role: "timer" }, `You have ${left(rest)} to choose your seats and pay.`), this.onward());
  }

  onward() {
    return h("p", { class: "row" }, h("a", { class: "button primary big", href: `/events/${this.e.slug}/seats` }, "Choose seats"),
      h("a", { class: "button", href: `/events/${this.e.slug}#tickets` }, "Best available"));
  }

  passed() {
    this.mine = { ...this.mine, state: "expired" };
    keepAdmission(this.e.id, null);
    fill(this.body, h("p", null, "Your turn came, and its time has passed. Each account has one turn at this sale, so that nobody holds up those who wait."),
      h("a", { class: "button", href: "/" }, "See all events"));
  }
}

// proof gives the numbers by which anybody can check the draw.
function proof(draw, mine) {
  if (!draw?.commitment) return null;
  const rows = [["Commitment (SHA-256 of the seed)", draw.commitment], ["Seed", draw.seed ?? "public after the draw"],
    ["Entries", draw.entries], ["Your entry", mine.entry]].filter(([, v]) => v !== null && v !== undefined);
  return h("details", { class: "small" }, h("summary", null, "Check the draw"),
    h("dl", null, rows.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", { class: "code" }, String(value))))));
}
