package rehearsal

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// arrival is a buyer and when it comes, from the beginning.
type arrival struct {
	buyer int
	after time.Duration
}

const (
	// earlyShare come before the sale opens, the nearer the more of them.
	earlyShare = 0.55
	// surgeShare come right at the opening: most within surgeFor.
	surgeShare = 0.35
	surgeFor   = 8 * time.Second
)

// arrivals draws when each buyer comes: the crowd grows towards the opening,
// surges, and trickles through the first half of the sale.
func arrivals(seed uint64, buyers int, opens, lasts time.Duration) []arrival {
	rng := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // it need not be secret
	list := make([]arrival, buyers)
	for i := range list {
		list[i] = arrival{i, drawArrival(rng, opens, lasts)}
	}
	slices.SortFunc(list, func(a, b arrival) int { return cmp.Or(cmp.Compare(a.after, b.after), cmp.Compare(a.buyer, b.buyer)) })
	return list
}

func drawArrival(rng *rand.Rand, opens, lasts time.Duration) time.Duration {
	kind, u := rng.Float64(), rng.Float64()
	trickle := lasts / 2
	surge := min(surgeFor, trickle)
	switch {
	case kind < earlyShare && opens > 0:
		return time.Duration(float64(opens) * math.Sqrt(u)) // twice as many at the end as on average
	case kind < earlyShare+surgeShare:
		late := -math.Log(1-u) / 3 // of ten, nine come within the surge
		return opens + min(time.Duration(late*float64(surge)), trickle)
	}
	return opens + time.Duration(float64(trickle)*u)
}
