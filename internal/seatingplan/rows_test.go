package seatingplan_test

import (
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/seatingplan"
	"yourticket.example/ticket"
)

// seatAt is a seat of zone Z whose category is "G" unless it is named.
type seatAt struct {
	row      string
	x, y     float64
	category string
}

func planOf(seats ...seatAt) *ticket.Plan {
	out := make([]ticket.Seat, len(seats))
	for i, s := range seats {
		if s.category == "" {
			s.category = "G"
		}
		out[i] = ticket.Seat{ID: strconv.Itoa(i), Index: i, Zone: "Z", Row: s.row, Category: s.category, X: s.x, Y: s.y}
	}
	return ticket.NewPlan("p", "p", out)
}

func seatsOf(rows []ticket.SeatRow) [][]int {
	out := make([][]int, len(rows))
	for i, r := range rows {
		out[i] = r.Seats
	}
	return out
}

func line(row string, y float64, xs ...float64) []seatAt {
	out := make([]seatAt, 0, len(xs))
	for _, x := range xs {
		out = append(out, seatAt{row: row, x: x, y: y})
	}
	return out
}

func TestRowsAreRunsOfNeighbours(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		seats []seatAt
		want  [][]int
	}{
		"in order of x whatever the file's order": {
			seats: line("1", 0, 40, 0, 20, 60), want: [][]int{{1, 2, 0, 3}},
		},
		"split at an aisle": {
			seats: line("1", 0, 0, 20, 40, 80, 100, 120, 140), want: [][]int{{3, 4, 5, 6}, {0, 1, 2}},
		},
		"not split at a slightly wider gap": {
			seats: line("1", 0, 0, 20, 40, 75, 95), want: [][]int{{0, 1, 2, 3, 4}},
		},
		"split where the category changes": {
			seats: []seatAt{{"1", 0, 0, ""}, {"1", 20, 0, ""}, {"1", 40, 0, "S"}, {"1", 60, 0, "S"}, {"1", 80, 0, ""}},
			want:  [][]int{{2, 3}, {0, 1}, {4}},
		},
		"along y when the row runs down": {
			seats: []seatAt{{"1", 0, 40, ""}, {"1", 0, 0, ""}, {"1", 0, 20, ""}, {"1", 0, 60, ""}}, want: [][]int{{1, 2, 0, 3}},
		},
		"the row nearer to the top is better": {
			seats: slices.Concat(line("2", 50, 0, 20, 40, 60), line("1", 0, 0, 20, 40, 60)), want: [][]int{{4, 5, 6, 7}, {0, 1, 2, 3}},
		},
		"a short row uses the pitch of the others": {
			seats: slices.Concat(line("1", 0, 0, 20, 40, 60), line("2", 50, 0, 60)), want: [][]int{{0, 1, 2, 3}, {4}, {5}},
		},
		"seats in one spot are one run": {
			seats: line("1", 0, 5, 5, 5), want: [][]int{{0, 1, 2}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows := seatingplan.Rows(planOf(tt.seats...))
			require.Equal(t, tt.want, seatsOf(rows))
			for i, r := range rows {
				require.Equal(t, i, r.Rank)
			}
		})
	}
}

// around places n seats on a circle, between two angles in degrees.
func around(n int, from, to float64) []seatAt {
	out := make([]seatAt, n)
	for i := range out {
		sin, cos := math.Sincos((from + (to-from)*float64(i)/float64(n)) * math.Pi / 180)
		out[i] = seatAt{row: "1", x: 500 * cos, y: 500 * sin}
	}
	return out
}

func TestRowsFollowBends(t *testing.T) {
	t.Parallel()
	for name, seats := range map[string][]seatAt{
		"flat arc": around(30, 60, 120), "half circle": around(30, 0, 180),
		"horseshoe": around(40, -30, 210), "round table": around(10, 0, 360),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := planOf(seats...)
			rows := seatingplan.Rows(p)
			require.Len(t, rows, 1)
			run := rows[0].Seats
			require.Len(t, run, len(seats))
			for i := 1; i < len(run); i++ {
				d := (run[i] - run[i-1] + len(seats)) % len(seats)
				require.Contains(t, []int{1, len(seats) - 1}, d, "neighbours in the circle are neighbours in the run")
			}
		})
	}
}

func TestStandingAreasAreOneRun(t *testing.T) {
	t.Parallel()
	p := planOf(slices.Concat(line("", 0, 0, 0, 0), line("1", 30, 0, 20))...)
	rows := seatingplan.Rows(p)
	require.Equal(t, [][]int{{0, 1, 2}, {3, 4}}, seatsOf(rows))
	require.True(t, rows[0].Standing)
	require.False(t, rows[1].Standing)
	require.Empty(t, rows[0].Row)
}

func TestRowsAreRankedFromTheStageOfTheFile(t *testing.T) {
	t.Parallel()
	f := seatingplan.GenerateTheatre("T", 500, 0)
	p := f.Plan("p")
	best := f.Rows(p)[0]
	require.Equal(t, "A", best.Row)
	require.Equal(t, "Stalls", best.Zone)

	stage := &f.Zones[len(f.Zones)-1].Areas[0]
	stage.Position.Y = float64(f.Size.Height) // the stage moves behind the balcony
	best = f.Rows(p)[0]
	require.Equal(t, "Balcony", best.Zone)
}
