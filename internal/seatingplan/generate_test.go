package seatingplan_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/seatingplan"
)

func TestGeneratedPlans(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		build      func() *seatingplan.File
		places     int
		seatedMin  int
		categories []string
	}{
		"arena with a standing floor": {
			build:  func() *seatingplan.File { return seatingplan.GenerateArena("A", 15_500, seatingplan.StandingFloor) },
			places: 15_500, seatedMin: 9_000, categories: []string{"Standing", "Premium", "Lower Tier", "Upper Tier"},
		},
		"small arena with seats on the floor": {
			build:  func() *seatingplan.File { return seatingplan.GenerateArena("A", 9_700, seatingplan.SeatedFloor) },
			places: 9_700, seatedMin: 9_700, categories: []string{"Floor", "Premium", "Lower Tier", "Upper Tier"},
		},
		"smallest arena": {
			build:  func() *seatingplan.File { return seatingplan.GenerateArena("A", 2_000, seatingplan.StandingFloor) },
			places: 2_000, seatedMin: 500, categories: []string{"Standing", "Premium", "Lower Tier", "Upper Tier"},
		},
		"stadium": {
			build:  func() *seatingplan.File { return seatingplan.GenerateStadium("S", 50_000) },
			places: 50_000, seatedMin: 28_000, categories: []string{"Standing", "Premium", "Lower Tier", "Middle Tier", "Upper Tier"},
		},
		"theatre": {
			build:  func() *seatingplan.File { return seatingplan.GenerateTheatre("T", 2_804, 0) },
			places: 2_804, seatedMin: 2_804, categories: []string{"Premium", "Stalls", "Circle", "Balcony"},
		},
		"hall with standing room": {
			build:  func() *seatingplan.File { return seatingplan.GenerateTheatre("T", 1_744, 300) },
			places: 2_044, seatedMin: 1_744, categories: []string{"Premium", "Stalls", "Circle", "Balcony", "Standing"},
		},
		"amphitheatre": {
			build:  func() *seatingplan.File { return seatingplan.GenerateAmphitheatre("R", 9_525) },
			places: 9_525, seatedMin: 9_525, categories: []string{"Premium", "Stalls", "Balcony"},
		},
		"club": {
			build:  func() *seatingplan.File { return seatingplan.GenerateClub("C", 1_500) },
			places: 1_500, seatedMin: 250, categories: []string{"Standing", "Balcony"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requirePlan(t, tt.build, tt.places, tt.seatedMin, tt.categories)
		})
	}
}

// requirePlan checks what a generated plan promises.
func requirePlan(t *testing.T, build func() *seatingplan.File, places, seatedMin int, categories []string) {
	t.Helper()
	f := build()
	document, err := json.Marshal(f)
	require.NoError(t, err)
	parsed, err := seatingplan.Parse(document)
	require.NoError(t, err)
	require.Equal(t, f, parsed, "what is written is read as the same")
	again, err := json.Marshal(build())
	require.NoError(t, err)
	require.Equal(t, document, again, "the same plan every time")

	require.Equal(t, places, f.Places())
	plan := f.Plan("p")
	require.Len(t, plan.Seats, places)
	require.ElementsMatch(t, categories, plan.Categories())
	seated := 0
	for i := range plan.Seats {
		s := &plan.Seats[i]
		require.Equal(t, i, s.Index)
		require.True(t, s.X > 0 && s.X < float64(f.Size.Width) && s.Y > 0 && s.Y < float64(f.Size.Height), "inside the drawing")
		if !s.Standing() {
			seated++
		}
	}
	require.GreaterOrEqual(t, seated, seatedMin)
	requireRuns(t, f, places)
}

// requireRuns checks that each place is in exactly one run, and that blocks of
// real seats make runs that a party can sit in.
func requireRuns(t *testing.T, f *seatingplan.File, places int) {
	t.Helper()
	plan := f.Plan("p")
	seen := make([]bool, places)
	runs, seated := 0, 0
	for i, r := range f.Rows(plan) {
		require.Equal(t, i, r.Rank)
		for _, s := range r.Seats {
			require.False(t, seen[s])
			seen[s] = true
			require.Equal(t, r.Category, plan.Seats[s].Category)
		}
		if !r.Standing {
			runs, seated = runs+1, seated+len(r.Seats)
			require.LessOrEqual(t, len(r.Seats), 80, "aisles divide long rows")
		}
	}
	require.NotContains(t, seen, false)
	require.Greater(t, seated/max(runs, 1), 7, "runs hold parties")
}
