package e2e_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"google.golang.org/protobuf/encoding/prototext"

	"yourticket.example/e2e/system"
	"yourticket.example/workflows"
)

// TestHistoriesAreSealed rotates the keys while purchases run: one half of the
// processes seals under the old key, the other under the new one.
func TestHistoriesAreSealed(t *testing.T) {
	t.Parallel()
	key := func(id string) string {
		return id + ":" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(id, 32)))
	}
	half := func(keys ...string) system.Role {
		return system.Role{Env: []string{"PAYLOAD_KEYS=" + strings.Join(keys, ",")}}
	}
	roles := []system.Role{half(key("a"), key("b")), half(key("b"), key("a"))}
	s := start(t, system.Options{APIs: roles, Workers: roles})
	e := event(t, s, system.Hall{Rows: 1, Width: 8})
	c := buyer(t, s)
	for i, k := range []string{"one", "two"} {
		first, second := c.At(s.APIs[i]), c.At(s.APIs[1-i])
		b := booked(t, "held")(first.Book(t.Context(), k, system.Order{EventID: e.ID, Seats: e.Seats[i : i+1]}))
		booked(t, "confirmed")(second.Pay(t.Context(), b.ID, k, system.Visa))
		history := historyOf(t, s, workflows.PurchaseID(b.ID))
		for _, open := range []string{"pm_card_visa", "seat_index", "client_secret"} {
			require.NotContains(t, history, open)
		}
		require.Contains(t, history, "binary/aes-256-gcm")
		require.Contains(t, history, e.ID, "search attributes stay readable")
	}
	settled(t, s, time.Minute, e)
}

// historyOf is a workflow's history as the server keeps it.
func historyOf(t *testing.T, s *system.System, id string) string {
	t.Helper()
	var b strings.Builder
	for all := s.TemporalSDK.GetWorkflowHistory(t.Context(), id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); all.HasNext(); {
		event, err := all.Next()
		require.NoError(t, err)
		b.WriteString(prototext.Format(event))
	}
	return b.String()
}
