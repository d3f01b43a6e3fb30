package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/app"
	"yourticket.example/internal/config"
	"yourticket.example/internal/parts/partstest"
)

func TestMain(m *testing.M) { partstest.Main(m) }

// TestAPartThatIsAwayAtTheStartIsNamed starts with one part away after the other:
// each time what was opened is closed again, and the error names the variable.
func TestAPartThatIsAwayAtTheStartIsNamed(t *testing.T) {
	t.Parallel()
	database, redis := partstest.Postgres(t), partstest.Redis(t)
	const nowhere = "127.0.0.1:1"
	for variable, c := range map[string]config.Config{
		"DATABASE_URL":        {DatabaseURL: config.NewURL("postgres://a@" + nowhere + "/x")},
		"SALES_DATABASE_URLS": {DatabaseURL: config.NewURL(database), SalesDatabaseURLs: config.NewURLs("postgres://a@" + nowhere + "/x")},
		"REDIS_URL":           {DatabaseURL: config.NewURL(database), RedisURL: config.NewURL("redis://" + nowhere)},
		"TEMPORAL_ADDRESS":    {DatabaseURL: config.NewURL(database), RedisURL: config.NewURL(redis), TemporalAddress: nowhere, TemporalNamespace: "default"},
	} {
		t.Run(variable, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			require.ErrorContains(t, app.RunWorkers(ctx, c, app.WorkerOptions{Fleets: []string{"purchases"}}), variable)
			require.ErrorContains(t, app.RunAPI(ctx, c, app.APIOptions{Services: []string{"events"}, Listen: "127.0.0.1:0"}), variable)
		})
	}
}
