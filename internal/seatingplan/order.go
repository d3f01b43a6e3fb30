package seatingplan

import (
	"cmp"
	"math"
	"slices"

	"yourticket.example/ticket"
)

// bent is the depth of a row, as a share of its width, from which on it is
// followed around instead of along.
const bent = 0.35

// sideBySide brings the seats of a row into the order in which they stand:
// along the direction in which the row extends most, or around its middle when
// it bends as far as a half circle or a table does.
func sideBySide(p *ticket.Plan, seats []int) {
	middle, axis := extent(p, seats)
	along, across := make([]float64, len(seats)), make([]float64, len(seats))
	for i, s := range seats {
		dx, dy := p.Seats[s].X-middle.X, p.Seats[s].Y-middle.Y
		along[i], across[i] = dx*axis.X+dy*axis.Y, dy*axis.X-dx*axis.Y
	}
	width, depth := spread(along), spread(across)
	if len(seats) > 3 && depth > bent*width {
		for i := range seats {
			along[i] = math.Atan2(across[i], along[i])
		}
		sortBy(seats, along)
		openRing(p, seats)
		return
	}
	sortBy(seats, along)
}

// extent gives the mean position of the seats and the unit vector in the
// direction of their greatest variance; it never points to the left.
func extent(p *ticket.Plan, seats []int) (middle, axis Point) {
	n := float64(len(seats))
	for _, s := range seats {
		middle = middle.plus(Point{X: p.Seats[s].X / n, Y: p.Seats[s].Y / n})
	}
	var xx, yy, xy float64
	for _, s := range seats {
		dx, dy := p.Seats[s].X-middle.X, p.Seats[s].Y-middle.Y
		xx, yy, xy = xx+dx*dx, yy+dy*dy, xy+dx*dy
	}
	sin, cos := math.Sincos(math.Atan2(2*xy, xx-yy) / 2)
	return middle, Point{X: cos, Y: sin}
}

func spread(values []float64) float64 { return slices.Max(values) - slices.Min(values) }

// sortBy sorts the seats by their keys, equal keys by the seats' indexes.
func sortBy(seats []int, keys []float64) {
	type keyed struct {
		seat int
		key  float64
	}
	all := make([]keyed, len(seats))
	for i, s := range seats {
		all[i] = keyed{seat: s, key: math.Round(keys[i]*1e6) / 1e6}
	}
	slices.SortFunc(all, func(a, b keyed) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.seat, b.seat))
	})
	for i := range all {
		seats[i] = all[i].seat
	}
}

// openRing turns seats that are in order around a middle so that the widest
// gap lies between the last and the first.
func openRing(p *ticket.Plan, seats []int) {
	widest, at := -1.0, 0
	for i := range seats {
		before := seats[(i+len(seats)-1)%len(seats)]
		if d := tidy(distance(p, before, seats[i])); d > widest {
			widest, at = d, i
		}
	}
	turned := append(slices.Clone(seats[at:]), seats[:at]...)
	copy(seats, turned)
}

// pitch is the median distance of neighbours; 0 for fewer than two seats.
func pitch(p *ticket.Plan, seats []int) float64 {
	gaps := make([]float64, 0, len(seats))
	for i := 1; i < len(seats); i++ {
		gaps = append(gaps, distance(p, seats[i-1], seats[i]))
	}
	return median(gaps)
}

// median gives the lower of the middle values; 0 when there are none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[(len(values)-1)/2]
}

func distance(p *ticket.Plan, a, b int) float64 {
	return math.Hypot(p.Seats[a].X-p.Seats[b].X, p.Seats[a].Y-p.Seats[b].Y)
}
