// Telling what went wrong.

import { Problem } from "./api.js";
import { fill, h, say } from "./dom.js";

// What a buyer can do about failures whose own words leave that open.
const advice = {
  "seats-unavailable": "Somebody was faster. Choose other seats.",
  "sold-out": "Tickets come back when others let their holds run out, so it is worth looking again.",
  "ticket-limit": "Bookings you have made already count too.",
  "payment-declined": "Your seats are still held. Try another way to pay.",
  "payments-unavailable": "Nothing was charged, and your seats are still held. Try again in a moment.",
  "rate-limited": "Wait a moment and try again.",
  "unavailable": "Try again in a moment; nothing is booked or charged twice.",
  "bad-credentials": "",
};

// explain writes a failure as a box: what happened, which fields, what to do.
export function explain(error, retry) {
  const p = error instanceof Problem ? error : null;
  if (!p) console.error(error);
  const text = p ? p.message : "This page ran into a fault of its own.";
  const fields = (p?.fields ?? []).filter((f) => f.message !== text);
  return h("div", { class: "problem", role: "alert", "data-code": p?.code ?? "script" },
    h("strong", null, p?.title ?? "Something went wrong"),
    h("p", null, text, " ", advice[p?.code] ?? ""),
    fields.length > 0 && h("ul", null, fields.map((f) => h("li", null, h("b", null, label(f.field)), ` ${words(f.message)}`))),
    p && p.status >= 500 && p.requestId && h("p", { class: "small" }, `Request ${p.requestId}`),
    retry && h("button", { type: "button", onclick: retry }, "Try again"));
}

// show puts a failure into an element, or empties it for null.
export function show(el, error, retry) {
  fill(el, error && explain(error, retry));
  if (error) el.scrollIntoView({ block: "nearest" });
}

// label makes the path of a field readable: "payment.return_url" is "return url".
const label = (field) => field.replace(/^(body|payment)\./, "").replaceAll("_", " ");

// words says a rule of the contract's schema as a person would.
function words(message) {
  const bound = message.match(/^expected (length|number) (>=|<=) (\S+)$/);
  if (!bound) return message;
  const [, what, side, n] = bound;
  if (what === "number") return side === ">=" ? `must be ${n} or more` : `must be ${n} or less`;
  if (side === "<=") return `may have ${n} characters at most`;
  return n === "1" ? "must not be empty" : `needs ${n} characters or more`;
}

// mark writes a problem's fields beside the inputs of a form, and gives what is
// left over for show.
export function mark(form, error) {
  for (const hint of form.querySelectorAll(".fault")) hint.remove();
  for (const input of form.elements) {
    input.removeAttribute("aria-invalid");
    if (input.dataset?.hint) input.setAttribute("aria-describedby", input.dataset.hint);
    else input.removeAttribute?.("aria-describedby");
  }
  if (!(error instanceof Problem)) return error;
  let first = null;
  const rest = error.fields.filter((f) => {
    const input = form.elements.namedItem(f.field);
    if (!input || input instanceof RadioNodeList) return true;
    const id = `fault-${f.field}`;
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", [input.dataset.hint, id].filter(Boolean).join(" "));
    input.after(h("span", { class: "fault", id }, words(f.message)));
    first ??= input;
    return false;
  });
  first?.focus();
  if (first) say("Some fields need another look.");
  return rest.length === 0 && first ? null : error;
}
