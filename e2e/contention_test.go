package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/system"
)

// A crowd ten times as large as the hall asks at the same moment, half of it
// for a seat of its own choice and half for the best there is.
func TestFiveHundredBuyersForFiftySeats(t *testing.T) {
	t.Parallel()
	s := start(t, system.Options{APIs: []system.Role{{}, {}}, Workers: []system.Role{{}, {}}})
	for round := range rounds(2) {
		t.Run(fmt.Sprint("round ", round+1), func(t *testing.T) { fight(t, s, 500, 50) })
	}
}

func fight(t *testing.T, s *system.System, crowd, places int) {
	t.Helper()
	e := event(t, s, system.Hall{Rows: 5, Width: places / 5, Limit: 4})
	buyers, err := s.Buyers(t.Context(), crowd)
	require.NoError(t, err)
	answers := make([]*system.Answer, crowd)
	errs := make([]error, crowd)
	var crowdIn sync.WaitGroup
	doors := make(chan struct{})
	for i, b := range buyers {
		o := system.Order{EventID: e.ID, Payment: system.Visa}
		if i%2 == 0 {
			o.Seats = []string{e.Seats[i/2%places]}
		} else {
			o.BestAvailable = &system.Best{Category: system.Seated, Quantity: 1}
		}
		crowdIn.Go(func() {
			<-doors
			answers[i], errs[i] = b.At(s.APIs[i%len(s.APIs)]).Book(t.Context(), "only", o)
		})
	}
	began := time.Now()
	close(doors)
	crowdIn.Wait()
	took := time.Since(began)

	won := map[string]bool{}
	lost := map[string]int{}
	for i, a := range answers {
		require.NoError(t, errs[i])
		switch {
		case a.Status == http.StatusCreated:
			b, err := a.Booking()
			require.NoError(t, err)
			require.Equal(t, "confirmed", b.Status)
			require.Len(t, b.Seats, 1)
			require.False(t, won[b.Seats[0].ID], "seat %s was sold twice", b.Seats[0].ID)
			won[b.Seats[0].ID] = true
		case a.Status == http.StatusConflict && (a.Code() == "seats-unavailable" || a.Code() == "sold-out"):
			lost[a.Code()]++
		default:
			t.Errorf("a loser is answered %s", a)
		}
	}
	t.Logf("%d won, lost %v, in %s", len(won), lost, took.Round(time.Millisecond))
	require.Len(t, won, places)
	require.Equal(t, crowd-places, lost["seats-unavailable"]+lost["sold-out"])
	settled(t, s, 30*time.Second, e)
	require.Equal(t, places, soldSeats(t, s, e))
}

// soldSeats counts the event's seats that have a live ticket, each once.
func soldSeats(t *testing.T, s *system.System, e *system.Event) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	total := 0
	for _, db := range s.Shards {
		var n int
		err := db.QueryRow(ctx, `SELECT count(DISTINCT seat_index) FROM tickets WHERE event_id = $1 AND status = 'live'`, e.ID).Scan(&n)
		require.NoError(t, err)
		total += n
	}
	return total
}
