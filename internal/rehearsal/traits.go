package rehearsal

import (
	"math/rand/v2"
	"time"
)

// traits are what a buyer is like. They depend on the seed and the buyer's
// number alone, not on what happens.
type traits struct {
	quantity int
	// picks chooses single places on the map; others ask for the best.
	picks bool
	// follows looks at the map as it changes while choosing.
	follows bool
	// atOnce holds and pays in one call.
	atOnce bool
	method method
	// fickle decides what becomes of the purchase on the way.
	fickle fickle
	// searches looks for the event before opening its page.
	searches bool
	// reloads is how often pages are loaded again for no reason.
	reloads int
	// returns closes the browser while waiting, and comes back.
	returns bool
	// switches goes on waiting with another device.
	switches bool
	// patience is how long the buyer waits for its turn.
	patience time.Duration
}

// method is how a buyer pays.
type method string

const (
	byCard     method = "card"
	afterCard  method = "card, after one was declined"
	bySecure   method = "card with 3-D Secure"
	byPayPal   method = "PayPal"
	noneWorks  method = "declined"
	unknownPay method = "found confirmed"
)

// fickle is where a buyer changes its mind.
type fickle int

const (
	steady fickle = iota
	leavesLooking
	leavesHold  // closes the browser with places held
	cancelsHold // gives the places up
)

func (r *run) drawTraits(n int) (traits, *rand.Rand) {
	rng := rand.New(rand.NewPCG(r.o.Seed, uint64(n)+1)) //nolint:gosec // it need not be secret
	t := traits{
		quantity: 1 + pick(rng, 30, 45, 10, 15), picks: chance(rng, 40), follows: chance(rng, 50), atOnce: chance(rng, 40),
		reloads: pick(rng, 60, 25, 15), returns: chance(rng, 6), switches: chance(rng, 3),
		fickle: fickle(pick(rng, 88, 5, 3, 4)), patience: 24 * time.Hour,
	}
	methods := []method{byCard, afterCard, noneWorks, bySecure, byPayPal}
	t.method = methods[pick(rng, 68, 10, 3, 8, 11)]
	if r.o.Sandbox == "" && (t.method == bySecure || t.method == byPayPal) {
		t.method = byCard
	}
	if chance(rng, 8) {
		t.patience = r.o.OnSaleIn/2 + time.Duration(rng.Int64N(int64(r.o.Duration/2)))
	}
	if t.fickle == leavesHold || t.fickle == cancelsHold {
		t.atOnce = false
	}
	t.searches = chance(rng, 30)
	return t, rng
}

// chance is true in so many of a hundred cases.
func chance(rng *rand.Rand, percent int) bool { return rng.IntN(100) < percent }

// pick gives the index of a weight, by chance.
func pick(rng *rand.Rand, weights ...int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	n := rng.IntN(sum)
	for i, w := range weights {
		if n -= w; n < 0 {
			return i
		}
	}
	return len(weights) - 1
}
