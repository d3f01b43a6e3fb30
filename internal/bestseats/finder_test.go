package bestseats_test

import (
	"bytes"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/bestseats"
	"yourticket.example/ticket"
)

const category = "Gold"

func rng(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 42)) }

// hall makes rows of the given widths, best first, whose places are numbered on.
func hall(widths ...int) []ticket.SeatRow {
	rows := make([]ticket.SeatRow, 0, len(widths))
	next := 0
	for i, w := range widths {
		r := ticket.SeatRow{Zone: "Z" + strconv.Itoa(i/8), Row: strconv.Itoa(i + 1), Category: category, Rank: i}
		for range w {
			r.Seats = append(r.Seats, next)
			next++
		}
		rows = append(rows, r)
	}
	return rows
}

func empty(places int) []byte { return bytes.Repeat([]byte{'a'}, places) }

func TestChooseOneRow(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		state    string
		quantity int
		adjacent bool
		want     [][]int // any of these; nil for none
	}{
		"an exact gap is filled":                   {state: "hhaahh", quantity: 2, adjacent: true, want: [][]int{{2, 3}}},
		"a single seat fills a single gap":         {state: "hahaah", quantity: 1, adjacent: true, want: [][]int{{1}}},
		"no single seat is left at either end":     {state: "aaaa", quantity: 2, adjacent: true, want: [][]int{{0, 1}, {2, 3}}},
		"an odd rest goes to the far side":         {state: "aaaaa", quantity: 2, adjacent: true, want: [][]int{{0, 1}, {3, 4}}},
		"a single seat is left rather than refuse": {state: "haaah", quantity: 2, adjacent: true, want: [][]int{{1, 2}}},
		"adjacent refuses what is apart":           {state: "ahaha", quantity: 2, adjacent: true},
		"not adjacent takes the nearest":           {state: "ahhaha", quantity: 2, want: [][]int{{3, 5}}},
		"not adjacent prefers side by side":        {state: "ahaah", quantity: 2, want: [][]int{{2, 3}}},
		"blocked and sold places are not free":     {state: "bs", quantity: 1, adjacent: true},
		"more than there are":                      {state: "aa", quantity: 3},
		"nothing asked for":                        {state: "aa", quantity: 0},
		"less than nothing":                        {state: "aa", quantity: -1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := bestseats.Query{Category: category, Quantity: tt.quantity, Adjacent: tt.adjacent}
			for seed := range uint64(50) {
				got, found := bestseats.Choose(hall(len(tt.state)), []byte(tt.state), q, rng(seed))
				require.Equal(t, tt.want != nil, found)
				if found {
					require.Contains(t, tt.want, got)
				}
			}
		})
	}
}

func TestChoosePrefersTheBestRows(t *testing.T) {
	t.Parallel()
	rows := hall(widths(50, 20)...)
	f := bestseats.NewFinder(rows)
	q := bestseats.Query{Category: category, Quantity: 2, Adjacent: true}
	r := rng(1)
	sum := 0
	for range 1000 {
		got, found := f.Choose(empty(1000), q, r)
		require.True(t, found)
		row := got[0] / 20
		require.Less(t, row, 4, "the best sixteenth of the blocks lies in the first rows")
		sum += row
	}
	require.Less(t, sum, 1500, "better rows are chosen more often")
}

func TestChooseRowsInAnyOrder(t *testing.T) {
	t.Parallel()
	rows := hall(4, 4)
	rows[0], rows[1] = rows[1], rows[0]
	state := []byte("hhaahhaa")
	for seed := range uint64(50) {
		got, found := bestseats.Choose(rows, state, bestseats.Query{Category: category, Quantity: 4}, rng(seed))
		require.True(t, found)
		require.ElementsMatch(t, []int{2, 3, 6, 7}, got)
	}
}

func TestChooseScattered(t *testing.T) {
	t.Parallel()
	rows := hall(4, 4, 4)
	q := bestseats.Query{Category: category, Quantity: 4}
	t.Run("in two rows rather than three", func(t *testing.T) {
		t.Parallel()
		got, found := bestseats.Choose(rows, []byte("haahahhaaahh"), q, rng(1))
		require.True(t, found)
		require.ElementsMatch(t, []int{7, 8, 9, 4}, got)
	})
	t.Run("in pairs rather than with one alone", func(t *testing.T) {
		t.Parallel()
		got, found := bestseats.Choose(rows, []byte("haaahaahhhhh"), q, rng(1))
		require.True(t, found)
		require.ElementsMatch(t, []int{1, 2, 5, 6}, got)
	})
	t.Run("across zones when no zone has enough", func(t *testing.T) {
		t.Parallel()
		apart := hall(4, 4)
		apart[1].Zone = "elsewhere"
		got, found := bestseats.Choose(apart, []byte("aahhahha"), q, rng(1))
		require.True(t, found)
		require.ElementsMatch(t, []int{0, 1, 4, 7}, got)
	})
}

func TestChooseStanding(t *testing.T) {
	t.Parallel()
	rows := hall(10, 4)
	rows[0].Standing, rows[0].Row = true, ""
	f := bestseats.NewFinder(rows)
	state := []byte("ahahahahahaahh")
	starts := map[int]bool{}
	r := rng(7)
	for range 200 {
		got, found := f.Choose(state, bestseats.Query{Category: category, Quantity: 3, Adjacent: true}, r)
		require.True(t, found)
		for _, s := range got {
			require.Zero(t, s%2)
			require.Less(t, s, 10)
		}
		starts[got[0]] = true
	}
	require.Len(t, starts, 5, "the choice begins anywhere")

	_, found := f.Choose(state, bestseats.Query{Category: category, Quantity: 6, Adjacent: true}, r)
	require.False(t, found, "six do not fit the standing area")
	got, found := f.Choose(state, bestseats.Query{Category: category, Quantity: 7}, r)
	require.True(t, found)
	require.ElementsMatch(t, []int{0, 2, 4, 6, 8, 10, 11}, got)
}

func TestChooseOddStates(t *testing.T) {
	t.Parallel()
	q := bestseats.Query{Category: category, Quantity: 1}
	_, found := bestseats.Choose(hall(3), nil, q, rng(1))
	require.False(t, found, "places beyond the state are not free")
	got, found := bestseats.Choose(hall(3), []byte("ha"), q, rng(1))
	require.True(t, found)
	require.Equal(t, []int{1}, got)
	_, found = bestseats.Choose(hall(3), empty(3), bestseats.Query{Category: "none", Quantity: 1}, rng(1))
	require.False(t, found)
	require.Equal(t, 2, bestseats.NewFinder(hall(3, 1)).Free([]byte("ahah"), category))
	require.Zero(t, bestseats.NewFinder(hall(3)).Free([]byte("aaa"), "none"))
}

func widths(rows, width int) []int {
	out := make([]int, rows)
	for i := range out {
		out[i] = width
	}
	return out
}
