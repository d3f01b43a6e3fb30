package search

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sony/gobreaker/v2"

	"yourticket.example/ticket"
)

const (
	// indexPatience is what a search may take in the index before the database
	// is asked instead, and databasePatience what it may take there.
	indexPatience    = 500 * time.Millisecond
	databasePatience = 5 * time.Second
	// lookEvery is how often the index is looked at, lookPatience how long that
	// may take.
	lookEvery    = 500 * time.Millisecond
	lookPatience = time.Second
	// limitedFor is how long the index is left alone when it failed.
	limitedFor = time.Second
	// limitedSearches bounds the searches that the database does at the same
	// time: it has buyers to serve.
	limitedSearches = 8
	// indexSearches bounds those of the index: more than it can do at the same
	// time only makes all of them late. queuePatience is how long one waits for
	// its turn, which is longer than the index may take; callers whose search is
	// in memory wait for nobody.
	indexSearches = 16
	queuePatience = indexPatience + 100*time.Millisecond
)

// Engine finds events. The query is folded.
type Engine interface {
	// Name tells apart places that engines have measured differently.
	Name() string
	Search(ctx context.Context, q *ticket.SearchQuery, at ticket.SearchPlace) (*ticket.SearchPage, error)
	Suggest(ctx context.Context, text string, now time.Time) ([]ticket.Suggestion, error)
}

// Index is the engine of first choice, which may be away.
type Index interface {
	Engine
	// Ping is an error when the index cannot answer searches.
	Ping(ctx context.Context) error
	// Generation changes whenever anything in the index does.
	Generation(ctx context.Context) (string, error)
	// FilterCache counts how often the index found a filter's result in its
	// memory, and how often it did not.
	FilterCache(ctx context.Context) (hits, misses int64, err error)
}

// Options say what searches are answered from.
type Options struct {
	// Index may be nil: the database then answers everything.
	Index    Index
	Database Engine
	// Registerer gets the metrics; default a fresh registry.
	Registerer prometheus.Registerer
	// Patience is what a search may take in the index; default 500 ms.
	Patience time.Duration
	// Now is the clock; default time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// Service answers searches. It is safe for concurrent use.
type Service struct {
	index    Index
	database Engine
	breaker  *gobreaker.CircuitBreaker[any]
	limited  chan struct{} // a place a search, as in turns
	turns    chan struct{}
	patience time.Duration
	cache    *cache
	watch    watch
	metrics  *metrics
	now      func() time.Time
	log      *slog.Logger
}

// New makes a Service.
func New(o Options) (*Service, error) {
	s := &Service{
		index: o.Index, database: o.Database, now: o.Now, log: o.Log, patience: cmp.Or(o.Patience, indexPatience),
		limited: make(chan struct{}, limitedSearches), turns: make(chan struct{}, indexSearches),
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.log = cmp.Or(s.log, slog.Default())
	s.breaker = gobreaker.NewCircuitBreaker[any](gobreaker.Settings{
		Name: "search", Interval: 5 * time.Second, Timeout: limitedFor, MaxRequests: 1,
		ReadyToTrip: func(c gobreaker.Counts) bool {
			return c.ConsecutiveFailures >= 3 || c.Requests >= 20 && c.TotalFailures >= c.Requests/2
		},
		IsSuccessful: func(err error) bool {
			// A request that is refused, or whose caller left, says nothing of the index.
			return err == nil || ticket.CodeOf(err) == ticket.CodeInvalid || errors.Is(err, context.Canceled)
		},
		OnStateChange: func(_ string, from, to gobreaker.State) {
			if from == gobreaker.StateClosed || to == gobreaker.StateClosed {
				s.log.Warn("search index", "circuit", to.String())
			}
		},
	})
	var err error
	if s.cache, err = newCache(); err != nil {
		return nil, err
	}
	if s.metrics, err = newMetrics(s, o.Registerer); err != nil {
		return nil, err
	}
	return s, nil
}

// Limited tells whether searches are answered by the database.
func (s *Service) Limited() bool {
	return s.index == nil || s.breaker.State() != gobreaker.StateClosed
}

// Ping tells whether the index can answer; without one there is nothing to miss.
func (s *Service) Ping(ctx context.Context) error {
	if s.index == nil {
		return nil
	}
	return s.index.Ping(ctx)
}

// Result is what was found for a query.
type Result struct {
	*ticket.SearchPage
	// Query is the folded query.
	Query *ticket.SearchQuery
	// Cursor begins the next page, "" on the last one.
	Cursor string
	// Highlights are of each item, by field: HTML with what matches inside of <em>.
	Highlights []map[string]string
}

func newResult(q *ticket.SearchQuery, page *ticket.SearchPage) *Result {
	r := &Result{SearchPage: page, Query: q, Cursor: writeCursor(q, page.Next), Highlights: make([]map[string]string, len(page.Items))}
	h := NewHighlighter(q.Text)
	for i := range page.Items {
		r.Highlights[i] = h.Event(page.Items[i].Event)
	}
	return r
}

// Search finds a page of events: the first, or the one that the cursor names.
// ticket.CodeInvalid names the parameter that makes no sense. What is prepared of
// a result is kept for first pages; its bytes must not be changed.
func (s *Service) Search(ctx context.Context, q ticket.SearchQuery, cursor string, prepare Prepare) (*Answer, error) {
	if err := normalize(&q); err != nil {
		return nil, err
	}
	if cursor == "" {
		return s.first(ctx, &q, prepare)
	}
	at, err := readCursor(&q, cursor, s.now())
	if err != nil {
		return nil, err
	}
	page, limited, err := s.find(ctx, &q, at)
	if err != nil {
		return nil, err
	}
	render, err := prepare(newResult(&q, page))
	if err != nil {
		return nil, err
	}
	return s.encode(ctx, render, limited)
}

// find asks the index, and the database when the index is away or fails.
func (s *Service) find(ctx context.Context, q *ticket.SearchQuery, at ticket.SearchPlace) (page *ticket.SearchPage, limited bool, err error) {
	page, err = ask(ctx, s, func(ctx context.Context, e Engine) (*ticket.SearchPage, error) { return e.Search(ctx, q, at) }, &limited)
	return page, limited, err
}

// Suggest completes what somebody types.
func (s *Service) Suggest(ctx context.Context, text string) (list []ticket.Suggestion, limited bool, err error) {
	q := ticket.SearchQuery{Text: text, Sort: ticket.SortRelevance, Limit: 1}
	if err := q.Validate(); err != nil {
		return nil, false, err
	}
	words := Words(text)
	if len(words) == 0 {
		return nil, s.Limited(), nil
	}
	text = joinWords(words)
	list, err = ask(ctx, s, func(ctx context.Context, e Engine) ([]ticket.Suggestion, error) {
		return e.Suggest(ctx, text, s.minute())
	}, &limited)
	return list, limited, err
}

// ask lets the index answer, or the database when the index cannot.
func ask[T any](ctx context.Context, s *Service, question func(context.Context, Engine) (T, error), limited *bool) (T, error) {
	if s.index != nil {
		answer, err := askIndex(ctx, s, question)
		if err == nil || errors.Is(err, errBusy) {
			return answer, err
		}
		if ctx.Err() == nil && ticket.CodeOf(err) != ticket.CodeInternal && s.breaker.State() == gobreaker.StateClosed {
			s.log.WarnContext(ctx, "search goes to the database", "error", err.Error())
		}
	}
	*limited = true
	return askDatabase(ctx, s, question)
}

// errBusy is the refusal of a search that nobody has time for.
var errBusy = func() *ticket.Error {
	e := ticket.Errorf(ticket.CodeUnavailable, "Search has more to do than it can at the moment.")
	e.RetryAfterSeconds = 1
	return e
}()

// askIndex waits for its turn first. Whoever has one gives it back within the
// index's patience, also when it hangs: who waits longer than that waits for
// others' searches, which the database must not be burdened with.
func askIndex[T any](ctx context.Context, s *Service, question func(context.Context, Engine) (T, error)) (answer T, err error) {
	waiting, cancel := context.WithTimeout(ctx, queuePatience)
	defer cancel()
	select {
	case s.turns <- struct{}{}:
		defer func() { <-s.turns }()
	case <-waiting.Done():
		return answer, errBusy
	}
	start := s.now()
	found, err := s.breaker.Execute(func() (any, error) {
		ctx, cancel := context.WithTimeout(ctx, s.patience)
		defer cancel()
		return question(ctx, s.index)
	})
	if !errors.Is(err, gobreaker.ErrOpenState) && !errors.Is(err, gobreaker.ErrTooManyRequests) {
		s.metrics.asked(s.index.Name(), s.now().Sub(start), err)
	}
	answer, _ = found.(T)
	return answer, err
}

func askDatabase[T any](ctx context.Context, s *Service, question func(context.Context, Engine) (T, error)) (answer T, err error) {
	ctx, cancel := context.WithTimeout(ctx, databasePatience)
	defer cancel()
	select {
	case s.limited <- struct{}{}:
		defer func() { <-s.limited }()
	case <-ctx.Done():
		return answer, errBusy
	}
	start := s.now()
	answer, err = question(ctx, s.database)
	s.metrics.asked(s.database.Name(), s.now().Sub(start), err)
	return answer, err
}

// minute is the time by which searches are made: what depends on it can be kept
// for a minute.
func (s *Service) minute() time.Time { return s.now().UTC().Truncate(time.Minute) }
