// The live state of an event's places: pushed where the API streams it, else
// asked for.

import { request } from "./api.js";
import { sleep } from "./dom.js";

const askEvery = 3000;
const tryStreamAgain = 60_000;

// watch calls back with the whole state and with each change until the signal
// ends: on.snapshot(seats), on.delta([[index, letter], …]), on.how("stream" |
// "polling" | "away").
export function watch(eventId, on, signal) {
  const at = `/v1/events/${encodeURIComponent(eventId)}/availability`;
  let polling = null;

  function listen() {
    if (signal.aborted) return;
    const source = new EventSource(`${at}/stream`);
    const end = () => source.close();
    signal.addEventListener("abort", end, { once: true });
    source.addEventListener("snapshot", (m) => {
      polling?.abort();
      polling = null;
      on.how("stream");
      on.snapshot(JSON.parse(m.data).seats);
    });
    source.addEventListener("delta", (m) => on.delta(JSON.parse(m.data).changes));
    source.addEventListener("error", () => {
      // The browser connects again by itself, and resumes with Last-Event-ID,
      // unless the answer was no stream at all.
      if (source.readyState !== EventSource.CLOSED || signal.aborted) return;
      signal.removeEventListener("abort", end);
      polling ??= poll(at, on, signal);
      sleep(tryStreamAgain * (0.5 + Math.random()), signal).then(listen, () => {});
    });
  }

  listen();
}

// poll asks for the state as long as the page is looked at; an answer of 304 costs
// next to nothing. It gives what ends it.
function poll(at, on, signal) {
  const own = new AbortController();
  const either = AbortSignal.any([signal, own.signal]);
  (async () => {
    let etag = "";
    for (let faults = 0; ;) {
      if (!document.hidden) {
        try {
          const answer = await request("GET", at, { etag, open: true, signal: either });
          if (answer.status === 200) {
            etag = answer.headers.get("ETag") ?? "";
            on.snapshot((await answer.json()).seats);
          }
          on.how("polling");
          faults = 0;
        } catch (error) {
          if (either.aborted) return;
          faults++;
          on.how("away");
        }
      }
      await sleep(askEvery * Math.min(10, 2 ** faults) * (0.8 + Math.random() * 0.4), either);
    }
  })().catch(() => {}); // The page was left.
  return own;
}
