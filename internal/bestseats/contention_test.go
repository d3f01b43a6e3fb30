package bestseats_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/bestseats"
)

// round lets everybody who is still waiting choose on the same map and then
// lock in turn, as if all had asked at the same moment. It returns how many
// got their places.
func round(f *bestseats.Finder, state []byte, waiting int, q bestseats.Query, seed uint64, naive bool) int {
	served, seen := 0, append([]byte(nil), state...)
	r := rng(seed)
	for range waiting {
		if naive {
			r = rng(seed) // everybody draws the same: the best place
		}
		got, found := f.Choose(seen, q, r)
		if !found {
			continue
		}
		lost := false
		for _, s := range got {
			lost = lost || state[s] != 'a'
		}
		if lost {
			continue
		}
		for _, s := range got {
			state[s] = 'h'
		}
		served++
	}
	return served
}

func TestContendersSpread(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		rows, width, contenders int
		atLeast                 int // served in the first round
		rounds                  int // within which all are served
	}{
		"20 at once in 2,000 seats":    {rows: 100, width: 20, contenders: 20, atLeast: 13, rounds: 4},
		"100 at once in 5,000 seats":   {rows: 125, width: 40, contenders: 100, atLeast: 55, rounds: 5},
		"1,000 at once in 5,000 seats": {rows: 125, width: 40, contenders: 1000, atLeast: 120, rounds: 8},
		"1,000 at once in 50,000":      {rows: 1250, width: 40, contenders: 1000, atLeast: 550, rounds: 5},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := bestseats.NewFinder(hall(widths(tt.rows, tt.width)...))
			q := bestseats.Query{Category: category, Quantity: 2, Adjacent: true}
			naive := round(f, empty(tt.rows*tt.width), tt.contenders, q, 1, true)
			require.Equal(t, 1, naive, "who all want the best get one pair between them")

			state := empty(tt.rows * tt.width)
			first := round(f, state, tt.contenders, q, 1, false)
			waiting, rounds := tt.contenders-first, 1
			for ; waiting > 0 && rounds < 12; rounds++ {
				q.Attempt = rounds
				waiting -= round(f, state, waiting, q, uint64(rounds)+1, false)
			}
			t.Logf("first round: %d of %d served (naive: %d); all served after %d rounds", first, tt.contenders, naive, rounds)
			require.GreaterOrEqual(t, first, tt.atLeast)
			require.Zero(t, waiting)
			require.LessOrEqual(t, rounds, tt.rounds)
		})
	}
}

func TestStandingContendersSpread(t *testing.T) {
	t.Parallel()
	rows := hall(20_000)
	rows[0].Standing = true
	f := bestseats.NewFinder(rows)
	served := round(f, empty(20_000), 1000, bestseats.Query{Category: category, Quantity: 2, Adjacent: true}, 1, false)
	t.Logf("first round: %d of 1000 served", served)
	require.GreaterOrEqual(t, served, 850)
}

func benchmarkChoose(b *testing.B, rows int, state []byte, q bestseats.Query) {
	b.Helper()
	f := bestseats.NewFinder(hall(widths(rows, 40)...))
	r := rng(1)
	b.ReportAllocs()
	for b.Loop() {
		f.Choose(state, q, r)
	}
}

// worn is a map late in a sale: one seat in ten free, all of them single.
func worn(places int) []byte {
	state := make([]byte, places)
	for i := range state {
		state[i] = 's'
		if i%10 == 3 {
			state[i] = 'a'
		}
	}
	return state
}

func BenchmarkChoose(b *testing.B) {
	pair := bestseats.Query{Category: category, Quantity: 2, Adjacent: true}
	apart := bestseats.Query{Category: category, Quantity: 2}
	b.Run("5000 empty", func(b *testing.B) { benchmarkChoose(b, 125, empty(5000), pair) })
	b.Run("5000 worn", func(b *testing.B) { benchmarkChoose(b, 125, worn(5000), pair) })
	b.Run("5000 worn apart", func(b *testing.B) { benchmarkChoose(b, 125, worn(5000), apart) })
	b.Run("50000 empty", func(b *testing.B) { benchmarkChoose(b, 1250, empty(50_000), pair) })
	b.Run("50000 worn", func(b *testing.B) { benchmarkChoose(b, 1250, worn(50_000), pair) })
	b.Run("50000 worn apart", func(b *testing.B) { benchmarkChoose(b, 1250, worn(50_000), apart) })
}
