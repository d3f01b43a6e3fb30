// The ways to pay.

import { busy, fill, h } from "./dom.js";
import { price } from "./format.js";
import { sandbox } from "./login.js";
import { mark, show } from "./problems.js";

// What the payment sandbox offers: each row is a name, what it shows, and the
// body of the payment. Providers that send the buyer elsewhere need an address
// to come back to.
const tests = [
  ["Visa, accepted", "4242 4242 4242 4242", () => ({ stripe_payment_method: "pm_card_visa" })],
  ["Visa, declined", "4000 0000 0000 0002", () => ({ stripe_payment_method: "pm_card_visa_chargeDeclined" })],
  ["Card with 3-D Secure", "Your bank asks first", (back) => ({ stripe_payment_method: "pm_card_authenticationRequired", return_url: back })],
  ["PayPal, known account", "Charged without a redirect", () => ({ paypal_payment_token: "tok_vault_demo" })],
  ["PayPal, with approval", "You are sent to PayPal", (back) => ({ paypal: true, return_url: back })],
  ["Visa, else PayPal", "PayPal steps in when Stripe is away", () => ({ stripe_payment_method: "pm_card_visa", paypal_payment_token: "tok_vault_demo" })],
];

const real = [["PayPal", "You are sent to PayPal", (back) => ({ paypal: true, return_url: back })]];

// paymentForm makes the form; pay(body) is called with the chosen payment and
// may fail with a Problem.
export function paymentForm(b, pay) {
  const ways = sandbox() ? tests : real;
  const trouble = h("div");
  const button = h("button", { class: "primary big" }, `Pay ${price(b.total)}`);
  const choices = h("fieldset", { class: "ways" }, h("legend", null, sandbox() ? "Pay with (sandbox)" : "Pay with"),
    ways.map(([name, hint], i) => h("label", { class: "way" },
      h("input", { type: "radio", name: "way", value: String(i), checked: i === 0 }), h("span", null, name, h("small", null, hint)))));
  const form = h("form", { class: "pay", novalidate: true, onsubmit: submit }, choices, trouble, button,
    h("p", { class: "small" }, "You are charged once at most, even if you press twice or reload."));

  function submit(event) {
    event.preventDefault();
    const way = ways[Number(form.elements.namedItem("way").value)];
    busy(button, async () => {
      fill(trouble, h("p", { role: "status" }, "Paying …"));
      try {
        await pay(way[2](`${location.origin}/bookings/${b.id}`));
      } catch (error) {
        show(trouble, mark(form, error));
      }
    });
  }

  return form;
}
