package elastic_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/elastic"
	"yourticket.example/ticket"
)

func TestTheIndexCarriesTheHashOfItsMapping(t *testing.T) {
	t.Parallel()
	var index struct {
		Settings struct {
			Analysis struct {
				Filter struct {
					Synonyms struct {
						Synonyms []string `json:"synonyms"`
					} `json:"synonyms"`
				} `json:"filter"`
			} `json:"analysis"`
		} `json:"settings"`
		Mappings struct {
			Meta struct {
				Hash string `json:"mapping_hash"`
			} `json:"_meta"`
		} `json:"mappings"`
	}
	require.NoError(t, json.Unmarshal(elastic.IndexBody(), &index))
	require.Equal(t, elastic.IndexHash(), index.Mappings.Meta.Hash)
	require.Contains(t, index.Settings.Analysis.Filter.Synonyms.Synonyms, "hip hop, hiphop, rap")
}

func TestADocumentIsItsEvent(t *testing.T) {
	t.Parallel()
	e := &ticket.Event{
		ID: "ev_1", Slug: "one", Name: "One", Artist: "Two", Genre: "Rock", Description: "Loud.", Status: ticket.EventScheduled,
		Venue:    ticket.Venue{ID: "vn_1", Name: "Hall", City: "Köln", Country: "DE", Lat: 50.9, Lon: 6.9},
		StartsAt: time.Unix(3000, 0).UTC(), DoorsAt: time.Unix(2000, 0).UTC(), OnSaleAt: time.Unix(1000, 0).UTC(), UpdatedAt: time.Unix(500, 0).UTC(),
		MaxTicketsPerBuyer: 4, WaitingRoom: ticket.WaitingRoom{Enabled: true}, Currency: "EUR", Capacity: 100, Version: 7,
		Prices: []ticket.Price{{Category: "A", Price: ticket.Money{Amount: 5000, Currency: "EUR"}, Fee: ticket.Money{Amount: 500, Currency: "EUR"}}},
	}
	d := elastic.NewDocument(e, true)
	text, err := json.Marshal(d)
	require.NoError(t, err)
	var back elastic.Document
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, d, back)
	require.True(t, back.SoldOut)
	require.Equal(t, []int64{5000}, back.Prices)
	require.Equal(t, e, back.Event())
}

func TestFailuresHaveACode(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status int
		body   string
		want   ticket.Code
	}{
		"overloaded":      {http.StatusTooManyRequests, `{"error": {"type": "es_rejected_execution_exception"}}`, ticket.CodeUnavailable},
		"no shard":        {http.StatusServiceUnavailable, `{}`, ticket.CodeUnavailable},
		"a proxy's page":  {http.StatusBadGateway, `<html>`, ticket.CodeUnavailable},
		"refused":         {http.StatusBadRequest, `{"error": {"root_cause": [{"type": "parsing_exception"}]}}`, ticket.CodeInvalid},
		"not there":       {http.StatusNotFound, `{}`, ticket.CodeNotFound},
		"wrong password":  {http.StatusUnauthorized, `{}`, ticket.CodeInternal},
		"broken":          {http.StatusInternalServerError, `{}`, ticket.CodeInternal},
		"red":             {http.StatusOK, `{"status": "red"}`, ticket.CodeUnavailable},
		"no JSON":         {http.StatusOK, `hello`, ticket.CodeInternal},
		"well, or yellow": {http.StatusOK, `{"status": "yellow"}`, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Elastic-Product", "Elasticsearch")
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}))
			defer server.Close()
			c, err := elastic.Open(server.URL, elastic.Options{})
			require.NoError(t, err)
			require.Equal(t, tt.want, ticket.CodeOf(c.Ping(t.Context())))
		})
	}
}

func TestAServerThatIsAwayOrSlowIsUnavailable(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	slow, err := elastic.Open(server.URL, elastic.Options{Timeout: 20 * time.Millisecond})
	require.NoError(t, err)
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(slow.Ping(t.Context())))
	close(hang)
	server.Close()
	gone, err := elastic.Open(server.URL, elastic.Options{})
	require.NoError(t, err)
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(gone.Ping(t.Context())))
}
