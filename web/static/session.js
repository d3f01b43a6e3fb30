// The tokens of the buyer's session. They live as long as the tab, in
// sessionStorage; nothing about the buyer is kept anywhere else.

const place = "yourticket.session";

let session = read();
let changed = () => {};

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(place));
  } catch {
    return null;
  }
}

// onChange calls back when somebody logs in or out.
export function onChange(callback) { changed = callback; }

export function loggedIn() { return session !== null; }

// keep stores {access_token, refresh_token, expires_at}. Null forgets them, and
// requests under way with them; what the buyer has chosen stays for the next login.
export function keep(tokens) {
  const before = loggedIn();
  session = tokens;
  if (tokens) {
    sessionStorage.setItem(place, JSON.stringify(tokens));
  } else {
    forget(place, "yourticket.attempt.");
  }
  if (before !== loggedIn()) changed();
}

// forget removes what begins with one of the prefixes.
export function forget(...prefixes) {
  for (const key of Object.keys(sessionStorage)) {
    if (prefixes.some((p) => key.startsWith(p))) sessionStorage.removeItem(key);
  }
}

let renewal = null;

// token gives an access token that is good for a while yet, renewing it where
// needed, or null when nobody is logged in. Renewals are shared: a refresh token
// that is used twice ends its session.
export async function token(rejected) {
  if (!session) return null;
  const fresh = Date.parse(session.expires_at) - Date.now() > 30_000;
  if (fresh && session.access_token !== rejected) return session.access_token;
  renewal ??= renew().finally(() => { renewal = null; });
  await renewal;
  return session?.access_token ?? null;
}

async function renew() {
  const used = session.refresh_token;
  let answer;
  try {
    answer = await fetch("/v1/sessions/refresh", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ refresh_token: used }),
    });
  } catch {
    return; // Offline: the request that wanted the token will say so.
  }
  if (session?.refresh_token !== used) return;
  if (answer.ok) keep(await answer.json());
  else if (answer.status === 401 || answer.status === 422) keep(null);
}
