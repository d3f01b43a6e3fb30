// The form that asks for the best places of a category.

import { busy, h } from "./dom.js";
import { full, plus, price } from "./format.js";
import { hold, resume } from "./hold.js";
import { mark, show } from "./problems.js";

// bestForm makes the form. An earlier request whose answer was lost is repeated
// at once.
export function bestForm(e, go) {
  const trouble = h("div");
  const total = h("output", { class: "price" });
  const category = h("select", { name: "category", required: true },
    e.prices.map((p) => h("option", { value: p.category }, `${p.category} · ${price(full(p))}`)));
  const most = e.max_tickets_per_buyer;
  const quantity = h("input", { name: "quantity", type: "number", min: "1", max: String(most), value: String(Math.min(2, most)), required: true, inputmode: "numeric" });
  const adjacent = h("input", { name: "adjacent", type: "checkbox", checked: true });
  const button = h("button", { class: "primary" }, "Hold the best places");
  const form = h("form", { class: "best", novalidate: true, onsubmit: submit, oninput: sum },
    h("label", null, "Category", category),
    h("label", null, "Tickets", quantity),
    h("label", { class: "check" }, adjacent, "Side by side"),
    h("p", { class: "line" }, button, total), trouble);

  function sum() {
    const p = e.prices.find((x) => x.category === category.value);
    const n = Number(quantity.value);
    let all = { amount: 0, currency: p.price.currency };
    for (let i = 0; i < n && i < most; i++) all = plus(all, full(p));
    total.textContent = n >= 1 && n <= most ? price(all) : "";
  }

  function submit(event) {
    event.preventDefault();
    busy(button, () => request(() => hold(e, {
      best_available: { category: category.value, quantity: Number(quantity.value), adjacent: adjacent.checked },
    }, go)));
  }

  async function request(task) {
    show(trouble, null);
    try {
      await task();
    } catch (error) {
      for (const f of error.fields ?? []) f.field = f.field.replace(/^best_available\./, "");
      show(trouble, mark(form, error));
    }
  }

  sum();
  busy(button, () => request(() => resume(e, go)));
  return form;
}
