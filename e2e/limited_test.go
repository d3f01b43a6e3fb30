package e2e_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/system"
)

// Nobody needs Elasticsearch to sell or to buy, and what happened while it was
// away is in it once it is back.
func TestSalesGoOnWithoutElasticsearch(t *testing.T) {
	t.Parallel()
	s := start(t, system.Options{Elasticsearch: true})
	before := event(t, s, system.Hall{Rows: 1, Width: 3})
	indexed(t, s, before, false)

	s.Elasticsearch.Kill()
	during := event(t, s, system.Hall{Rows: 1, Width: 3})
	answer, err := buyer(t, s).Book(t.Context(), "while-it-is-away", best(before, system.Seated, 3, system.Visa))
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, answer.Status, answer)
	settled(t, s, time.Minute, before, during)

	require.NoError(t, s.Elasticsearch.Restart(t.Context()))
	indexed(t, s, before, true)
	indexed(t, s, during, false)
}

// indexed waits until an event is in the index, and as sold out or not.
func indexed(t *testing.T, s *system.System, e *system.Event, soldOut bool) {
	t.Helper()
	var last string
	require.Eventually(t, func() bool {
		var document struct {
			SoldOut bool `json:"sold_out"`
		}
		resp, err := http.Get(s.Elasticsearch.URL + "/events/_source/" + e.ID)
		if err != nil {
			last = err.Error()
			return false
		}
		defer func() { _ = resp.Body.Close() }()
		last = resp.Status
		err = json.NewDecoder(resp.Body).Decode(&document)
		return resp.StatusCode == http.StatusOK && err == nil && document.SoldOut == soldOut
	}, time.Minute, 100*time.Millisecond, "event %s is not in the index, sold out: %t; %s", e.ID, soldOut, last)
}
