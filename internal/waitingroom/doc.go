// Package waitingroom lets buyers wait fairly for a sale: one place an account,
// a draw that anyone can recompute, turns that come in order, and admissions
// whose number is bounded exactly.
//
// # The draw
//
// When an event is published a seed of 32 random bytes is made and its SHA-256,
// the commitment, is shown to everybody. Who joins before on_sale_at gets an
// entry: 1, 2, 3… without a gap. At on_sale_at the number n of entries is fixed
// and the seed is revealed. Everybody's place follows from these two alone; this
// is its definition, exact enough to be written again in another language. All
// integers are unsigned and big-endian, ‖ joins bytes:
//
//	key      = SHA-256("yourticket draw v1" ‖ 0x00 ‖ seed ‖ n as 8 bytes)
//	h        = the smallest h ≥ 3 with 4^h > n
//	F(r, x)  = the first 8 bytes of SHA-256(key ‖ r as 1 byte ‖ x as 8 bytes), mod 2^h
//	E(v)     : L = v div 2^h, R = v mod 2^h
//	           for r = 0 … 9: (L, R) = (R, L xor F(r, R))
//	           E(v) = L · 2^h + R
//	P(v)     = E(v), or, while that is n or more, E of it again
//	number   = 1 + P(entry − 1)         for 1 ≤ entry ≤ n
//	number   = entry                    for entry > n: first come, first served
//
// E is a Feistel network, hence a bijection on 0 … 4^h − 1, and walking its
// cycle until the value is below n makes it a bijection on 0 … n − 1: no number
// is given twice and none is missing, nothing is sorted, and one number costs a
// few microseconds however many wait. Check: SHA-256(seed) is the commitment.
// `yourticket draw verify` does all of this from the public answer of
// GET /v1/events/{id}/queue.
//
// # Turns
//
// serving rises as sessions become free; a number's turn has come when it is at
// most serving. From then on it may be claimed within the event's grace, after
// which it is skipped, and the skip is recorded with its reason. Each turn that
// is open keeps a session for its buyer, so that a claim in time always succeeds
// and yet live sessions + open turns never exceed the bound.
//
// A session ends when it expires, when its buyer leaves, or when a purchase
// under it is confirmed. It carries one live purchase at a time, which it
// outlives: while a purchase goes on, its session counts as live.
//
// While the sale is paused, or nobody ticks because the workers or Redis are
// away, no turn and no session runs out.
//
// # What is where
//
// Redis decides, one script a step; PostgreSQL remembers. A join and a claim are
// acknowledged only after PostgreSQL has them; the seed is revealed, and serving
// is raised, only after PostgreSQL knows. When Redis has lost an event's state,
// the first who meets it rebuilds it:
//
//	places     queue_entries
//	the draw   waiting_rooms: seed, entries. Before the draw, entries is the number of those who joined before on_sale_at
//	serving    queue_turns: the last number of the last turn; turns without lapsed_at are open again, with a fresh grace
//	sessions   queue_admissions that have not expired, less the bookings of their buyers that are confirmed;
//	           bookings that are held or being paid occupy theirs again
//	the clock  waiting_rooms.held_ms
//
// So nobody's entry, number, admission or used place changes. What may differ
// is in a buyer's favour: a turn that was nearly over starts its grace anew.
package waitingroom
