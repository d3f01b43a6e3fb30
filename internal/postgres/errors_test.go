package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/postgres"
	"yourticket.example/migrations"
	"yourticket.example/ticket"
)

func TestProcessesThatMigrateAtOnceDoNotDisturbOneAnother(t *testing.T) {
	t.Parallel()
	url := partstest.Postgres(t)
	applied := make(chan int, 4)
	for range cap(applied) {
		go func() {
			states, err := postgres.MigrateUp(t.Context(), url, "catalogue", migrations.Catalogue())
			if err != nil {
				t.Errorf("migrate: %v", err)
			}
			applied <- len(states)
		}()
	}
	sum := 0
	for range cap(applied) {
		sum += <-applied
	}
	status, err := postgres.MigrateStatus(t.Context(), url, "catalogue", migrations.Catalogue())
	require.NoError(t, err)
	require.Len(t, status, sum, "each migration was applied once")
	for _, m := range status {
		require.True(t, m.Applied, m.File)
	}
}

func TestCatalogueAndSalesShareADatabase(t *testing.T) {
	t.Parallel()
	url := partstest.Postgres(t)
	_, err := postgres.MigrateUp(t.Context(), url, "catalogue", migrations.Catalogue())
	require.NoError(t, err)
	_, err = postgres.MigrateUp(t.Context(), url, "sales", migrations.Sales())
	require.NoError(t, err)
}

func TestAnEndedContextIsUnavailable(t *testing.T) {
	t.Parallel()
	c, _ := newCatalogue(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Event(ctx, "night")
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err))
}

func TestALostServerIsUnavailableAndComesBack(t *testing.T) {
	t.Parallel()
	server := partstest.PostgresServer(t)
	pool, err := postgres.Open(t.Context(), server.URL, postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	c := postgres.NewCatalogue(pool)
	server.Kill()
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(c.Ping(t.Context())))
	require.NoError(t, server.Restart(t.Context()))
	require.Eventually(t, func() bool { return c.Ping(t.Context()) == nil }, 20*time.Second, 50*time.Millisecond)
}

func TestTheURLBoundsThePool(t *testing.T) {
	t.Parallel()
	url := partstest.Postgres(t)
	for suffix, want := range map[string]int32{"": 7, "&pool_max_conns=3": 3} {
		pool, err := postgres.Open(t.Context(), url+suffix, postgres.Options{MaxConns: 7})
		require.NoError(t, err)
		require.Equal(t, want, pool.Config().MaxConns)
		pool.Close()
	}
}

func TestOpenFails(t *testing.T) {
	t.Parallel()
	for outcome, url := range map[string]string{
		"without quoting a malformed URL":          "postgres://u:s3cret@localhost:notaport/db",
		"without quoting an unreachable server's":  "postgres://u:s3cret@127.0.0.1:1/db",
		"without quoting an unknown setting's URL": "postgres://u:s3cret@127.0.0.1:1/db?sslmode=never",
	} {
		t.Run(outcome, func(t *testing.T) {
			t.Parallel()
			_, err := postgres.Open(t.Context(), url, postgres.Options{})
			require.Error(t, err)
			require.NotContains(t, err.Error(), "s3cret")
		})
	}
}
