package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/parts/partstest"
	"yourticket.example/ticket"
)

func TestAReconciliationThatFailedBeginsAnew(t *testing.T) {
	t.Parallel()
	c, _ := newCatalogue(t)
	r := ticket.Reconciliation{
		ID: "rc_stripe_2026-03-01", Providers: []ticket.Provider{ticket.Stripe}, From: time.Now().Add(-time.Hour), To: time.Now(), RequestedBy: "schedule",
	}
	for _, step := range []struct {
		begin           bool
		failure         string
		want            ticket.ReconciliationStatus
		wantFailure, of string
	}{
		{true, "", ticket.ReconciliationRunning, "", "it begins"},
		{false, "the provider is away", ticket.ReconciliationFailed, "the provider is away", "it fails"},
		{true, "", ticket.ReconciliationRunning, "", "the day is reconciled again"},
		{true, "", ticket.ReconciliationRunning, "", "a retry changes nothing"},
		{false, "", ticket.ReconciliationDone, "", "it ends"},
		{true, "", ticket.ReconciliationDone, "", "what is done stays done"},
	} {
		if step.begin {
			require.NoError(t, c.BeginReconciliation(t.Context(), r))
		} else {
			require.NoError(t, c.FinishReconciliation(t.Context(), r.ID, step.failure))
		}
		got, err := c.Reconciliation(t.Context(), r.ID)
		require.NoError(t, err)
		require.Equal(t, step.want, got.Status, step.of)
		require.Equal(t, step.wantFailure, got.Failure, step.of)
		require.Equal(t, step.want == ticket.ReconciliationRunning, got.FinishedAt == nil, step.of)
	}
}

// TestADayThatWasLeftOutIsSeen has daily reports, of which one is missing, failed
// or made up for by somebody.
func TestADayThatWasLeftOutIsSeen(t *testing.T) {
	t.Parallel()
	c, _ := newCatalogueAt(t, partstest.Postgres(t)+"&timezone=Europe/Berlin") // days are days of UTC all the same
	today := time.Now().UTC().Add(-28 * time.Hour).Truncate(24 * time.Hour)    // the last that was due
	report := func(from, to time.Time, by, failure string) {
		id := fmt.Sprint("rc_", from.Format(time.RFC3339), by)
		require.NoError(t, c.BeginReconciliation(t.Context(), ticket.Reconciliation{
			ID: id, Providers: []ticket.Provider{ticket.Stripe}, From: from, To: to, RequestedBy: by,
		}))
		require.NoError(t, c.FinishReconciliation(t.Context(), id, failure))
	}
	age := func() time.Duration {
		list, err := c.LastReconciliations(t.Context())
		require.NoError(t, err)
		require.Len(t, list, 1)
		return time.Duration(list[0].Age * float64(time.Second))
	}
	report(today.AddDate(0, 0, -40), today.AddDate(0, 0, -39), "us_finance", "")
	require.Less(t, age(), time.Minute, "nothing is scheduled yet")
	for days := 9; days >= 0; days-- {
		switch from := today.AddDate(0, 0, -days); days {
		case 6:
		case 3:
			report(from, from.AddDate(0, 0, 1), "schedule", "the provider is away")
		default:
			report(from, from.AddDate(0, 0, 1), "schedule", "")
		}
	}
	due := func(days int) time.Duration { return time.Since(today.AddDate(0, 0, -days).Add(28 * time.Hour)) }
	require.InDelta(t, due(6), age(), float64(time.Minute))
	report(today.AddDate(0, 0, -6), today.AddDate(0, 0, -5).Add(-time.Hour), "us_finance", "")
	require.InDelta(t, due(6), age(), float64(time.Minute), "an hour is missing")
	report(today.AddDate(0, 0, -7), today.AddDate(0, 0, -4), "us_finance", "")
	require.InDelta(t, due(3), age(), float64(time.Minute))
	report(today.AddDate(0, 0, -3), today.AddDate(0, 0, -2), "schedule", "")
	require.Less(t, age(), time.Minute)
}
