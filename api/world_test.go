package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"yourticket.example/api"
	"yourticket.example/internal/auth"
	"yourticket.example/internal/catalogue"
	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/postgres"
	"yourticket.example/migrations"
	"yourticket.example/ticket"
)

// world is a server of gateway and events over a database of its own.
type world struct {
	url    string
	store  *postgres.Catalogue
	sales  *postgres.Sales
	auth   *auth.Service
	issuer string
	seats  *fakeSeats
	log    *logBuffer
	pgURL  string
	client *http.Client
}

// fakeSeats stands in for the live seat state, and where nobody asks for them
// for the sales books.
type fakeSeats struct {
	api.SalesBooks
	mu      sync.Mutex
	state   string
	version string
	err     error
	blocked []int
}

func (f *fakeSeats) Snapshot(context.Context, *ticket.Event) (version, seats string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.version, f.state, f.err
}

func (f *fakeSeats) Counts(_ context.Context, events []*ticket.Event) ([]ticket.Availability, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]ticket.Availability, len(events))
	for i, e := range events {
		out[i] = ticket.Availability{Capacity: e.Capacity, Available: strings.Count(f.state, "a")}
	}
	return out, f.err
}

func (f *fakeSeats) Live(_ context.Context, events []*ticket.Event) ([]int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]int, len(events))
	for i := range out {
		out[i] = strings.Count(f.state, "a")
	}
	return out, f.err
}

func (f *fakeSeats) Booked(ctx context.Context, events []*ticket.Event) ([]int, error) {
	return f.Live(ctx, events)
}

func (f *fakeSeats) Block(_ context.Context, _ *ticket.Event, o ticket.SeatsOrder) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.blocked = o.Seats
	return nil
}

func (f *fakeSeats) Unblock(context.Context, *ticket.Event, ticket.SeatsOrder) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.blocked = nil
	return nil
}

// logBuffer keeps the log of a server for its test.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// signingKeys are made once for all worlds: RSA keys take long to find.
var signingKeys = sync.OnceValues(func() ([]ticket.SigningKey, error) {
	m := &keyRing{}
	_, err := auth.OpenKeys(context.Background(), m, time.Now)
	return m.keys, err
})

// keyRing is a store of keys in memory.
type keyRing struct{ keys []ticket.SigningKey }

func (r *keyRing) SigningKeys(context.Context) ([]ticket.SigningKey, error) { return r.keys, nil }

func (r *keyRing) AddSigningKey(_ context.Context, k ticket.SigningKey) error {
	r.keys = append(r.keys, k)
	return nil
}

func (r *keyRing) RotateSigningKey(ctx context.Context, k ticket.SigningKey) error {
	return r.AddSigningKey(ctx, k)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{pgURL: partstest.Postgres(t), seats: &fakeSeats{state: "aahs", version: "7-0"}, log: &logBuffer{}}
	_, err := postgres.MigrateUp(t.Context(), w.pgURL, "catalogue", migrations.Catalogue())
	require.NoError(t, err)
	pool, err := postgres.Open(t.Context(), w.pgURL, postgres.Options{MaxConns: 8})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	w.store = postgres.NewCatalogue(pool)
	_, err = postgres.MigrateUp(t.Context(), w.pgURL, "sales", migrations.Sales())
	require.NoError(t, err)
	w.sales = postgres.NewSales([]*pgxpool.Pool{pool, pool}) // two shards in one database
	require.NoError(t, w.store.RegisterShards(t.Context(), 2))
	keys, err := signingKeys()
	require.NoError(t, err)
	for _, k := range keys {
		require.NoError(t, w.store.AddSigningKey(t.Context(), k))
	}
	w.auth, err = auth.New(t.Context(), w.store, nil)
	require.NoError(t, err)
	w.serve(t, w.store)
	return w
}

// serve starts the server over the given store of events.
func (w *world) serve(t *testing.T, store api.Catalogue) {
	t.Helper()
	events, err := catalogue.New(w.store, nil)
	require.NoError(t, err)
	server, err := api.New(api.Deps{
		Logger: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Tokens: w.auth,
		Parts:  []api.Part{{Name: "catalogue", Ping: w.store.Ping}},
		CatalogueDeps: api.CatalogueDeps{
			Accounts: w.auth, Keys: w.auth.Keys, TokenIssuer: w.issuer, Secrets: w.auth.Passwords, Persons: noPersons{}, Requests: w.store,
			Events: events, Catalogue: store, Availability: w.seats, Blocks: w.seats, SalesBooks: w.sales,
		},
	}, "gateway", "events")
	require.NoError(t, err)
	w.listen(t, server)
}

// listen makes a server the one that the world's requests go to.
func (w *world) listen(t *testing.T, server *api.Server) {
	t.Helper()
	ts := httptest.NewUnstartedServer(server.Handler())
	ts.Config = api.NewHTTPServer(server.Handler())
	ts.Start()
	t.Cleanup(ts.Close)
	w.url, w.client = ts.URL, ts.Client()
}

// token makes an account with the roles and gives its id and an access token.
func (w *world) token(t *testing.T, roles ...ticket.Role) (id, token string) {
	t.Helper()
	u := ticket.User{ID: ticket.NewID(ticket.KindUser, 0), Name: "Someone", Roles: roles}
	u.Email = u.ID + "@example.org"
	require.NoError(t, w.store.CreateUser(t.Context(), ticket.Account{User: u, PasswordHash: "none"}))
	token, _, err := w.auth.Issue(auth.User{ID: u.ID, Roles: roles})
	require.NoError(t, err)
	return u.ID, token
}

// answer is what came back from the server.
type answer struct {
	status int
	header http.Header
	raw    []byte
	body   map[string]any // nil when the answer is no JSON object
}

// code is the last segment of a problem's type.
func (a answer) code() string {
	text, _ := a.body["type"].(string)
	return text[strings.LastIndex(text, "/")+1:]
}

// fields lists the fields that a problem names.
func (a answer) fields() []string {
	var out []string
	list, _ := a.body["errors"].([]any)
	for _, item := range list {
		field, _ := item.(map[string]any)["field"].(string)
		out = append(out, field)
	}
	return out
}

// header sets one header of a request.
type header struct{ name, value string }

func (w *world) do(t *testing.T, method, path, token string, body any, headers ...header) answer {
	t.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		require.NoError(t, err)
		reader = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, w.url+path, reader)
	require.NoError(t, err)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for _, h := range headers {
		r.Header.Set(h.name, h.value)
	}
	res, err := w.client.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = res.Body.Close() })
	a := answer{status: res.StatusCode, header: res.Header}
	a.raw, err = io.ReadAll(res.Body)
	require.NoError(t, err)
	_ = json.Unmarshal(a.raw, &a.body) // not every answer is a JSON object
	return a
}

// want makes sure of the status, and shows the answer otherwise.
func (a answer) want(t *testing.T, status int) answer {
	t.Helper()
	require.Equal(t, status, a.status, "%s", a.raw)
	return a
}

// problem makes sure of a problem's status and code, and of its shape.
func (a answer) problem(t *testing.T, status int, code ticket.Code) answer {
	t.Helper()
	require.Equal(t, status, a.status, "%s", a.raw)
	require.Equal(t, "application/problem+json", a.header.Get("Content-Type"))
	require.Equal(t, string(code), a.code())
	require.InDelta(t, status, a.body["status"], 0)
	require.NotEmpty(t, a.body["title"])
	require.Equal(t, "urn:yourticket:request:"+a.header.Get("X-Request-Id"), a.body["instance"])
	return a
}
