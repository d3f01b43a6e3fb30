// Building pages from elements. Nothing here takes markup as text.

const svgNS = "http://www.w3.org/2000/svg";
const svgTags = new Set(["svg", "path", "rect"]);

// h makes an element. Properties that begin with "on" are listeners, others
// are attributes; false, null and undefined leave one out. Children are nodes,
// texts, or lists of them.
export function h(tag, props, ...children) {
  const el = svgTags.has(tag) ? document.createElementNS(svgNS, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) el.addEventListener(name.slice(2), value);
    else if (name === "value") el.value = value;
    else el.setAttribute(name, value === true ? "" : value);
  }
  append(el, children);
  return el;
}

function append(el, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) el.append(child);
  }
}

// fill replaces what an element holds.
export function fill(el, ...children) {
  el.replaceChildren();
  append(el, children);
  return el;
}

// say tells something to those who listen rather than look.
export function say(text) {
  const live = document.getElementById("live");
  live.textContent = "";
  setTimeout(() => { live.textContent = text; }, 50); // Equal texts in a row are read again.
}

// ask shows a question with two answers and gives true for yes.
export function ask(question, yes, no) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { class: "card", "aria-label": question },
      h("p", null, question),
      h("form", { method: "dialog", class: "row" },
        h("button", { value: "yes", class: "primary" }, yes), h("button", { value: "no" }, no)));
    dialog.addEventListener("close", () => { dialog.remove(); resolve(dialog.returnValue === "yes"); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

// busy runs a task while its button cannot be pressed again.
export async function busy(button, task) {
  if (button.getAttribute("aria-disabled") === "true") return undefined;
  button.setAttribute("aria-disabled", "true");
  try {
    return await task();
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

// sleep waits, or ends at once with the page that waits.
export function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    const leave = () => { clearTimeout(timer); reject(signal.reason); };
    const timer = setTimeout(() => { signal?.removeEventListener("abort", leave); resolve(); }, ms);
    if (signal?.aborted) leave();
    else signal?.addEventListener("abort", leave, { once: true });
  });
}
