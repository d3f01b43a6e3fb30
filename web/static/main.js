// The way into the storefront: which page belongs to which path.

import { del, get } from "./api.js";
import { fill, h } from "./dom.js";
import { explain } from "./problems.js";
import { forget, keep, loggedIn, onChange } from "./session.js";

const pages = [
  [/^\/$/, () => import("./events.js")],
  [/^\/events\/([^/]+)$/, () => import("./event.js")],
  [/^\/events\/([^/]+)\/seats$/, () => import("./seats.js")],
  [/^\/events\/([^/]+)\/queue$/, () => import("./queue.js")],
  [/^\/bookings$/, () => import("./bookings.js")],
  [/^\/bookings\/([^/]+)$/, () => import("./booking.js")],
  [/^\/login$/, () => import("./login.js")],
  [/^\/register$/, () => import("./register.js")],
];

const main = document.getElementById("main");
let leave = new AbortController();

// go shows another page of the shop.
export function go(path, o = {}) {
  if (o.replace) history.replaceState(null, "", path);
  else history.pushState(null, "", path);
  return render();
}

// render shows the page of the present path. A page gets {id, query, signal, go}
// and gives its content; signal ends with the page.
async function render(first) {
  leave.abort(new DOMException("The page was left.", "AbortError"));
  leave = new AbortController();
  const { signal } = leave;
  const path = location.pathname;
  const found = pages.find(([pattern]) => pattern.test(path));
  main.setAttribute("aria-busy", "true");
  let content;
  try {
    content = found ? await open(found, path, signal) : nowhere();
  } catch (error) {
    if (signal.aborted) return;
    content = failed(error);
  }
  if (signal.aborted || content === undefined) return;
  fill(main, content);
  main.removeAttribute("aria-busy");
  const title = main.querySelector("h1");
  document.title = title ? `${title.textContent} · YourTicket` : "YourTicket";
  if (!first) {
    window.scrollTo(0, 0);
    main.focus({ preventScroll: true });
  }
}

async function open([pattern, load], path, signal) {
  const page = await load();
  const id = path.match(pattern)[1];
  return page.default({ id: id && decodeURIComponent(id), query: new URLSearchParams(location.search), signal, go });
}

const nowhere = () => h("section", { class: "card narrow" },
  h("h1", null, "There is no such page"), h("p", null, "The address may be mistyped, or the page has moved."), h("a", { class: "button", href: "/" }, "See all events"));

function failed(error) {
  const gone = error.status === 404;
  return h("section", { class: "card narrow" },
    h("h1", null, gone ? "Not found" : "That did not work"), explain(error, gone ? null : () => render()),
    h("a", { class: "button", href: "/" }, "See all events"));
}

// Links within the shop change the page without loading the document again.
document.addEventListener("click", (click) => {
  const link = click.target.closest?.("a[href]");
  if (!link || click.defaultPrevented || click.button !== 0 || click.metaKey || click.ctrlKey || click.shiftKey || click.altKey) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || link.target || !pages.some(([pattern]) => pattern.test(url.pathname))) return;
  if (url.hash && url.pathname === location.pathname) return;
  click.preventDefault();
  go(url.pathname + url.search);
});
window.addEventListener("popstate", () => render());

// account shows who is logged in.
async function account() {
  const nav = document.getElementById("account");
  if (!loggedIn()) {
    fill(nav, h("a", { href: "/login" }, "Log in"), h("a", { href: "/register", class: "wide" }, "Register"));
    return;
  }
  const name = h("span", { class: "wide" });
  fill(nav, h("a", { href: "/bookings" }, "My bookings"), name, h("button", { type: "button", class: "link", onclick: logOut }, "Log out"));
  name.textContent = await get("/v1/me").then((me) => me.name, () => "");
}

async function logOut() {
  await del("/v1/sessions/current").catch(() => {}); // The tokens are forgotten here in any case.
  keep(null);
  forget("yourticket.");
  go("/");
}

onChange(account);
account();
document.getElementById("sandbox").hidden = document.querySelector("meta[name=payment-sandbox]").content === "";
render(true);
