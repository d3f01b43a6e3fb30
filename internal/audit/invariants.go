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
	{"at most one live ticket a seat", Always, pending},
	{"a booking is confirmed whole or not at all", Always, pending},
	{"standing areas never sell above capacity", Always, pending},
	{"a stale hold never writes: fences rise", Always, pending},
	{"only legal changes of status; terminal is terminal", Always, pending},
	{"captured less refunded is nothing or the live total, at one provider", Always, pending},
	{"nothing is captured before its seats are committed", Always, pending},
	{"one booking an idempotency key", Always, pending},
	{"a webhook delivered again does nothing again", Always, pending},
	{"no buyer has more tickets of an event than allowed", Always, pending},
	{"admitted within the bound, every booking under an admission, a place used once", Always, pending},
	{"admitted in the order of a draw that can be recomputed, but for recorded skips", Always, pending},
	{"the price charged is the price at the hold", Always, pending},
	{"no hold outlives its deadline by more than 2 s unless it is being paid", Always, pending},
	{"providers, live bookings and journal agree to the cent; nothing is left open", Settled, pending},
	{"sold, held, free and blocked make the capacity; Redis and Elasticsearch as PostgreSQL", Settled, pending},
	{"the stream of changes ends in the map", Always, pending},
	{"what was acknowledged as confirmed is confirmed", Always, pending},
	{"stored histories replay on this build", Always, pending},
	{"the lines of each journal transaction sum to zero", Always, pending},
}

func pending(_ context.Context, _ *audit, f *Finding) error {
	f.leave("this check is not part of the build yet")
	return nil
}
