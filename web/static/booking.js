// One booking: held and waiting for payment, under way, or confirmed with its
// tickets.

import { again, attempt, certain, pending } from "./attempts.js";
import { event, get, now, post } from "./api.js";
import { mayGiveBack, news } from "./changes.js";
import { canGiveUp, giveUp, statusTag } from "./bookings.js";
import { ask, busy, fill, h, say, sleep } from "./dom.js";
import { dateTime, left, placeName, plus, price, where } from "./format.js";
import { sandbox } from "./login.js";
import { paymentForm } from "./payment.js";
import { explain, show } from "./problems.js";
import { loggedIn } from "./session.js";
import { tickets } from "./tickets.js";

export default async function page({ id, query, signal, go }) {
  if (!loggedIn()) {
    go(`/login?next=${encodeURIComponent(location.pathname + location.search)}`, { replace: true });
    return undefined;
  }
  const b = await get(`/v1/bookings/${encodeURIComponent(id)}`, { signal });
  const e = await event(b.event_id, { fresh: true, signal });
  const view = new Booking(b, e, signal, go);
  view.run(query);
  return view.page;
}

// Booking shows a booking and follows it until nothing more can come.
class Booking {
  constructor(b, e, signal, go) {
    Object.assign(this, { b, e, signal, go });
    this.title = h("h1");
    this.clock = h("p", { class: "clock", role: "timer" });
    this.body = h("div");
    this.trouble = h("div");
    this.page = h("div", { class: "columns booking" },
      h("section", { class: "card" }, this.title, this.clock, this.trouble, this.body), this.summary());
    this.draw();
  }

  get name() { return `pay.${this.b.id}`; }

  summary() {
    const { b, e } = this;
    const zero = { amount: 0, currency: b.total.currency };
    const fees = b.seats.reduce((sum, s) => plus(sum, s.fee), zero);
    this.tag = h("p");
    return h("aside", { class: "card", "aria-label": "Your booking" },
      h("h2", null, h("a", { href: `/events/${e.slug}` }, e.name)), h("p", { class: "small" }, dateTime(e.starts_at), h("br"), e.venue.name, ", ", where(e.venue)),
      this.tag, h("ul", { class: "chosen" }, b.seats.map((s) => h("li", null, h("span", null, placeName(s), h("small", null, ` ${s.category}`)), h("span", null, price(s.price))))),
      h("p", { class: "sum" }, "Fees", h("span", null, price(fees))), h("p", { class: "sum" }, "Total", h("strong", null, price(b.total))));
  }

  // run goes on with what a reload or a redirect has interrupted, and then
  // follows the booking.
  async run(query) {
    try {
      this.tick();
      if (pending(this.name)) await this.settle(() => again(this.name));
      else if (comesBack(query)) await this.comeBack(query);
      if (location.search) history.replaceState(null, "", location.pathname);
      await this.follow();
    } catch (error) {
      if (!this.signal.aborted) show(this.trouble, error);
    }
  }

  // comeBack goes on after the buyer's visit to a provider. The provider tells
  // the shop by itself too, and may do so before, during or after this.
  async comeBack(query) {
    const left = query.has("token") && !query.has("PayerID");
    if (this.b.status === "action_required" && !left) await this.settle(() => this.request({}));
    if (this.b.status === "action_required" && left) {
      this.warn("PayPal was left without an agreement. Go on there, or pay in another way.");
    } else if (this.b.status === "held" && !this.trouble.querySelector("[data-code=payment-declined]")) {
      this.warn("The payment was not approved, and nothing was charged. Your seats are still held: try another way to pay.");
    }
  }

  warn(text) { fill(this.trouble, h("p", { class: "problem", role: "alert" }, text)); }

  request(body) { return attempt(this.name, `/v1/bookings/${this.b.id}/payment`, body); }

  // settle makes a payment and shows its outcome; the failure stays on the page.
  async settle(task) {
    fill(this.trouble, h("p", { role: "status" }, "Asking for the outcome of your payment …"));
    try {
      this.take(await task());
      fill(this.trouble);
    } catch (error) {
      if (this.signal.aborted) return;
      await this.refresh().catch(() => {});
      // A booking that has moved on by itself says all there is to say.
      if (certain(error) && !canGiveUp(this.b)) fill(this.trouble);
      else show(this.trouble, error, pending(this.name) && (() => this.settle(() => again(this.name))));
    }
  }

  async refresh() {
    this.take(await get(`/v1/bookings/${this.b.id}`, { signal: this.signal }));
  }

  // take shows another state of the booking, if it is one.
  take(b) {
    const same = b.status === this.b.status && b.next_action?.url === this.b.next_action?.url && b.tickets.length === this.b.tickets.length;
    this.b = b;
    if (!same) this.draw();
  }

  // follow asks for the booking as often as its status is likely to change.
  async follow() {
    const pause = { pending: 700, paying: 700, action_required: 2000, refunding: 3000, held: 8000, needs_attention: 10_000 };
    while (pause[this.b.status]) {
      await sleep(pause[this.b.status], this.signal);
      const over = this.b.status === "held" && Date.parse(this.b.hold_expires_at) > now() && document.hidden;
      if (!over) await this.refresh().catch((error) => { if (this.signal.aborted) throw error; });
    }
  }

  // tick counts the hold down.
  async tick() {
    let told = Infinity;
    try {
      for (;; await sleep(1000, this.signal)) {
        const rest = this.showClock();
        if (rest === null) continue;
        for (const mark of [120_000, 30_000]) {
          if (rest <= mark && told > mark) {
            say(`${left(rest)} left to pay.`);
            told = mark;
          }
        }
        if (rest <= 0) await this.refresh().catch(() => {});
      }
    } catch { /* The page was left. */ }
  }

  // showClock shows how long the places are held yet, and gives it in
  // milliseconds; null when they are not held.
  showClock() {
    const held = canGiveUp(this.b) && this.b.hold_expires_at;
    this.clock.hidden = !held;
    if (!held) return null;
    const rest = Date.parse(held) - now();
    fill(this.clock, h("span", { class: "small" }, "Held for you for "), h("strong", { id: "countdown" }, left(rest)));
    this.clock.classList.toggle("late", rest < 120_000);
    return rest;
  }

  draw() {
    const { b } = this;
    this.showClock();
    const [title, body] = this.parts();
    this.title.textContent = title;
    document.title = `${title} · YourTicket`;
    fill(this.tag, statusTag(b), b.payment?.fallback && h("span", { class: "small" }, " paid by PayPal, since Stripe did not answer"));
    fill(this.body, body);
    if (document.body.contains(this.page)) say(title);
    this.page.dataset.status = b.status;
  }

  parts() {
    const { b, e } = this;
    const back = h("p", null, h("a", { class: "button", href: `/events/${e.slug}` }, "Back to the event"));
    switch (b.status) {
      case "held":
        return ["Pay for your places", [paymentForm(b, (body) => this.pay(body)), this.cancelButton()]];
      case "pending": case "paying":
        return ["One moment", h("p", null, h("span", { class: "spinner", "aria-hidden": "true" }), "Your payment is under way. You can leave this page: the booking goes on without it.")];
      case "action_required":
        return ["One more step", this.action()];
      case "confirmed":
        return ["Your tickets", [news(e), tickets(b, e), this.giveBackButton()]];
      case "needs_attention":
        return ["We are looking into it", h("p", null, "Something did not go as it should. Our support has been told and settles it; you need not do anything, and you are not charged twice.")];
      case "refunding": case "refunded":
        return [b.status === "refunded" ? "Refunded" : "Your refund is under way",
          [news(e), h("p", null, "The money goes back the way you paid; banks take a few days to show it."), back]];
      default:
        return [{ expired: "The hold has run out", canceled: "The booking is canceled" }[b.status] ?? "The booking did not work out",
          [h("p", null, "Nothing is charged. The places are free for everybody again."), back]];
    }
  }

  async pay(body) {
    try {
      this.take(await this.request(body));
      fill(this.trouble);
    } catch (error) {
      await this.refresh().catch(() => {});
      if (this.b.status !== "held") fill(this.trouble, explain(error, pending(this.name) && (() => this.settle(() => again(this.name)))));
      throw error;
    }
    const { next_action: next } = this.b;
    if (next?.type === "redirect") location.assign(next.url);
  }

  // action sends the buyer to the bank or to PayPal, or lets the buyer choose
  // another way.
  action() {
    const url = actionAddress(this.b);
    return [
      h("p", null, "Your bank or PayPal wants to hear from you before the payment can go on."),
      url ? h("p", null, h("a", { class: "button primary big", id: "action", href: url }, "Go on to approve the payment"))
        : h("p", null, "Confirm the payment in your bank's app. This page goes on by itself."),
      h("details", null, h("summary", null, "Pay in another way"), paymentForm(this.b, (body) => this.pay(body))), this.cancelButton(),
    ];
  }

  cancelButton() {
    return canGiveUp(this.b) && h("p", null, h("button", { type: "button", class: "link", onclick: () => this.cancel() }, "Cancel and give the places back"));
  }

  giveBackButton() {
    return mayGiveBack(this.e) && h("p", { class: "noprint" },
      h("button", { type: "button", class: "link", id: "give-back", onclick: (click) => busy(click.currentTarget, () => this.giveBack()) }, "Give the tickets back for a refund"));
  }

  async giveBack() {
    if (!await ask("Give all tickets of this booking back? Their codes end at once, and you get the money back.", "Give them back", "Keep them")) return;
    try {
      // The whole booking is given back once: a lost answer is asked for again under the same key.
      this.take(await post(`/v1/bookings/${this.b.id}/refund`, { reason: "given back by the buyer" }, { key: `give-back-${this.b.id}` }));
      fill(this.trouble);
    } catch (error) {
      show(this.trouble, error);
    }
  }

  async cancel() {
    const canceled = await giveUp(this.b, this.trouble);
    if (canceled) this.take(canceled);
  }
}

// comesBack tells whether a provider has sent the buyer back here.
const comesBack = (query) => query.has("token") || query.has("payment_intent") || query.has("redirect_status");

// actionAddress gives where the buyer acts: the provider's page, or for a bare
// client secret the sandbox's page for that payment.
function actionAddress(b) {
  const next = b.next_action;
  if (next?.type === "redirect" && /^https?:/.test(next.url)) return next.url;
  const intent = next?.client_secret?.split("_secret_")[0];
  return intent && sandbox() ? `${sandbox()}/sandbox/authenticate/${encodeURIComponent(intent)}` : "";
}
