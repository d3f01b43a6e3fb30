package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/system"
	"yourticket.example/internal/parts"
	"yourticket.example/internal/postgres"
	"yourticket.example/migrations"
	"yourticket.example/ticket"
)

// storm is a catalogue with two shards, an Elasticsearch, and two processes
// that capture, of which one stands by.
type storm struct {
	postgres, elasticsearch *parts.Part
	urls                    []string // catalogue, then shards
	catalogue               *pgxpool.Pool
	shards                  []*pgxpool.Pool
	captures                []*respawned
	sold, fleeting          []string // events that are sold, and those that come and go
	venues                  []string
	user, plan              string

	changes, unanswered atomic.Int64
}

const (
	stormEvents = 300
	stormVenues = 12
	stormPlaces = 4
)

func newStorm(t *testing.T) *storm {
	t.Helper()
	dir, err := os.MkdirTemp("", "yourticket-e2e-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	o := parts.Options{Dir: dir, Ephemeral: true, Say: func(line string) { t.Log(line) }}
	s := &storm{}
	s.postgres, err = parts.StartPostgres(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(s.postgres.Kill)
	s.elasticsearch, err = parts.StartElasticsearch(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(s.elasticsearch.Kill)
	for _, name := range []string{"catalogue", "sales_0", "sales_1"} {
		url, err := parts.CreateDatabase(t.Context(), s.postgres.URL, name)
		require.NoError(t, err)
		s.urls = append(s.urls, url)
	}
	s.catalogue = s.open(t, s.urls[0], "catalogue")
	s.shards = []*pgxpool.Pool{s.open(t, s.urls[1], "sales"), s.open(t, s.urls[2], "sales")}
	s.fill(t)
	for i := range 2 {
		s.captures = append(s.captures, s.run(t, filepath.Join(dir, fmt.Sprintf("cdc-%d.log", i))))
	}
	return s
}

func (s *storm) open(t *testing.T, url, set string) *pgxpool.Pool {
	t.Helper()
	files := migrations.Catalogue()
	if set == "sales" {
		files = migrations.Sales()
	}
	_, err := postgres.MigrateUp(t.Context(), url, set, files)
	require.NoError(t, err)
	pool, err := postgres.Open(t.Context(), url, postgres.Options{MaxConns: 8})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// fill makes venues, and the ids of events that are not there yet.
func (s *storm) fill(t *testing.T) {
	t.Helper()
	c := postgres.NewCatalogue(s.catalogue)
	require.NoError(t, c.RegisterShards(t.Context(), 2))
	s.user, s.plan = ticket.NewID(ticket.KindUser, 0), ticket.NewID(ticket.KindPlan, 0)
	require.NoError(t, c.CreateUser(t.Context(), ticket.Account{User: ticket.User{
		ID: s.user, Email: "o@example.org", Name: "O", Roles: []ticket.Role{ticket.RoleOrganizer},
	}, PasswordHash: "-"}))
	for i := range stormVenues {
		v := ticket.Venue{ID: ticket.NewID(ticket.KindVenue, 0), Name: fmt.Sprintf("Hall %d", i), City: "Bonn", Country: "DE", Lat: 50, Lon: 7}
		require.NoError(t, c.CreateVenue(t.Context(), v, s.user))
		s.venues = append(s.venues, v.ID)
	}
	require.NoError(t, c.CreatePlan(t.Context(), ticket.StoredPlan{
		ID: s.plan, VenueID: s.venues[0], Name: "Plan", Capacity: stormPlaces, Categories: []string{"A"}, Document: []byte(`{}`), CreatedBy: s.user,
	}))
	for i := range stormEvents {
		s.sold = append(s.sold, ticket.NewID(ticket.KindEvent, i%2))
		s.fleeting = append(s.fleeting, ticket.NewID(ticket.KindEvent, i%2))
		require.NoError(t, s.come(t.Context(), s.sold[i], i%2))
	}
}

// write changes things at random until ctx ends. What is not answered may have
// happened or not: PostgreSQL is the truth.
func (s *storm) write(ctx context.Context) {
	for ctx.Err() == nil {
		calling, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := s.change(calling)
		cancel()
		s.changes.Add(1)
		if err != nil {
			s.unanswered.Add(1)
			time.Sleep(50 * time.Millisecond)
		}
		time.Sleep(rand.N(4 * time.Millisecond))
	}
}

// come makes an event, or changes the one that is there.
func (s *storm) come(ctx context.Context, id string, shard int) error {
	_, err := s.catalogue.Exec(ctx, `
		WITH e AS (
			INSERT INTO events (id, shard, slug, name, artist, genre, description, venue_id, plan_id, organizer_id, starts_at,
			                    doors_at, on_sale_at, status, max_tickets_per_buyer, waiting_room, currency, capacity)
			VALUES ($1, $2, $1, 'New ' || random(), 'The Examples', 'rock', repeat('Loud. ', 1000), $3, $4, $5,
			        now() + interval '1 day', now() + interval '1 day', now(), 'scheduled', 4, '{}', 'EUR', $6)
			ON CONFLICT (id) DO UPDATE SET name = 'Again ' || random(), version = events.version + 1, updated_at = now()
			RETURNING id)
		INSERT INTO prices SELECT id, 1, 'A', (random() * 9000)::int, 100 FROM e ON CONFLICT (event_id, category) DO UPDATE SET price = EXCLUDED.price`,
		id, shard, s.venues[rand.IntN(len(s.venues))], s.plan, s.user, stormPlaces)
	return err
}

func (s *storm) change(ctx context.Context) (err error) {
	n := rand.IntN(stormEvents)
	sold, fleeting, shard := s.sold[n], s.fleeting[n], s.shards[n%2]
	either := []string{sold, fleeting}[rand.IntN(2)]
	switch rand.IntN(10) {
	case 0, 1:
		err = s.come(ctx, either, n%2)
	case 2:
		err = s.come(ctx, fleeting, n%2)
	case 3:
		_, err = s.catalogue.Exec(ctx, `DELETE FROM events WHERE id = $1`, fleeting)
	case 4:
		_, err = s.catalogue.Exec(ctx, `UPDATE venues SET city = 'City ' || random() WHERE id = $1`, s.venues[rand.IntN(len(s.venues))])
	case 5:
		_, err = s.catalogue.Exec(ctx, `UPDATE events SET status = (ARRAY['draft', 'scheduled', 'postponed', 'canceled'])[1 + (random() * 3)::int] WHERE id = $1`, either)
	case 6:
		_, err = s.catalogue.Exec(ctx, `UPDATE prices SET price = (random() * 9000)::int WHERE event_id = $1`, either)
	case 7, 8:
		_, err = shard.Exec(ctx, `
			INSERT INTO tickets (id, booking_id, event_id, buyer_id, seat_index, status, price, fee, fence)
			SELECT gen_random_uuid()::text, 'b', $1, 'u', n, 'live', 1, 1, 1 FROM generate_series(0, $2::int) n ON CONFLICT DO NOTHING`, sold, rand.IntN(stormPlaces))
	case 9:
		_, err = shard.Exec(ctx, `UPDATE tickets SET status = 'refunded' WHERE event_id = $1 AND random() < 0.5`, sold)
	}
	return err
}

// indexed reads every document, by id, without the code that is tested.
func (s *storm) indexed(t *testing.T) map[string]string {
	t.Helper()
	res, err := http.Post(s.elasticsearch.URL+"/events/_refresh", "application/json", http.NoBody)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	res, err = http.Post(s.elasticsearch.URL+"/events/_search", "application/json", bytes.NewReader([]byte(`{"size": 10000}`)))
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	var found struct {
		Hits struct {
			Hits []struct {
				ID     string `json:"_id"`
				Source struct {
					Name   string                `json:"name"`
					Status string                `json:"status"`
					Venue  struct{ City string } `json:"venue"`
					Prices []int64               `json:"prices"`
					Sold   bool                  `json:"sold_out"`
				} `json:"_source"`
			} `json:"hits"`
		} `json:"hits"`
	}
	require.NoError(t, json.NewDecoder(res.Body).Decode(&found))
	got := map[string]string{}
	for _, h := range found.Hits.Hits {
		d := h.Source
		prices := strings.Trim(strings.ReplaceAll(fmt.Sprint(d.Prices), " ", ","), "[]")
		parts := []string{d.Name, d.Status, d.Venue.City}
		if prices != "" {
			parts = append(parts, prices)
		}
		got[h.ID] = strings.Join(append(parts, strconv.FormatBool(d.Sold)), "|")
	}
	return got
}

// respawned is a yourticket cdc that is started again whenever it ends, as a
// supervisor would.
type respawned struct {
	mu      sync.Mutex
	cmd     *exec.Cmd
	stopped bool
	done    chan struct{}
}

func (s *storm) run(t *testing.T, logFile string) *respawned {
	t.Helper()
	binary, err := system.Binary(t.Context())
	require.NoError(t, err)
	log, err := os.Create(logFile)
	require.NoError(t, err)
	r := &respawned{done: make(chan struct{})}
	env := append(os.Environ(), "DATABASE_URL="+s.urls[0], "SALES_DATABASE_URLS="+s.urls[1]+","+s.urls[2],
		"ELASTICSEARCH_URL="+s.elasticsearch.URL)
	go func() {
		defer close(r.done)
		for r.begin(func() *exec.Cmd {
			cmd := exec.Command(binary, "cdc")
			cmd.Env, cmd.Stdout, cmd.Stderr = env, log, log
			return cmd
		}) {
			_ = r.cmd.Wait() // how it ended does not matter
			time.Sleep(200 * time.Millisecond)
		}
	}()
	t.Cleanup(func() {
		r.stop()
		_ = log.Close()
		text, _ := os.ReadFile(logFile)
		if strings.Contains(string(text), "goroutine 1 [") || strings.Contains(string(text), "panic:") {
			t.Errorf("cdc panicked: %s", text)
		}
		if t.Failed() {
			t.Logf("%s:\n%s", logFile, text[max(0, len(text)-8000):])
		}
	})
	return r
}

func (r *respawned) begin(command func() *exec.Cmd) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return false
	}
	r.cmd = command()
	return system.StartBound(r.cmd) == nil
}

func (r *respawned) kill() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cmd != nil && r.cmd.Process != nil {
		_ = r.cmd.Process.Kill() // it may be between two lives
	}
}

func (r *respawned) stop() {
	r.mu.Lock()
	r.stopped = true
	r.mu.Unlock()
	r.kill()
	<-r.done
}
