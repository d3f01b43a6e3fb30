// Requests to the API.

import { token } from "./session.js";

// Problem is a failure as the API tells it (RFC 9457), or a request that had no
// answer: code "network".
export class Problem extends Error {
  constructor(status, body, retryAfter) {
    super(body.detail || body.title || "The request failed.");
    this.status = status;
    this.body = body;
    this.code = String(body.type ?? "").split("/").pop() || `http-${status}`;
    this.title = body.title ?? "The request failed";
    this.fields = Array.isArray(body.errors) ? body.errors : [];
    this.retryAfter = retryAfter;
    this.requestId = String(body.instance ?? "").split(":").pop();
  }
}

let skew = 0;

// now is the server's clock as far as it is known, in milliseconds.
export function now() { return Date.now() + skew; }

// noteClock learns how far the buyer's clock is off. Answers name whole seconds.
function noteClock(answer) {
  const date = Date.parse(answer.headers.get("Date") ?? "");
  if (Number.isNaN(date) || Number(answer.headers.get("Age")) > 0) return;
  const off = date + 500 - Date.now();
  skew = Math.abs(off) > 2000 ? off : 0;
}

// send makes one request and gives the answer whatever its status. Options:
// body (made into JSON), key (Idempotency-Key), etag (If-None-Match), open (no
// token is sent), signal.
async function send(method, path, o, access) {
  const headers = { Accept: "application/json" };
  if (o.body !== undefined) headers["Content-Type"] = "application/json";
  if (o.key) headers["Idempotency-Key"] = o.key;
  if (o.etag) headers["If-None-Match"] = o.etag;
  if (access) headers.Authorization = `Bearer ${access}`;
  const body = o.body === undefined ? undefined : JSON.stringify(o.body);
  try {
    const answer = await fetch(path, { method, headers, body, signal: o.signal, cache: o.etag ? "no-store" : "default" });
    noteClock(answer);
    return answer;
  } catch (error) {
    if (o.signal?.aborted) throw o.signal.reason;
    throw new Problem(0, {
      type: "network", title: "No connection",
      detail: "The shop could not be reached. Check your connection and try again; nothing is booked or charged twice.",
    });
  }
}

// request makes a request and gives the whole answer; failures are Problems.
export async function request(method, path, o = {}) {
  const access = o.open ? null : await token();
  let answer = await send(method, path, o, access);
  if (answer.status === 401 && access) {
    const next = await token(access);
    if (next) answer = await send(method, path, o, next);
  }
  if (!answer.ok && answer.status !== 304) throw await problemOf(answer);
  return answer;
}

async function problemOf(answer) {
  let body = {};
  try {
    body = await answer.json();
  } catch {
    body = { title: "The shop did not answer as expected" };
  }
  return new Problem(answer.status, body, Number(answer.headers.get("Retry-After")) || 0);
}

// get, post and del give the decoded body.
export const get = (path, o) => request("GET", path, o).then((a) => a.json());
export const post = (path, body, o) => request("POST", path, { ...o, body }).then((a) => (a.status === 204 ? null : a.json()));
export const del = (path, o) => request("DELETE", path, o);

const events = new Map();

// event reads an event by id or slug; fresh asks even if it is known.
export async function event(id, o = {}) {
  if (!o.fresh && events.has(id)) return events.get(id);
  const e = await get(`/v1/events/${encodeURIComponent(id)}`, { signal: o.signal });
  events.set(e.id, e);
  events.set(e.slug, e);
  return e;
}

// missing tells whether a part of the API is not there, which pages put up with.
export const missing = (error) => error instanceof Problem && [404, 405, 501].includes(error.status);
