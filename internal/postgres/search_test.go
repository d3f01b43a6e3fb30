package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/postgres"
	"yourticket.example/internal/search"
	"yourticket.example/migrations"
	"yourticket.example/ticket"
)

func TestTextsAreFoldedAlikeHereAndThere(t *testing.T) {
	t.Parallel()
	url := partstest.Postgres(t)
	_, err := postgres.MigrateUp(t.Context(), url, "catalogue", migrations.Catalogue())
	require.NoError(t, err)
	pool, err := postgres.Open(t.Context(), url, postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	for _, text := range []string{
		"Köln", "São Paulo", "BJÖRK", "Łódź", "Ærø", "Œuvre", "Straße", "Þórr", "Đoković", "plain", " Trim me ", "Việt Nam",
		"Йошкар-Ола", "東京", "서울", "İstanbul", "A\u0301\u0323b", "O’Brien's", "R&B", "AC/DC", "!!!", "hip-hop 2.0", "50% off", "a_b", "x:y*z", "-1 +2",
	} {
		var folded, words string
		require.NoError(t, pool.QueryRow(t.Context(), `SELECT search_fold($1), btrim(search_words($1))`, text).Scan(&folded, &words))
		require.Equal(t, search.Fold(text), folded, "fold %q", text)
		require.Equal(t, fmt.Sprint(search.Words(text)), "["+words+"]", "words of %q", text)
	}
}

func TestLimitedSearchFindsWords(t *testing.T) {
	t.Parallel()
	url := partstest.Postgres(t)
	_, err := postgres.MigrateUp(t.Context(), url, "catalogue", migrations.Catalogue())
	require.NoError(t, err)
	pool, err := postgres.Open(t.Context(), url, postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	c := postgres.NewCatalogue(pool)
	require.NoError(t, c.RegisterShards(t.Context(), 1))
	u := ticket.User{ID: ticket.NewID(ticket.KindUser, 0), Email: "a@example.org", Name: "A", Roles: []ticket.Role{ticket.RoleOrganizer}}
	require.NoError(t, c.CreateUser(t.Context(), ticket.Account{User: u}))
	first := newEvent(t, c, u)
	first.Artist, first.Name, first.Genre, first.Description = "Die Ärzten", "Nachtflug", "Hip-Hop", "Leise."
	require.NoError(t, c.CreateEvent(t.Context(), first))
	second := newEvent(t, c, u)
	second.Slug, second.Artist, second.Name, second.Description = "second", "O'Malley & Sons", "Nacht", "The Ärzten open."
	require.NoError(t, c.CreateEvent(t.Context(), second))

	s := postgres.NewSearch(pool)
	find := func(text string) (ids []string) {
		q := &ticket.SearchQuery{Text: text, Sort: ticket.SortRelevance, Limit: 10}
		page, err := s.Search(t.Context(), q, ticket.SearchPlace{Now: time.Now()})
		require.NoError(t, err)
		for _, f := range page.Items {
			ids = append(ids, f.Event.ID)
		}
		require.Equal(t, len(ids), page.Total)
		return ids
	}
	require.Equal(t, []string{first.ID, second.ID}, find("arzten"), "the artist before the description")
	require.Equal(t, []string{first.ID}, find("rap"), "a synonym")
	require.Equal(t, []string{first.ID}, find("arzten bonn nachtf"), "words of several fields, the last one begun")
	require.Equal(t, []string{second.ID}, find("omalley and"))
	require.Empty(t, find("nobody"))

	_, err = pool.Exec(t.Context(), `UPDATE venues SET city = 'Łódź' WHERE id = $1`, first.Venue.ID)
	require.NoError(t, err)
	require.Equal(t, []string{first.ID}, find("lodz"), "a venue's change reaches its events")

	list, err := s.Suggest(t.Context(), "na", time.Now())
	require.NoError(t, err)
	require.Len(t, list, 2)
	list, err = s.Suggest(t.Context(), "lo", time.Now())
	require.NoError(t, err)
	require.Equal(t, []ticket.Suggestion{{Text: "Łódź", Kind: ticket.SuggestCity}}, list)
}
