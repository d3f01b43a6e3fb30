// Logging in.

import { post } from "./api.js";
import { busy, h } from "./dom.js";
import { mark, show } from "./problems.js";
import { keep } from "./session.js";

const demo = { email: "buyer@yourticket.example", password: "yourticket-demo" };

export default async function page({ query, go }) {
  const next = nextOf(query);
  const trouble = h("div");
  const email = h("input", { name: "email", type: "email", autocomplete: "username", required: true, maxlength: "254" });
  const password = h("input", { name: "password", type: "password", autocomplete: "current-password", required: true, maxlength: "1024" });
  const button = h("button", { class: "primary big" }, "Log in");
  const form = h("form", { class: "card narrow", novalidate: true, onsubmit: submit },
    h("h1", null, "Log in"), next !== "/" && h("p", null, "Log in to go on. What you have chosen is kept."),
    h("label", null, "Email", email), h("label", null, "Password", password), trouble, button,
    h("p", null, "No account yet? ", h("a", { href: `/register?next=${encodeURIComponent(next)}` }, "Register")),
    sandbox() && h("p", { class: "small" }, "This is a demo. ", h("button", { type: "button", class: "link", onclick: fillIn }, "Use the demo buyer")));

  function fillIn() {
    email.value = demo.email;
    password.value = demo.password;
    button.focus();
  }

  function submit(event) {
    event.preventDefault();
    busy(button, async () => {
      try {
        await logIn(email.value.trim(), password.value);
        go(next, { replace: true });
      } catch (error) {
        show(trouble, mark(form, error));
      }
    });
  }

  return form;
}

// sandbox tells whether this shop is a demonstration.
export const sandbox = () => document.querySelector("meta[name=payment-sandbox]").content;

export async function logIn(email, password) {
  keep(await post("/v1/sessions", { email, password }, { open: true }));
}

// nextOf gives the page to go on with. Only paths of this shop are taken.
export function nextOf(query) {
  const next = query.get("next") ?? "/";
  return /^\/(?![/\\])/.test(next) ? next : "/";
}
