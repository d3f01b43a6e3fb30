package search_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/search"
	"yourticket.example/ticket"
)

// fakeIndex is an index whose behaviour a test sets.
type fakeIndex struct {
	asked      atomic.Int64
	answer     atomic.Pointer[func(ctx context.Context) (*ticket.SearchPage, error)]
	generation atomic.Int64
}

func (f *fakeIndex) set(answer func(ctx context.Context) (*ticket.SearchPage, error)) {
	f.answer.Store(&answer)
}

func (*fakeIndex) Name() string { return "fake" }

func (f *fakeIndex) Search(ctx context.Context, _ *ticket.SearchQuery, _ ticket.SearchPlace) (*ticket.SearchPage, error) {
	f.asked.Add(1)
	return (*f.answer.Load())(ctx)
}

func (f *fakeIndex) Suggest(ctx context.Context, _ string, _ time.Time) ([]ticket.Suggestion, error) {
	_, err := (*f.answer.Load())(ctx)
	return nil, err
}

func (f *fakeIndex) Ping(ctx context.Context) error {
	_, err := (*f.answer.Load())(ctx)
	return err
}

func (f *fakeIndex) Generation(context.Context) (string, error) {
	return fmt.Sprint(f.generation.Load()), nil
}

func (*fakeIndex) FilterCache(context.Context) (hits, misses int64, err error) { return 3, 1, nil }

func total(n int) func(context.Context) (*ticket.SearchPage, error) {
	return func(context.Context) (*ticket.SearchPage, error) { return &ticket.SearchPage{Total: n}, nil }
}

func failing(err error) func(context.Context) (*ticket.SearchPage, error) {
	return func(context.Context) (*ticket.SearchPage, error) { return nil, err }
}

var errDown = ticket.Errorf(ticket.CodeUnavailable, "It is down.")

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func newService(t *testing.T) (s *search.Service, index, database *fakeIndex, c *clock) {
	t.Helper()
	index, database, c = &fakeIndex{}, &fakeIndex{}, &clock{at: time.Now()}
	index.set(total(1))
	database.set(total(2))
	s, err := search.New(search.Options{Index: index, Database: database, Now: c.now})
	require.NoError(t, err)
	return s, index, database, c
}

func lookFor(t *testing.T, s *search.Service, text string) *seen {
	t.Helper()
	got, err := ask(t.Context(), s, ticket.SearchQuery{Text: text}, "")
	require.NoError(t, err)
	return got
}

func TestWhoMeansTheSameSharesOneAnswer(t *testing.T) {
	t.Parallel()
	s, index, _, _ := newService(t)
	for _, text := range []string{"Beyoncé live", "  beyonce ", "BEYONCÉ!", "tickets beyonce"} {
		require.Equal(t, 1, lookFor(t, s, text).Total)
	}
	require.EqualValues(t, 1, index.asked.Load())
	lookFor(t, s, "beyonces")
	require.EqualValues(t, 2, index.asked.Load())
}

func TestCallersAtTheSameTimeShareOneSearch(t *testing.T) {
	t.Parallel()
	s, index, _, _ := newService(t)
	enter := make(chan struct{})
	index.set(func(context.Context) (*ticket.SearchPage, error) { <-enter; return &ticket.SearchPage{Total: 9}, nil })
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			got, err := ask(t.Context(), s, ticket.SearchQuery{Text: "same"}, "")
			if err != nil || got.Total != 9 {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	for index.asked.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	close(enter)
	wg.Wait()
	require.EqualValues(t, 1, index.asked.Load())
}

func TestAnAnswerIsKeptForTwoSeconds(t *testing.T) {
	t.Parallel()
	s, index, _, c := newService(t)
	lookFor(t, s, "x")
	c.pass(1900 * time.Millisecond)
	index.set(total(5))
	require.Equal(t, 1, lookFor(t, s, "x").Total)
	c.pass(200 * time.Millisecond)
	require.Equal(t, 5, lookFor(t, s, "x").Total)
}

func TestACrowdDoesNotWaitForASearchToBeRenewed(t *testing.T) {
	t.Parallel()
	s, index, _, c := newService(t)
	for range 20 {
		lookFor(t, s, "x")
	}
	lookFor(t, s, "rare")
	begun, enter := make(chan struct{}, 1), make(chan struct{})
	index.set(func(context.Context) (*ticket.SearchPage, error) {
		begun <- struct{}{}
		<-enter
		return &ticket.SearchPage{Total: 5}, nil
	})
	c.pass(2500 * time.Millisecond)
	for range 20 {
		require.Equal(t, 1, lookFor(t, s, "x").Total, "the answer of before")
	}
	<-begun
	require.EqualValues(t, 3, index.asked.Load(), "one search renews it")
	close(enter)
	require.Eventually(t, func() bool { return lookFor(t, s, "x").Total == 5 }, 5*time.Second, time.Millisecond)
	require.Equal(t, 5, lookFor(t, s, "rare").Total, "who asks for what few ask for waits")

	for range 20 {
		lookFor(t, s, "x")
	}
	index.set(total(6))
	c.pass(3100 * time.Millisecond)
	require.Equal(t, 6, lookFor(t, s, "x").Total, "what nobody asked for in time is not given late")
}

func TestWhileTheIndexRestsAnAnswerIsKeptForAMinute(t *testing.T) {
	t.Parallel()
	s, index, _, c := newService(t)
	look := func() {
		ctx, stop := context.WithCancel(t.Context())
		stop() // Run looks once before it sees that it is over
		s.Run(ctx)
	}
	look()
	c.pass(5 * time.Second)
	look()
	lookFor(t, s, "x")
	for range 5 {
		c.pass(10 * time.Second)
		look()
		lookFor(t, s, "x")
	}
	require.EqualValues(t, 1, index.asked.Load(), "nothing has changed for 50 s")
	index.generation.Add(1)
	look()
	lookFor(t, s, "x")
	require.EqualValues(t, 2, index.asked.Load(), "something has changed")
	c.pass(time.Second)
	look()
	c.pass(1100 * time.Millisecond)
	look()
	lookFor(t, s, "x")
	require.EqualValues(t, 3, index.asked.Load(), "the change may not have settled when it was asked last")
}

func TestAFailureIsAnsweredByTheDatabase(t *testing.T) {
	t.Parallel()
	tests := map[string]func(context.Context) (*ticket.SearchPage, error){
		"away":    failing(errDown),
		"broken":  failing(errors.New("status 500")),
		"no such": failing(ticket.Errorf(ticket.CodeNotFound, "no index")),
		"refused": failing(ticket.Errorf(ticket.CodeInvalid, "no")),
		"slow":    func(ctx context.Context) (*ticket.SearchPage, error) { <-ctx.Done(); return nil, ctx.Err() },
	}
	for name, how := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, index, _, _ := newService(t)
			index.set(how)
			got := lookFor(t, s, "x")
			require.Equal(t, 2, got.Total)
			require.True(t, got.Degraded)
			_, limited, err := s.Suggest(t.Context(), "x")
			require.NoError(t, err)
			require.True(t, limited)
		})
	}
}

func TestAnIndexThatFailsIsLeftAloneAndComesBackByItself(t *testing.T) {
	t.Parallel()
	s, index, _, _ := newService(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go s.Run(ctx)
	require.False(t, s.Limited())
	index.set(failing(errDown))
	require.Eventually(t, s.Limited, 30*time.Second, 10*time.Millisecond, "it is noticed without callers")
	asked := index.asked.Load()
	for i := range 20 {
		require.True(t, lookFor(t, s, fmt.Sprint("word", i)).Degraded)
	}
	require.LessOrEqual(t, index.asked.Load()-asked, int64(2), "callers do not ask it, but to find out whether it is back")
	index.set(total(1))
	require.Eventually(t, func() bool { return !s.Limited() }, 30*time.Second, 10*time.Millisecond)
	require.Eventually(t, func() bool { return !lookFor(t, s, "after").Degraded }, 30*time.Second, 10*time.Millisecond)
}

func TestWhileTheIndexIsAwayItsAnswersAreGivenForTenMinutes(t *testing.T) {
	t.Parallel()
	s, index, database, c := newService(t)
	lookFor(t, s, "x")
	index.set(failing(errDown))
	for i := range 3 {
		lookFor(t, s, fmt.Sprint("fail", i))
	}
	require.True(t, s.Limited())
	asked := database.asked.Load()
	c.pass(9 * time.Minute)
	got := lookFor(t, s, "x")
	require.Equal(t, 1, got.Total, "what the index gave")
	require.True(t, got.Degraded)
	require.Equal(t, asked, database.asked.Load())
	c.pass(61 * time.Second)
	require.Equal(t, 2, lookFor(t, s, "x").Total)
}

func TestWhatMakesNoSenseIsRefusedByName(t *testing.T) {
	t.Parallel()
	s, _, _, _ := newService(t) //nolint:dogsled // no engine is asked
	tests := map[string]ticket.SearchQuery{
		"q":         {Text: strings.Repeat("a", 201)},
		"city":      {City: strings.Repeat("ü", 121)},
		"genre":     {Genre: "\xff"},
		"country":   {Country: "Germany"},
		"to":        {From: time.Unix(2e9, 0), To: time.Unix(1e9, 0)},
		"max_price": {MinPrice: new(int64(5)), MaxPrice: new(int64(4))},
		"min_price": {MinPrice: new(int64(-1))},
		"lat":       {Sort: ticket.SortDistance},
		"lon":       {Near: &ticket.Point{Lon: 181}, RadiusKm: 1},
		"radius_km": {Near: &ticket.Point{}, RadiusKm: 1e6},
		"sort":      {Sort: "best"},
		"limit":     {Limit: 101},
	}
	for field, q := range tests {
		_, err := ask(t.Context(), s, q, "")
		var invalid *ticket.Error
		require.ErrorAs(t, err, &invalid, field)
		require.Equal(t, ticket.CodeInvalid, invalid.Code)
		require.Equal(t, field, invalid.Fields[0].Field)
	}
	for _, cursor := range []string{"x", "e30", "bnVsbA", strings.Repeat("A", 3000)} {
		_, err := ask(t.Context(), s, ticket.SearchQuery{}, cursor)
		require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err), cursor)
	}
}

func TestACursorBelongsToItsSearch(t *testing.T) {
	t.Parallel()
	s, index, _, _ := newService(t)
	index.set(func(context.Context) (*ticket.SearchPage, error) {
		return &ticket.SearchPage{Total: 40, Next: &ticket.SearchPlace{Now: time.Now(), Given: 20, Keys: []float64{1}, ID: "ev_1", Engine: "fake"}}, nil
	})
	first, err := ask(t.Context(), s, ticket.SearchQuery{Text: "one", Sort: ticket.SortDate}, "")
	require.NoError(t, err)
	_, err = ask(t.Context(), s, ticket.SearchQuery{Text: "ONE", Sort: ticket.SortDate, Limit: 50}, first.Cursor)
	require.NoError(t, err, "the limit may change, and so may the spelling")
	_, err = ask(t.Context(), s, ticket.SearchQuery{Text: "two", Sort: ticket.SortDate}, first.Cursor)
	require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err))
}
