package seatingplan_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/seatingplan"
)

func BenchmarkStadium(b *testing.B) {
	document, err := json.Marshal(seatingplan.GenerateStadium("S", 50_000))
	require.NoError(b, err)
	f, err := seatingplan.Parse(document)
	require.NoError(b, err)
	plan := f.Plan("p")
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(document)))
		for b.Loop() {
			_, err = seatingplan.Parse(document)
		}
		require.NoError(b, err)
	})
	b.Run("plan", func(b *testing.B) {
		for b.Loop() {
			plan = f.Plan("p")
		}
	})
	b.Run("rows", func(b *testing.B) {
		for b.Loop() {
			f.Rows(plan)
		}
	})
}
