package bestseats_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yourticket.example/internal/bestseats"
	"yourticket.example/ticket"
)

// scene is a drawn plan, its state and a question.
type scene struct {
	rows  []ticket.SeatRow
	state []byte
	query bestseats.Query
}

func drawScene(t *rapid.T) scene {
	var s scene
	total := 0
	for i := range rapid.IntRange(1, 7).Draw(t, "rows") {
		r := ticket.SeatRow{
			Zone:     rapid.SampledFrom([]string{"left", "right"}).Draw(t, "zone"),
			Row:      string(rune('A' + i)),
			Category: rapid.SampledFrom([]string{category, category, "Silver"}).Draw(t, "category"),
			Rank:     i,
		}
		if r.Standing = rapid.IntRange(0, 5).Draw(t, "standing") == 0; r.Standing {
			r.Row = ""
		}
		for range rapid.IntRange(1, 12).Draw(t, "width") {
			r.Seats = append(r.Seats, total)
			total++
		}
		if rapid.Bool().Draw(t, "numbered from the right") {
			slices.Reverse(r.Seats)
		}
		s.rows = append(s.rows, r)
	}
	s.state = rapid.SliceOfN(rapid.SampledFrom([]byte("aaahsb")), total, total).Draw(t, "state")
	s.query = bestseats.Query{
		Category: category,
		Quantity: rapid.IntRange(1, 8).Draw(t, "quantity"),
		Adjacent: rapid.Bool().Draw(t, "adjacent"),
		Attempt:  rapid.IntRange(0, 4).Draw(t, "attempt"),
	}
	return s
}

// blockAt tells whether n free places stand side by side from a position on,
// and whether they would leave a single seat alone.
func (s *scene) blockAt(r *ticket.SeatRow, at, n int) (fits, strands bool) {
	isFree := func(i int) bool { return i >= 0 && i < len(r.Seats) && s.state[r.Seats[i]] == 'a' }
	for i := range n {
		if !isFree(at + i) {
			return false, false
		}
	}
	left := isFree(at-1) && !isFree(at-2)
	right := isFree(at+n) && !isFree(at+n+1)
	return true, left || right
}

// oracle tells by trying everything whether the query can be met.
func (s *scene) oracle() bool {
	total := 0
	for i := range s.rows {
		r := &s.rows[i]
		if r.Category != category {
			continue
		}
		inRow := 0
		for at, seat := range r.Seats {
			if s.state[seat] == 'a' {
				inRow++
			}
			if fits, _ := s.blockAt(r, at, s.query.Quantity); fits {
				return true
			}
		}
		if r.Standing && inRow >= s.query.Quantity {
			return true
		}
		total += inRow
	}
	return !s.query.Adjacent && total >= s.query.Quantity
}

func TestChooseProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		before := slices.Clone(s.state)
		got, found := bestseats.Choose(s.rows, s.state, s.query, rng(rapid.Uint64().Draw(t, "seed")))
		require.Equal(t, before, s.state, "the state is read only")
		require.Equal(t, s.oracle(), found, "found exactly when there is something")
		if !found {
			require.Empty(t, got)
			return
		}
		require.Len(t, got, s.query.Quantity)
		require.Len(t, slices.Compact(slices.Sorted(slices.Values(got))), s.query.Quantity, "distinct")
		for _, seat := range got {
			require.Equal(t, byte('a'), s.state[seat])
			require.Equal(t, category, s.rowOf(seat).Category)
		}
		if s.query.Adjacent {
			s.requireTogether(t, got)
		}
	})
}

func (s *scene) rowOf(seat int) *ticket.SeatRow {
	for i := range s.rows {
		if slices.Contains(s.rows[i].Seats, seat) {
			return &s.rows[i]
		}
	}
	return nil
}

// requireTogether checks that the places are one block, and that it leaves no
// single seat behind while a row as good or better has a block that does not.
func (s *scene) requireTogether(t *rapid.T, got []int) {
	mine := s.rowOf(got[0])
	for _, seat := range got {
		require.Same(t, mine, s.rowOf(seat))
	}
	if mine.Standing {
		return
	}
	at := slices.Index(mine.Seats, got[0])
	require.Equal(t, mine.Seats[at:at+len(got)], got, "side by side")
	if _, strands := s.blockAt(mine, at, len(got)); !strands || s.query.Attempt >= 3 {
		return
	}
	for i := range s.rows {
		r := &s.rows[i]
		if r.Category != category || r.Rank > mine.Rank || r.Standing {
			continue
		}
		for other := range r.Seats {
			fits, alone := s.blockAt(r, other, len(got))
			require.False(t, fits && !alone, "row %s has a block at %d that leaves nobody alone", r.Row, other)
		}
	}
}
