package e2e_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/system"
)

// An organizer's event on the morning of its sale, on the whole system: it opens
// by itself, when its times say so, also after they were changed.
func TestOrganizer(t *testing.T) {
	t.Parallel()
	s := start(t, system.Options{})

	t.Run("a sale without a waiting room opens by itself", func(t *testing.T) {
		e := event(t, s, system.Hall{Rows: 1, Width: 6, OnSaleIn: 4 * time.Second})
		require.Contains(t, listed(t, s), e.ID)
		ann := buyer(t, s)
		order := system.Order{EventID: e.ID, Seats: e.Seats[:2], Payment: system.Visa}
		refused(t, http.StatusConflict, "not-on-sale")(ann.Book(t.Context(), "early", order))
		require.Eventually(t, func() bool { return statusOf(t, s, e) == "on_sale" }, within, 200*time.Millisecond)
		booked(t, "confirmed")(ann.Book(t.Context(), "mine", order))
	})

	t.Run("a sale with a waiting room opens when it is told to anew", func(t *testing.T) {
		e := event(t, s, system.Hall{Rows: 1, Width: 6, OnSaleIn: time.Hour, Sessions: 2})
		ann := buyer(t, s)
		joins(t, ann, e)
		require.Equal(t, "prequeue", queueOf(t, s, e).Phase)
		changed(t, e, http.MethodPatch, "", map[string]any{"on_sale_at": time.Now().Add(2 * time.Second).UTC()})
		order := system.Order{EventID: e.ID, Seats: e.Seats[:1], Payment: system.Visa, Admission: admitted(t, ann, e)}
		booked(t, "confirmed")(ann.Book(t.Context(), "mine", order))

		changed(t, e, http.MethodPost, "/postpone", map[string]any{"reason": "The singer is ill."})
		require.Equal(t, "postponed", statusOf(t, s, e))
		require.Eventually(t, func() bool { return queueOf(t, s, e).Phase != "open" }, within, 200*time.Millisecond)
		changed(t, e, http.MethodPost, "/publish", nil)
		require.Eventually(t, func() bool { return queueOf(t, s, e).Phase == "open" }, within, 200*time.Millisecond)
		bob := buyer(t, s)
		joins(t, bob, e)
		order.Seats, order.Admission = e.Seats[1:2], admitted(t, bob, e)
		booked(t, "confirmed")(bob.Book(t.Context(), "mine", order))
		settled(t, s, time.Minute, e)
		var sales struct {
			Sold struct {
				Tickets int
				Total   struct{ Amount int64 }
			}
		}
		a := answer(t, http.StatusOK)(e.Organizer.Do(t.Context(), http.MethodGet, "/v1/events/"+e.ID+"/sales", nil))
		require.NoError(t, json.Unmarshal(a.Body, &sales))
		require.Equal(t, 2, sales.Sold.Tickets)
		require.Equal(t, int64(2*system.SeatTotal), sales.Sold.Total.Amount)
	})
}

func changed(t *testing.T, e *system.Event, method, what string, body any) {
	t.Helper()
	answer(t, http.StatusOK)(e.Organizer.Do(t.Context(), method, "/v1/events/"+e.ID+what, body))
}

func statusOf(t *testing.T, s *system.System, e *system.Event) string {
	t.Helper()
	var body struct{ Status string }
	a := answer(t, http.StatusOK)(s.Anonymous().Do(t.Context(), http.MethodGet, "/v1/events/"+e.ID, nil))
	require.NoError(t, json.Unmarshal(a.Body, &body))
	return body.Status
}

// listed gives the ids of the events that everybody sees.
func listed(t *testing.T, s *system.System) (ids []string) {
	t.Helper()
	var body struct{ Items []struct{ ID string } }
	a := answer(t, http.StatusOK)(s.Anonymous().Do(t.Context(), http.MethodGet, "/v1/events?limit=100", nil))
	require.NoError(t, json.Unmarshal(a.Body, &body))
	for _, item := range body.Items {
		ids = append(ids, item.ID)
	}
	return ids
}
