// Making an account.

import { newKey } from "./attempts.js";
import { post } from "./api.js";
import { busy, h } from "./dom.js";
import { logIn, nextOf } from "./login.js";
import { mark, show } from "./problems.js";

export default async function page({ query, go }) {
  const next = nextOf(query);
  let tried = { text: "", key: "" };
  const trouble = h("div");
  const input = (name, type, autocomplete, more) => h("input", { name, type, autocomplete, required: true, ...more });
  const name = input("name", "text", "name", { maxlength: "200" });
  const email = input("email", "email", "email", { maxlength: "254" });
  const password = input("password", "password", "new-password", { minlength: "8", maxlength: "1024", "data-hint": "password-hint", "aria-describedby": "password-hint" });
  const button = h("button", { class: "primary big" }, "Register");
  const form = h("form", { class: "card narrow", novalidate: true, onsubmit: submit },
    h("h1", null, "Register"), h("label", null, "Name", name), h("label", null, "Email", email),
    h("label", null, "Password", password), h("p", { class: "small", id: "password-hint" }, "At least 8 characters."), trouble, button,
    h("p", null, "Have an account? ", h("a", { href: `/login?next=${encodeURIComponent(next)}` }, "Log in")));

  function submit(event) {
    event.preventDefault();
    busy(button, async () => {
      try {
        await make();
        await logIn(email.value.trim(), password.value);
        go(next, { replace: true });
      } catch (error) {
        show(trouble, mark(form, error));
      }
    });
  }

  // make posts the account. Its key stays in this page's memory, since a
  // password must not be stored; the same form pressed again is the same request.
  async function make() {
    const body = { name: name.value.trim(), email: email.value.trim(), password: password.value };
    const text = JSON.stringify(body);
    if (tried.text !== text) tried = { text, key: newKey() };
    await post("/v1/users", body, { key: tried.key, open: true });
  }

  return form;
}
