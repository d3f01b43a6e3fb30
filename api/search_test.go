package api_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/api"
	"yourticket.example/internal/catalogue"
	"yourticket.example/internal/elastic"
	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/postgres"
	"yourticket.example/internal/search"
	"yourticket.example/ticket"
)

// serveSearch starts the world's server anew with the search service, over an
// index where one is given.
func (w *world) serveSearch(t *testing.T, index search.Index) {
	t.Helper()
	pool, err := postgres.Open(t.Context(), w.pgURL, postgres.Options{MaxConns: 8})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	finder, err := search.New(search.Options{Index: index, Database: postgres.NewSearch(pool), Patience: 30 * time.Second})
	require.NoError(t, err)
	events, err := catalogue.New(w.store, nil)
	require.NoError(t, err)
	server, err := api.New(api.Deps{
		Logger: slog.New(slog.NewTextHandler(w.log, nil)), Tokens: w.auth,
		Parts:      []api.Part{{Name: "elasticsearch", Ping: finder.Ping}},
		StatusDeps: api.StatusDeps{Degraded: func() []string { return map[bool][]string{true: {"search"}}[finder.Limited()] }},
		SearchDeps: api.SearchDeps{Search: finder},
		CatalogueDeps: api.CatalogueDeps{
			Accounts: w.auth, Keys: w.auth.Keys, Secrets: w.auth.Passwords, Persons: noPersons{}, Requests: w.store,
			Events: events, Catalogue: w.store, Availability: w.seats, Blocks: w.seats, SalesBooks: w.sales,
		},
	}, "gateway", "events", "search")
	require.NoError(t, err)
	w.listen(t, server)
}

// indexed gives an index of the world's events.
func indexed(t *testing.T, events ...*ticket.Event) search.Index {
	t.Helper()
	node, prefix := partstest.Elasticsearch(t)
	send := func(method, path string, body []byte) {
		r, err := http.NewRequestWithContext(t.Context(), method, node+path, bytes.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer func() { _ = res.Body.Close() }()
		answer, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.Less(t, res.StatusCode, 300, "%s", answer)
	}
	alias := prefix + "events"
	send("PUT", "/"+alias+"-1", elastic.IndexBody())
	for _, e := range events {
		text, err := json.Marshal(elastic.NewDocument(e, false))
		require.NoError(t, err)
		send("PUT", "/"+alias+"-1/_doc/"+e.ID+"?refresh=true", text)
	}
	send("POST", "/_aliases", fmt.Appendf(nil, `{"actions": [{"add": {"index": %q, "alias": %q}}]}`, alias+"-1", alias))
	client, err := elastic.Open(node, elastic.Options{})
	require.NoError(t, err)
	return elastic.NewSearch(client, alias)
}

// published makes an event that everybody sees.
func published(t *testing.T, w *world) *ticket.Event {
	t.Helper()
	h := newHouse(t, w)
	made := w.do(t, "POST", "/v1/events", h.token, h.event()).want(t, http.StatusCreated).body
	id, _ := made["id"].(string)
	w.do(t, "POST", "/v1/events/"+id+"/publish", h.token, nil).want(t, http.StatusOK)
	e, err := w.store.Event(t.Context(), id)
	require.NoError(t, err)
	return e
}

func TestSearchAnswersAsTheContractSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := published(t, w)
	index := indexed(t, e)
	for name, index := range map[string]search.Index{"elastic": index, "postgres": nil} {
		w.serveSearch(t, index)
		found := w.do(t, "GET", "/v1/search?q=nachtliche&city=koln&min_price=12000&max_price=13000&sort=date&limit=5", "", nil).want(t, http.StatusOK).body
		require.Equal(t, index == nil, found["degraded"], name)
		require.InDelta(t, 1, found["total"], 0)
		require.NotContains(t, found, "next_cursor")
		facets := found["facets"].(object)
		require.Equal(t, []any{object{"value": "Köln", "count": 1.0}}, facets["city"], name)
		require.Equal(t, []any{object{"value": "rock", "count": 1.0}}, facets["genre"], name)
		require.Equal(t, []any{object{"value": e.StartsAt.Format("2006-01"), "count": 1.0}}, facets["month"], name)
		item := found["items"].([]any)[0].(object)
		require.Equal(t, object{"name": "<em>Nächtliche</em> Räume"}, item["highlight"], name)
		delete(item, "highlight")
		list := w.do(t, "GET", "/v1/events", "", nil).want(t, http.StatusOK).body["items"].([]any)
		require.Equal(t, list[0], item, "%s: an item is what the list of events has", name)
		suggested := w.do(t, "GET", "/v1/search/suggest?q=exam", "", nil).want(t, http.StatusOK).body["items"].([]any)
		require.Equal(t, []any{object{"text": "The Examples", "kind": "artist", "id": ""}}, suggested, name)
		status := w.do(t, "GET", "/v1/status", "", nil).want(t, http.StatusOK).body
		require.Equal(t, index == nil, fmt.Sprint(status["degraded"]) == "[search]", name)
		w.do(t, "GET", "/readyz", "", nil).want(t, http.StatusOK)
	}
}

// attacks are texts that mean something to some query language, or to nobody.
var attacks = []string{
	`*`, `?`, `*:*`, `_exists_:id`, `a AND (b OR`, `"unclosed`, `/.*/`, `name:[* TO *]`, `{"match_all": {}}`, `\`, `\\`, `'`, `''`, `'; DROP TABLE events; --`,
	`a & b | !c`, `a <-> b:*A`, `'a':*`, `%`, `_%_`, "\x00", "a\x00b", "\x01\x02\x1f", "\u2028\u200b\ufeff", "\xff\xfe", "日本語", "𝔘𝔫𝔦", "é" + strings.Repeat("\u0301", 150),
	strings.Repeat("a", 200), strings.Repeat("a ", 100), strings.Repeat("é", 200), strings.Repeat("x", 10_000), strings.Repeat("or ", 3000), `<script>alert(1)</script>`, `${jndi:ldap://x}`, `{{7*7}}`,
	"a~2 b^1000", "-a +b", "NaN", "null", "true", "$1", "{0}", "%s%n", "--", "/* */", "()", "&&&&", "||||",
}

func TestWhateverIsSearchedForIsAnsweredOrRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := published(t, w)
	index := indexed(t, e)
	for name, index := range map[string]search.Index{"elastic": index, "postgres": nil} {
		w.serveSearch(t, index)
		try := func(path string) {
			status := w.do(t, "GET", path, "", nil).status
			require.True(t, status == http.StatusOK || status >= 400 && status < 500, "%s: %d for %.200q", name, status, path)
		}
		for _, text := range attacks {
			escaped := url.QueryEscape(text)
			for _, parameter := range []string{
				"q", "city", "country", "genre", "artist", "from", "to", "lat", "radius_km", "min_price", "available", "sort", "limit", "cursor",
			} {
				try("/v1/search?" + parameter + "=" + escaped)
			}
			try("/v1/search/suggest?q=" + escaped)
		}
		for _, path := range []string{
			"/v1/search?%", "/v1/search?q=%zz", "/v1/search?limit=1000000000", "/v1/search?limit=-1", "/v1/search?lat=91&lon=0&sort=distance",
			"/v1/search?sort=distance", "/v1/search?lat=1e308&lon=1&radius_km=1e308", "/v1/search?min_price=9223372036854775807",
			"/v1/search?min_price=-9223372036854775808", "/v1/search?max_price=99999999999999999999", "/v1/search?from=0000-01-01",
			"/v1/search?from=9999-12-31&to=9999-12-31", "/v1/search?to=2030-02-30", "/v1/search?from=2030-01-01T00:00:00+99:00",
			"/v1/search?q=" + strings.Repeat("%2A", 200), "/v1/search?" + strings.Repeat("q=a&", 1000), "/v1/search/suggest",
		} {
			try(path)
		}
		for _, bad := range []string{
			"available=1", "sort=best", "limit=0", "country=Germany", "from=yesterday", "lat=1", "radius_km=5", "min_price=1.5", "cursor=x", "q=" + strings.Repeat("a", 201),
		} {
			problem := w.do(t, "GET", "/v1/search?"+bad, "", nil)
			require.Contains(t, []int{400, 422}, problem.status, bad)
			field, _, _ := strings.Cut(bad, "=")
			named := problem.body["errors"].([]any)[0].(object)["field"]
			require.Equal(t, cmp.Or(map[string]string{"lat": "lon", "radius_km": "lat"}[field], field), named, bad)
		}
	}
}
