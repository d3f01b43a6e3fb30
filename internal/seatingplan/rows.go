package seatingplan

import (
	"cmp"
	"math"
	"slices"

	"yourticket.example/ticket"
)

// aisle is how many times the usual distance of neighbours makes a gap that
// people would not call side by side.
const aisle = 1.8

// Rows finds the runs of side-by-side places of a plan and ranks them by their
// mean distance from the middle of the upper edge of what is occupied, where
// most drawings have the stage. File.Rows knows better where it is.
func Rows(p *ticket.Plan) []ticket.SeatRow {
	left, right, top := math.Inf(1), math.Inf(-1), math.Inf(1)
	for i := range p.Seats {
		s := &p.Seats[i]
		left, right, top = min(left, s.X), max(right, s.X), min(top, s.Y)
	}
	return rowsAround(p, Point{X: (left + right) / 2, Y: top})
}

// Rows finds the runs of side-by-side places of the file's plan, as Plan made
// it, and ranks them by their mean distance from the stage. A run ends where
// the row ends, at an aisle, and where the category changes. A standing area is
// one run. The same plan always gives the same rows in the same order.
func (f *File) Rows(p *ticket.Plan) []ticket.SeatRow { return rowsAround(p, f.Focus()) }

func rowsAround(p *ticket.Plan, focus Point) []ticket.SeatRow {
	groups := group(p)
	pitches := make([]float64, len(groups))
	var usual []float64
	for i, g := range groups {
		if !g.standing {
			sideBySide(p, g.seats)
			pitches[i] = pitch(p, g.seats)
			if len(g.seats) >= 4 {
				usual = append(usual, pitches[i])
			}
		}
	}
	fallback := median(usual)
	var rows []ticket.SeatRow
	for i, g := range groups {
		if g.standing {
			rows = append(rows, newRow(p, g.seats))
			continue
		}
		if len(g.seats) < 4 && fallback > 0 { // too few to know their own pitch
			pitches[i] = fallback
		}
		for _, run := range runs(p, g.seats, pitches[i]) {
			rows = append(rows, newRow(p, run))
		}
	}
	rank(p, rows, focus)
	return rows
}

// grouped is the places of one zone and row, or of one standing area.
type grouped struct {
	standing bool
	seats    []int
}

func group(p *ticket.Plan) []*grouped {
	type key struct{ zone, row, category string }
	byKey := map[key]*grouped{}
	var all []*grouped
	for i := range p.Seats {
		s := &p.Seats[i]
		k := key{zone: s.Zone, row: s.Row}
		if s.Standing() {
			k.category = s.Category
		}
		g := byKey[k]
		if g == nil {
			g = &grouped{standing: s.Standing()}
			byKey[k] = g
			all = append(all, g)
		}
		g.seats = append(g.seats, i)
	}
	return all
}

func newRow(p *ticket.Plan, seats []int) ticket.SeatRow {
	s := &p.Seats[seats[0]]
	return ticket.SeatRow{Zone: s.Zone, Row: s.Row, Category: s.Category, Standing: s.Standing(), Seats: seats}
}

// runs cuts a row in order where a gap is wider than an aisle and where the
// category changes.
func runs(p *ticket.Plan, seats []int, pitch float64) [][]int {
	var out [][]int
	start := 0
	for i := 1; i <= len(seats); i++ {
		if i < len(seats) && p.Seats[seats[i]].Category == p.Seats[seats[start]].Category &&
			(pitch == 0 || distance(p, seats[i-1], seats[i]) <= aisle*pitch) {
			continue
		}
		out = append(out, seats[start:i:i])
		start = i
	}
	return out
}

// rank numbers the rows from the best and sorts them so.
func rank(p *ticket.Plan, rows []ticket.SeatRow, focus Point) {
	type placed struct {
		row  ticket.SeatRow
		away float64
	}
	all := make([]placed, len(rows))
	for i, r := range rows {
		var sum float64
		for _, s := range r.Seats {
			sum += math.Hypot(p.Seats[s].X-focus.X, p.Seats[s].Y-focus.Y)
		}
		all[i] = placed{row: r, away: tidy(sum / float64(len(r.Seats)))}
	}
	slices.SortFunc(all, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.away, b.away), cmp.Compare(a.row.Seats[0], b.row.Seats[0]))
	})
	for i := range all {
		rows[i] = all[i].row
		rows[i].Rank = i
	}
}
