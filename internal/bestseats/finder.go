package bestseats

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"yourticket.example/ticket"
)

// Query is what a buyer asks for.
type Query struct {
	Category string
	// Quantity is the number of places, at least 1.
	Quantity int
	// Adjacent insists on places side by side (in a standing area: in the same
	// area). Otherwise they may be scattered, as near to each other as can be.
	Adjacent bool
	// Attempt counts how often this buyer has lost a choice to somebody else.
	// Each time the choice is spread over four times as many places.
	Attempt int
}

// Finder knows the rows of one plan. It never changes, and is safe for
// concurrent use.
type Finder struct {
	categories map[string]*category
}

// category is the rows of one price category from the best to the worst.
type category struct {
	// seats are the places of all rows, one row after another.
	seats []int32
	rows  []row
	// zones lists the numbers of each zone's rows, best first.
	zones [][]int
}

// row is the part of category.seats from one place up to, but not including,
// another.
type row struct {
	from, to int
	standing bool
}

// NewFinder indexes the rows of a plan by category.
func NewFinder(rows []ticket.SeatRow) *Finder {
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(a, b ticket.SeatRow) int { return cmp.Compare(a.Rank, b.Rank) })
	type place struct{ category, zone string }
	f := &Finder{categories: map[string]*category{}}
	zones := map[place]int{}
	for i := range sorted {
		s := &sorted[i]
		if len(s.Seats) == 0 {
			continue
		}
		c := f.categories[s.Category]
		if c == nil {
			c = &category{}
			f.categories[s.Category] = c
		}
		z, known := zones[place{s.Category, s.Zone}]
		if !known {
			z = len(c.zones)
			zones[place{s.Category, s.Zone}] = z
			c.zones = append(c.zones, nil)
		}
		c.zones[z] = append(c.zones[z], len(c.rows))
		c.rows = append(c.rows, row{from: len(c.seats), to: len(c.seats) + len(s.Seats), standing: s.Standing})
		for _, seat := range s.Seats {
			c.seats = append(c.seats, int32(seat)) //nolint:gosec // plans have at most 200,000 places
		}
	}
	return f
}

// Choose gives the indexes of free places that suit the query, or false when
// there are none. State holds one ticket.SeatState a place, by index; places
// beyond its end are not free.
func (f *Finder) Choose(state []byte, q Query, r *rand.Rand) ([]int, bool) {
	c := f.categories[q.Category]
	if c == nil || q.Quantity < 1 || q.Quantity > len(c.seats) {
		return nil, false
	}
	seats := c.together(state, q, r)
	if seats == nil && !q.Adjacent {
		seats = c.scattered(state, q, r)
	}
	return seats, seats != nil
}

// Free counts the free places of a category.
func (f *Finder) Free(state []byte, categoryName string) int {
	c := f.categories[categoryName]
	if c == nil {
		return 0
	}
	n := 0
	for _, s := range c.seats {
		if free(state, s) {
			n++
		}
	}
	return n
}

// Choose is Finder.Choose for a single question about a plan.
func Choose(rows []ticket.SeatRow, state []byte, q Query, r *rand.Rand) ([]int, bool) {
	return NewFinder(rows).Choose(state, q, r)
}

func free(state []byte, seat int32) bool {
	return int(seat) < len(state) && state[seat] == byte(ticket.SeatAvailable)
}

// take gives the places at n successive positions.
func (c *category) take(at, n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = int(c.seats[at+i])
	}
	return out
}

// weighted draws from 0 to n-1; the first is the likeliest and the chance
// falls evenly towards 0 at the last.
func weighted(r *rand.Rand, n int) int {
	return min(n-1, int(float64(n)*(1-math.Sqrt(1-r.Float64()))))
}
