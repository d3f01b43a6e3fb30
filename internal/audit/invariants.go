package audit

import "context"

// invariant is one promise and how it is checked. A check adds to the finding;
// an error says that it could not be carried through.
type invariant struct {
	name  string
	holds When
	check func(ctx context.Context, a *audit, f *Finding) error
}

// invariants are the promises in the order of their numbers, from 1.
var invariants = []invariant{
	{"at most one live ticket a seat", Always, oneLiveTicket},
	{"a booking is confirmed whole or not at all", Always, wholeOrNot},
	{"standing areas never sell above capacity", Always, standingWithinCapacity},
	{"a stale hold never writes: fences rise", Always, fencesRise},
	{"only legal changes of status; terminal is terminal", Always, legalStatus},
	{"captured less refunded is nothing or the live total, at one provider", Always, netIsZeroOrLive},
	{"nothing is captured before its seats are committed", Always, capturedAfterCommit},
	{"one booking an idempotency key", Always, oneBookingAKey},
	{"a webhook delivered again does nothing again", Always, webhooksOnce},
	{"no buyer has more tickets of an event than allowed", Always, buyersWithinLimit},
	{"admitted within the bound, every booking under an admission, a place used once", Always, admittedWithinBound},
	{"admitted in the order of a draw that can be recomputed, but for recorded skips", Always, admittedInOrder},
	{"the price charged is the price at the hold", Always, pricesHeld},
	{"no hold outlives its deadline by more than 2 s unless it is being paid", Always, holdsEnd},
	{"providers, live bookings and journal agree to the cent; nothing is left open", Settled, allSettled},
	{"sold, held, free and blocked make the capacity; Redis and Elasticsearch as PostgreSQL", Settled, placesAddUp},
	{"the stream of changes ends in the map", Always, streamEndsInMap},
	{"what was acknowledged as confirmed is confirmed", Always, acknowledgedSurvives},
	{"stored histories replay on this build", Always, historiesReplay},
	{"the lines of each journal transaction sum to zero", Always, journalBalances},
}
