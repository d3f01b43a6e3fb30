package search_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/elastic"
	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/postgres"
	"yourticket.example/internal/search"
	"yourticket.example/migrations"
	"yourticket.example/ticket"
)

// world is a catalogue in both engines.
type world struct {
	pool     *pgxpool.Pool
	database *postgres.Search
	index    *elastic.Search
	url      string // of the node
	alias    string
}

// stocked is an event with what change capture knows of its sale.
type stocked struct {
	ticket.Event
	soldOut bool
}

func newWorld(t *testing.T, events []stocked) *world {
	t.Helper()
	w := newDatabase(t, events)
	url, prefix := partstest.Elasticsearch(t)
	w.connect(t, url, prefix+"events")
	w.fill(t, events)
	return w
}

// newDatabase gives a catalogue in PostgreSQL only.
func newDatabase(t *testing.T, events []stocked) *world {
	t.Helper()
	url := partstest.Postgres(t)
	_, err := postgres.MigrateUp(t.Context(), url, "catalogue", migrations.Catalogue())
	require.NoError(t, err)
	pool, err := postgres.Open(t.Context(), url, postgres.Options{MaxConns: 8})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	w := &world{pool: pool, database: postgres.NewSearch(pool)}
	w.store(t, events)
	return w
}

// connect speaks to an index, which need not be there.
func (w *world) connect(t *testing.T, url, alias string) {
	t.Helper()
	client, err := elastic.Open(url, elastic.Options{})
	require.NoError(t, err)
	w.index, w.url, w.alias = elastic.NewSearch(client, alias), url, alias
}

// service answers from the index, and from the database when it is away.
func (w *world) service(t *testing.T) *search.Service {
	t.Helper()
	s, err := search.New(search.Options{Index: w.index, Database: w.database, Patience: 30 * time.Second})
	require.NoError(t, err)
	return s
}

// limited answers from the database alone.
func (w *world) limited(t *testing.T) *search.Service {
	t.Helper()
	s, err := search.New(search.Options{Database: w.database})
	require.NoError(t, err)
	return s
}

// store writes the events and their venues to PostgreSQL.
func (w *world) store(t *testing.T, events []stocked) {
	t.Helper()
	ctx := t.Context()
	_, err := w.pool.Exec(ctx, `
		INSERT INTO shards (number) VALUES (0);
		INSERT INTO users (id, email, name, password_hash, roles) VALUES ('us_1', 'o@example.org', 'O', '', '{organizer}');`)
	require.NoError(t, err)
	batch := &pgx.Batch{}
	seen := map[string]bool{}
	for i := range events {
		e := &events[i]
		if !seen[e.Venue.ID] {
			seen[e.Venue.ID] = true
			batch.Queue(`INSERT INTO venues (id, name, city, country, lat, lon, created_by) VALUES ($1, $2, $3, $4, $5, $6, 'us_1')`,
				e.Venue.ID, e.Venue.Name, e.Venue.City, e.Venue.Country, e.Venue.Lat, e.Venue.Lon)
			batch.Queue(`INSERT INTO plans (id, venue_id, name, capacity, categories, document, created_by)
				VALUES ($1, $2, 'P', 100, '{A}', '', 'us_1')`, "pl_"+e.Venue.ID, e.Venue.ID)
		}
		batch.Queue(`
			INSERT INTO events (id, shard, slug, name, artist, genre, description, venue_id, plan_id, organizer_id, starts_at, doors_at,
			                    on_sale_at, status, max_tickets_per_buyer, waiting_room, currency, capacity)
			VALUES ($1, 0, $1, $2, $3, $4, $5, $6, $7, 'us_1', $8, $8, $9, $10, 4, '{}', 'EUR', 100)`,
			e.ID, e.Name, e.Artist, e.Genre, e.Description, e.Venue.ID, "pl_"+e.Venue.ID, e.StartsAt, e.OnSaleAt, e.Status)
		for j, p := range e.Prices {
			batch.Queue(`INSERT INTO prices (event_id, position, category, price, fee) VALUES ($1, $2, $3, $4, 0)`, e.ID, j, p.Category, p.Price.Amount)
		}
		if e.soldOut {
			batch.Queue(`INSERT INTO event_stock (event_id, sold_out, available, generation, shard_position) VALUES ($1, true, 0, 1, '0/1')`, e.ID)
		}
	}
	require.NoError(t, w.pool.SendBatch(ctx, batch).Close())
}

// fill writes a new index and puts it behind the alias.
func (w *world) fill(t *testing.T, events []stocked) {
	t.Helper()
	index := w.alias + "-1"
	w.call(t, http.MethodPut, "/"+index, elastic.IndexBody())
	w.write(t, index, events)
	w.call(t, http.MethodPost, "/_aliases", fmt.Appendf(nil, `{"actions": [{"add": {"index": %q, "alias": %q}}]}`, index, w.alias))
}

// write indexes events, which can be found when it returns.
func (w *world) write(t *testing.T, index string, events []stocked) {
	t.Helper()
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	for i := range events {
		if events[i].Status == ticket.EventDraft {
			continue
		}
		require.NoError(t, encoder.Encode(map[string]any{"index": map[string]any{"_id": events[i].ID}}))
		require.NoError(t, encoder.Encode(elastic.NewDocument(&events[i].Event, events[i].soldOut)))
	}
	answer := w.call(t, http.MethodPost, "/"+index+"/_bulk?refresh=true&filter_path=errors,items.*.error", body.Bytes())
	require.Contains(t, string(answer), `"errors":false`)
}

func (w *world) call(t *testing.T, method, path string, body []byte) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.url+path, bytes.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Less(t, res.StatusCode, 300, "%s", answer)
	return answer
}

// seen is a result as a test reads it.
type seen struct {
	search.Result
	Degraded bool
	ids      []string
}

// ask searches and gives what was found.
func ask(ctx context.Context, s *search.Service, q ticket.SearchQuery, cursor string) (*seen, error) {
	if q.Limit == 0 {
		q.Limit = 20
	}
	answer, err := s.Search(ctx, q, cursor, func(r *search.Result) (search.Render, error) {
		return func(_ context.Context, degraded bool) ([]byte, error) {
			return json.Marshal(seen{Result: *r, Degraded: degraded})
		}, nil
	})
	if err != nil {
		return nil, err
	}
	got := &seen{}
	if err := json.Unmarshal(answer.Body, got); err != nil {
		return nil, err
	}
	for _, f := range got.Items {
		got.ids = append(got.ids, f.Event.ID)
	}
	return got, nil
}

// everything reads all pages.
func everything(ctx context.Context, s *search.Service, q ticket.SearchQuery) (first *seen, ids []string, err error) {
	cursor := ""
	for range 1000 {
		page, err := ask(ctx, s, q, cursor)
		if err != nil {
			return nil, nil, err
		}
		if first == nil {
			first = page
		}
		ids = append(ids, page.ids...)
		if cursor = page.Cursor; cursor == "" {
			return first, ids, nil
		}
	}
	return nil, nil, errors.New("the list has no end")
}

// day is the time of tests' catalogues.
var day = time.Now().UTC().Truncate(24 * time.Hour)
