package search_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/judged"
	"yourticket.example/internal/search"
	"yourticket.example/ticket"
)

func TestPeopleWouldOrderItSo(t *testing.T) {
	t.Parallel()
	var events []stocked
	for _, e := range judged.Catalogue(day) {
		events = append(events, stocked{Event: e.Event, soldOut: e.SoldOut})
	}
	w := newWorld(t, events)
	floors := map[string]float64{"elastic": 0.95, "postgres": 0.80} // which does not know typos
	for name, s := range map[string]*search.Service{"elastic": w.service(t), "postgres": w.limited(t)} {
		sum := 0.0
		queries := judged.Queries()
		for _, q := range queries {
			got, err := ask(t.Context(), s, ticket.SearchQuery{Text: q.Text}, "")
			require.NoError(t, err)
			var slugs []string
			for _, id := range got.ids {
				slugs = append(slugs, strings.TrimPrefix(id, "ev_"))
			}
			n := q.NDCG(slugs)
			if n < 0.9 {
				t.Logf("%s: %.2f for %q: %v", name, n, q.Text, slugs)
			}
			sum += n
		}
		mean := sum / float64(len(queries))
		t.Logf("%s: NDCG@10 over %d searches: %.3f", name, len(queries), mean)
		require.Greater(t, mean, floors[name], name)
	}
}

func TestSuggestionsCompleteWhatIsTyped(t *testing.T) {
	t.Parallel()
	var events []stocked
	for _, e := range judged.Catalogue(day) {
		events = append(events, stocked{Event: e.Event, soldOut: e.SoldOut})
	}
	w := newWorld(t, events)
	for name, s := range map[string]*search.Service{"elastic": w.service(t), "postgres": w.limited(t)} {
		first := func(text string) ticket.Suggestion {
			list, limited, err := s.Suggest(t.Context(), text)
			require.NoError(t, err)
			require.Equal(t, name == "postgres", limited)
			require.LessOrEqual(t, len(list), ticket.MaxSuggestions)
			require.NotEmpty(t, list, "%s: %q", name, text)
			return list[0]
		}
		require.Equal(t, ticket.Suggestion{Text: "Nova Kestrel", Kind: ticket.SuggestArtist}, first("nova k"), name)
		require.Equal(t, ticket.Suggestion{Text: "MC Żuraw", Kind: ticket.SuggestArtist}, first("zur"), name)
		require.Equal(t, ticket.Suggestion{Text: "København", Kind: ticket.SuggestCity}, first("kobenh"), name)
		velodrom := first("velodr")
		require.Equal(t, "Velodrom am Park", velodrom.Text, name)
		require.Equal(t, ticket.SuggestVenue, velodrom.Kind, name)
		require.NotEmpty(t, velodrom.ID, name)
		list, _, err := s.Suggest(t.Context(), " '\":*\x00 ")
		require.NoError(t, err)
		require.Empty(t, list)
	}
}
