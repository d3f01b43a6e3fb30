package search

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"yourticket.example/ticket"
)

const (
	// keptSearches is how many searches are kept: those asked for often and the
	// most recent ones, so that a crowd of rare searches drives no common one out.
	keptSearches = 10_000
	// freshFor bounds the age of what is given while things change, and of
	// statuses and counts at any time.
	freshFor = 2 * time.Second
	// renewFor is how much longer an answer that is asked for often is given,
	// while one search renews it: its many callers need not all wait for that.
	// Often is popularAt times since it was found.
	renewFor  = time.Second
	popularAt = 8
	// quietFor bounds the age of what was found while the index does not change.
	quietFor = 5 * time.Minute
	// staleFor bounds the age of the index's answers while it is away, and
	// limitedFresh of the database's, which has buyers to serve.
	staleFor     = 10 * time.Minute
	limitedFresh = time.Minute
	// flightPatience bounds a search that several callers share.
	flightPatience = indexPatience + databasePatience + time.Second
)

// Prepare encodes what stays of a result, once, and gives what adds the rest.
type Prepare func(r *Result) (Render, error)

// Render encodes what was found, as of now. Degraded says that it is not what the
// index would answer now.
type Render func(ctx context.Context, degraded bool) ([]byte, error)

// Answer is an encoded result, ready to be sent.
type Answer struct {
	Body []byte
	// Length is Body's, as a header's values.
	Length   []string
	degraded bool
	at       time.Time
}

// entry is what was found for a query, and its newest answer.
type entry struct {
	render Render
	// degraded: the database found it.
	degraded bool
	at       time.Time
	answer   atomic.Pointer[Answer]
	// asked counts how often it was given, and heldAt is when the index was last
	// known not to have changed since (Unix nanoseconds; 0: never).
	asked, heldAt atomic.Int64
}

type cache struct {
	entries *lru.TwoQueueCache[string, *entry]
	flights singleflight.Group
}

func newCache() (*cache, error) {
	entries, err := lru.New2Q[string, *entry](keptSearches)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return &cache{entries: entries}, nil
}

// first answers the first page of a folded query.
func (s *Service) first(ctx context.Context, q *ticket.SearchQuery, prepare Prepare) (*Answer, error) {
	k := key(q)
	search := func(ctx context.Context) (*Answer, error) { return s.fill(ctx, k, q, prepare) }
	e, kept := s.cache.entries.Get(k)
	if !kept {
		s.metrics.misses.Inc()
		return s.share(ctx, k, search)
	}
	now, limited := s.now(), s.Limited()
	degraded := limited || e.degraded
	encode := func(ctx context.Context) (*Answer, error) { return s.refresh(ctx, e, degraded) }
	fresh, popular := s.fresh(e, now, limited), e.asked.Add(1) > popularAt
	a, age := e.newest(degraded, now)
	late := popular && age < freshFor+renewFor // one that may be given while it is renewed
	switch {
	case fresh && age < freshFor:
		s.metrics.hits.Inc()
		return a, nil
	case fresh && late:
		s.metrics.hits.Inc()
		s.behind(ctx, "render/"+k, encode)
		return a, nil
	case fresh:
		s.metrics.hits.Inc()
		return s.share(ctx, "render/"+k, encode)
	case late && !degraded && e.renewable(now):
		s.metrics.hits.Inc()
		s.behind(ctx, k, search)
		return a, nil
	}
	s.metrics.misses.Inc()
	return s.anew(ctx, k, e, now, search)
}

// anew searches for what was found before, and gives that when nobody can.
func (s *Service) anew(ctx context.Context, k string, e *entry, now time.Time, search func(context.Context) (*Answer, error)) (*Answer, error) {
	a, err := s.share(ctx, k, search)
	if err != nil && ctx.Err() == nil && now.Sub(e.at) < staleFor {
		return s.share(ctx, "render/"+k, func(ctx context.Context) (*Answer, error) { return s.refresh(ctx, e, true) })
	}
	return a, err
}

// newest gives the entry's newest answer and its age, which is beyond all bounds
// when there is none that says what it should of being degraded.
func (e *entry) newest(degraded bool, now time.Time) (a *Answer, age time.Duration) {
	if a = e.answer.Load(); a == nil || a.degraded != degraded {
		return nil, math.MaxInt64
	}
	return a, now.Sub(a.at)
}

// fresh tells whether what was found may still be given.
func (s *Service) fresh(e *entry, now time.Time, limited bool) bool {
	age := now.Sub(e.at)
	switch {
	case age < freshFor:
		return true
	case limited && e.degraded:
		return age < limitedFresh
	case limited:
		return age < staleFor
	case e.degraded:
		return false
	case age < quietFor && s.watch.quietSince(e.at, now):
		e.heldAt.Store(now.UnixNano())
		return true
	default:
		return false
	}
}

// renewable tells whether what was found, which is no longer fresh, may be given
// while it is searched anew.
func (e *entry) renewable(now time.Time) bool {
	held := e.at
	if at := e.heldAt.Load(); at > 0 {
		held = time.Unix(0, at)
	}
	return now.Sub(held) < freshFor+renewFor
}

// fill searches and keeps what was found.
func (s *Service) fill(ctx context.Context, k string, q *ticket.SearchQuery, prepare Prepare) (*Answer, error) {
	at := s.now()
	page, limited, err := s.find(ctx, q, ticket.SearchPlace{Now: s.minute()})
	if err != nil {
		return nil, err
	}
	render, err := prepare(newResult(q, page))
	if err != nil {
		return nil, err
	}
	e := &entry{at: at, render: render, degraded: limited}
	a, err := s.refresh(ctx, e, limited)
	if err != nil {
		return nil, err
	}
	s.cache.entries.Add(k, e)
	return a, nil
}

// refresh encodes what was found before with the statuses and counts of now.
func (s *Service) refresh(ctx context.Context, e *entry, degraded bool) (*Answer, error) {
	a, err := s.encode(ctx, e.render, degraded)
	if err == nil {
		e.answer.Store(a)
	}
	return a, err
}

func (s *Service) encode(ctx context.Context, render Render, degraded bool) (*Answer, error) {
	at := s.now()
	body, err := render(ctx, degraded)
	if err != nil {
		return nil, err
	}
	return &Answer{Body: body, Length: []string{strconv.Itoa(len(body))}, degraded: degraded, at: at}, nil
}

// share lets callers who want the same share one search. It is not bound to the
// caller who came first, and each leaves when its context ends.
func (s *Service) share(ctx context.Context, k string, work func(context.Context) (*Answer, error)) (*Answer, error) {
	select {
	case r := <-s.behind(ctx, k, work):
		a, _ := r.Val.(*Answer)
		return a, r.Err
	case <-ctx.Done():
		return nil, fmt.Errorf("search: %w", ctx.Err())
	}
}

// behind begins a shared search unless one is under way, and tells how it ends.
func (s *Service) behind(ctx context.Context, k string, work func(context.Context) (*Answer, error)) <-chan singleflight.Result {
	detached := context.WithoutCancel(ctx)
	return s.cache.flights.DoChan(k, func() (any, error) {
		ctx, cancel := context.WithTimeout(detached, flightPatience)
		defer cancel()
		return work(ctx)
	})
}

func joinWords(words []string) string {
	return strings.Join(words[:min(len(words), ticket.MaxSearchWords)], " ")
}
