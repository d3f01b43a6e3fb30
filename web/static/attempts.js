// Requests that must not happen twice. Each attempt has an Idempotency-Key that
// is kept in sessionStorage until the answer is certain, so that a reload, or
// another press of the button after a lost answer, repeats the same request.

import { Problem, post } from "./api.js";

const place = (name) => `yourticket.attempt.${name}`;

// pending gives the attempt {path, body, key} whose answer is not known, or null.
export function pending(name) {
  try {
    return JSON.parse(sessionStorage.getItem(place(name)));
  } catch {
    return null;
  }
}

export function forget(name) { sessionStorage.removeItem(place(name)); }

// newKey gives 128 random bits. crypto.randomUUID is only there in secure
// contexts, and a phone in the same network reaches a test system by http.
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

// attempt posts a body under the name's key: that of the pending attempt when it
// asked for the same, else a new one.
export async function attempt(name, path, body) {
  const before = pending(name);
  const same = before && before.path === path && JSON.stringify(before.body) === JSON.stringify(body);
  const now = same ? before : { path, body, key: newKey() };
  sessionStorage.setItem(place(name), JSON.stringify(now));
  try {
    const answer = await post(path, body, { key: now.key });
    forget(name);
    return answer;
  } catch (error) {
    if (certain(error)) forget(name);
    throw error;
  }
}

// again repeats a pending attempt.
export function again(name) {
  const p = pending(name);
  return attempt(name, p.path, p.body);
}

// certain tells whether a failure is the answer to the request, so that the next
// press of the button is a new one. What may still have happened is not.
export function certain(error) {
  if (!(error instanceof Problem)) return false;
  if (error.code === "payments-unavailable") return true;
  const open = [401, 408, 425, 429].includes(error.status) || error.code === "idempotency-key-in-progress";
  return error.status >= 400 && error.status < 500 && !open;
}
