package e2e_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/system"
)

// within is how long a sale may take to do what it has to: some of its ticks.
const within = 30 * time.Second

// queueNow is what everybody sees of a waiting room.
type queueNow struct {
	Phase   string `json:"phase"`
	Serving int64  `json:"serving"`
	Issued  int64  `json:"issued"`
}

func queueOf(t *testing.T, s *system.System, e *system.Event) (q queueNow) {
	t.Helper()
	a := answer(t, http.StatusOK)(s.Anonymous().Do(t.Context(), http.MethodGet, "/v1/events/"+e.ID+"/queue", nil))
	require.NoError(t, json.Unmarshal(a.Body, &q))
	return q
}

// joins gives a buyer a place, and the same one again.
func joins(t *testing.T, c *system.Client, e *system.Event) {
	t.Helper()
	answer(t, http.StatusCreated)(c.Do(t.Context(), http.MethodPost, "/v1/events/"+e.ID+"/queue", nil))
	answer(t, http.StatusOK)(c.Do(t.Context(), http.MethodPost, "/v1/events/"+e.ID+"/queue", nil))
}

// admitted waits for the turn of a buyer and claims it.
func admitted(t *testing.T, c *system.Client, e *system.Event) (admission string) {
	t.Helper()
	var claim struct {
		Admission string `json:"admission"`
	}
	require.Eventually(t, func() bool {
		a, err := c.Do(t.Context(), http.MethodPost, "/v1/events/"+e.ID+"/queue/claim", nil)
		return err == nil && a.Status == http.StatusOK && json.Unmarshal(a.Body, &claim) == nil
	}, within, 100*time.Millisecond)
	return claim.Admission
}

// A sale with a waiting room, on the whole system.
func TestOnSale(t *testing.T) {
	t.Parallel()
	s := start(t, system.Options{Workers: []system.Role{{}, {}}})

	t.Run("only an admission of one's own buys, and only once", func(t *testing.T) {
		e := event(t, s, system.Hall{Rows: 2, Width: 10, Sessions: 1})
		ann, bob := buyer(t, s), buyer(t, s)
		order := system.Order{EventID: e.ID, Seats: e.Seats[:1], Payment: system.Visa}
		refused(t, http.StatusForbidden, "admission-required")(ann.Book(t.Context(), "without", order))
		joins(t, ann, e)
		order.Admission = admitted(t, ann, e)
		refused(t, http.StatusForbidden, "admission-required")(bob.Book(t.Context(), "stolen", order))
		booked(t, "confirmed")(ann.Book(t.Context(), "mine", order))
		order.Seats = e.Seats[1:2]
		refused(t, http.StatusForbidden, "admission-required")(ann.Book(t.Context(), "again", order))
		settled(t, s, time.Minute, e)
	})

	t.Run("nobody is called while no provider answers, and nobody loses a place", func(t *testing.T) {
		e := event(t, s, system.Hall{Rows: 2, Width: 10, Sessions: 1})
		ann, bob, late := buyer(t, s), buyer(t, s), buyer(t, s)
		joins(t, ann, e)
		order := system.Order{EventID: e.ID, Seats: e.Seats[:1], Payment: system.Visa, Admission: admitted(t, ann, e)}
		joins(t, bob, e)
		for _, provider := range []string{"stripe", "paypal"} {
			require.NoError(t, s.Break(t.Context(), provider, "error", ""))
		}
		require.Eventually(t, func() bool { return queueOf(t, s, e).Phase == "paused" }, within, 100*time.Millisecond)
		joins(t, late, e)
		held := answer(t, http.StatusServiceUnavailable)(ann.Book(t.Context(), "in-the-outage", order)).Problem().BookingID
		require.Equal(t, int64(1), queueOf(t, s, e).Serving)
		require.NoError(t, s.Mend(t.Context()))
		require.Eventually(t, func() bool { return queueOf(t, s, e).Phase == "open" }, within, 100*time.Millisecond)
		booked(t, "confirmed")(ann.Pay(t.Context(), held, "after-it", system.Visa))
		require.NotEmpty(t, admitted(t, bob, e), "the place that was freed is bob's")
		require.Equal(t, int64(2), queueOf(t, s, e).Serving)
	})

	t.Run("a lost worker is not noticed", func(t *testing.T) {
		e := event(t, s, system.Hall{Rows: 2, Width: 10, Sessions: 1, OnSaleIn: 3 * time.Second})
		require.Equal(t, "prequeue", queueOf(t, s, e).Phase)
		s.Workers[0].Kill()
		order := system.Order{EventID: e.ID, Seats: e.Seats[:2], Payment: system.Visa}
		ann := buyer(t, s)
		joins(t, ann, e)
		order.Admission = admitted(t, ann, e)
		booked(t, "confirmed")(ann.Book(t.Context(), "mine", order))
		settled(t, s, time.Minute, e)
		require.NoError(t, s.Workers[0].Restart(t.Context()))
	})
}
