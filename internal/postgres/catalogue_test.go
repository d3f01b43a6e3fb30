package postgres_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/postgres"
	"yourticket.example/migrations"
	"yourticket.example/ticket"
)

// newCatalogue gives a catalogue in a database of its own, with two shards and
// one account.
func newCatalogue(t *testing.T) (*postgres.Catalogue, ticket.User) {
	t.Helper()
	return newCatalogueAt(t, partstest.Postgres(t))
}

func newCatalogueAt(t *testing.T, url string) (*postgres.Catalogue, ticket.User) {
	t.Helper()
	_, err := postgres.MigrateUp(t.Context(), url, "catalogue", migrations.Catalogue())
	require.NoError(t, err)
	pool, err := postgres.Open(t.Context(), url, postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	c := postgres.NewCatalogue(pool)
	require.NoError(t, c.RegisterShards(t.Context(), 2))
	u := ticket.User{
		ID: ticket.NewID(ticket.KindUser, 0), Email: "Ada@example.org", Name: "Ada",
		Roles: []ticket.Role{ticket.RoleBuyer, ticket.RoleOrganizer},
	}
	require.NoError(t, c.CreateUser(t.Context(), ticket.Account{User: u, PasswordHash: "hash"}))
	return c, u
}

func newEvent(t *testing.T, c *postgres.Catalogue, u ticket.User) *ticket.Event {
	t.Helper()
	venue := ticket.Venue{ID: ticket.NewID(ticket.KindVenue, 0), Name: "Hall", City: "Bonn", Country: "DE", Lat: 50.7, Lon: 7.1}
	require.NoError(t, c.CreateVenue(t.Context(), venue, u.ID))
	plan := ticket.StoredPlan{
		ID: ticket.NewID(ticket.KindPlan, 0), VenueID: venue.ID, Name: "Plan", Capacity: 2,
		Categories: []string{"A", "B"}, Document: []byte(`{"seats": 2}`), CreatedBy: u.ID,
	}
	require.NoError(t, c.CreatePlan(t.Context(), plan))
	starts := time.Date(2030, 5, 1, 20, 0, 0, 0, time.UTC)
	return &ticket.Event{
		Slug: "night", Name: "Night", Artist: "The Examples", Genre: "rock", Description: "Loud.", Venue: venue,
		PlanID: plan.ID, OrganizerID: u.ID, StartsAt: starts, DoorsAt: starts.Add(-time.Hour), OnSaleAt: starts.AddDate(0, -1, 0),
		Status: ticket.EventScheduled, MaxTicketsPerBuyer: 4, WaitingRoom: ticket.WaitingRoom{Enabled: true, MaxSessions: 7},
		Currency: "EUR", Capacity: 2,
		Prices: []ticket.Price{
			{Category: "B", Price: ticket.Money{Amount: 5000, Currency: "EUR"}, Fee: ticket.Money{Amount: 500, Currency: "EUR"}},
			{Category: "A", Price: ticket.Money{Amount: 9000, Currency: "EUR"}, Fee: ticket.Money{Currency: "EUR"}},
		},
	}
}

func TestEventComesBackAsItWasStored(t *testing.T) {
	t.Parallel()
	c, u := newCatalogue(t)
	e := newEvent(t, c, u)
	require.NoError(t, c.CreateEvent(t.Context(), e))
	for _, key := range []string{e.ID, "night"} {
		got, err := c.Event(t.Context(), key)
		require.NoError(t, err)
		got.UpdatedAt = e.UpdatedAt
		require.Equal(t, e, got)
	}
	_, err := c.Event(t.Context(), "day")
	require.Equal(t, ticket.CodeNotFound, ticket.CodeOf(err))
	plan, err := c.Plan(t.Context(), e.PlanID)
	require.NoError(t, err)
	require.JSONEq(t, `{"seats": 2}`, string(plan.Document))
	require.Equal(t, []string{"A", "B"}, plan.Categories)
}

func TestNewEventsSpreadOverTheOpenShards(t *testing.T) {
	t.Parallel()
	c, u := newCatalogue(t)
	e := newEvent(t, c, u)
	counts := map[int]int{}
	for _, slug := range []string{"a", "b", "c", "d"} {
		e.Slug = slug
		require.NoError(t, c.CreateEvent(t.Context(), e))
		shard, ok := ticket.ShardOf(e.ID)
		require.True(t, ok)
		counts[shard]++
	}
	require.Equal(t, map[int]int{0: 2, 1: 2}, counts)
	require.Equal(t, ticket.CodeConflict, ticket.CodeOf(c.CreateEvent(t.Context(), e)), "the slug is taken")
}

func TestUpdateOfAnOldVersionIsRefused(t *testing.T) {
	t.Parallel()
	c, u := newCatalogue(t)
	e := newEvent(t, c, u)
	require.NoError(t, c.CreateEvent(t.Context(), e))
	old := *e
	e.Name, e.Prices = "Later night", e.Prices[:1]
	require.NoError(t, c.UpdateEvent(t.Context(), e))
	require.Equal(t, int64(2), e.Version)
	require.Equal(t, ticket.CodePreconditionFailed, ticket.CodeOf(c.UpdateEvent(t.Context(), &old)))
	got, err := c.Event(t.Context(), e.ID)
	require.NoError(t, err)
	require.Equal(t, "Later night", got.Name)
	require.Len(t, got.Prices, 1)
}

func TestUpcomingEventsGoOnFromTheCursor(t *testing.T) {
	t.Parallel()
	c, u := newCatalogue(t)
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, status := range []ticket.EventStatus{ticket.EventScheduled, ticket.EventDraft, ticket.EventPostponed, ticket.EventCanceled, ticket.EventScheduled} {
		e := newEvent(t, c, u)
		e.Slug, e.Status = string(rune('a'+i)), status
		e.StartsAt = now.AddDate(0, 0, 5-i)
		require.NoError(t, c.CreateEvent(t.Context(), e))
	}
	var slugs []string
	var after ticket.EventCursor
	for {
		list, err := c.UpcomingEvents(t.Context(), now.AddDate(0, 0, 2), after, 1)
		require.NoError(t, err)
		if len(list) == 0 {
			break
		}
		slugs = append(slugs, list[0].Slug)
		after = ticket.EventCursor{StartsAt: list[0].StartsAt, ID: list[0].ID}
	}
	require.Equal(t, []string{"c", "a"}, slugs, "neither drafts, nor canceled ones, nor what has begun")
}

func TestAccountIsFoundWhateverTheCase(t *testing.T) {
	t.Parallel()
	c, u := newCatalogue(t)
	a, err := c.AccountByEmail(t.Context(), "ADA@EXAMPLE.ORG")
	require.NoError(t, err)
	require.Equal(t, ticket.Account{User: u, PasswordHash: "hash"}, a)
	second := ticket.Account{User: ticket.User{ID: ticket.NewID(ticket.KindUser, 0), Email: "ada@Example.org", Name: "Eve", Roles: u.Roles}}
	require.Equal(t, ticket.CodeEmailTaken, ticket.CodeOf(c.CreateUser(t.Context(), second)))
}

func TestRefreshTokenIsUsedOnceAndItsReuseEndsTheSession(t *testing.T) {
	t.Parallel()
	c, u := newCatalogue(t)
	expires := time.Now().Add(time.Hour)
	require.NoError(t, c.CreateSession(t.Context(), "se_1", u.ID, []byte("one"), expires))
	session, got, err := c.RotateSession(t.Context(), []byte("one"), []byte("two"), expires)
	require.NoError(t, err)
	require.Equal(t, "se_1", session)
	require.Equal(t, u, got)
	_, _, err = c.RotateSession(t.Context(), []byte("one"), []byte("three"), expires)
	require.Equal(t, ticket.CodeUnauthorized, ticket.CodeOf(err))
	_, _, err = c.RotateSession(t.Context(), []byte("two"), []byte("four"), expires)
	require.Equal(t, ticket.CodeUnauthorized, ticket.CodeOf(err), "the whole family has ended")
}

func TestOneOfManyWhoRefreshAtOnceWins(t *testing.T) {
	t.Parallel()
	c, u := newCatalogue(t)
	expires := time.Now().Add(time.Hour)
	require.NoError(t, c.CreateSession(t.Context(), "se_1", u.ID, []byte("one"), expires))
	var won atomic.Int32
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			if _, _, err := c.RotateSession(t.Context(), []byte("one"), []byte{byte(i)}, expires); err == nil {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	require.Equal(t, int32(1), won.Load())
}

func TestExpiredOrEndedSessionsCannotBeRefreshed(t *testing.T) {
	t.Parallel()
	c, u := newCatalogue(t)
	soon, past := time.Now().Add(time.Hour), time.Now().Add(-time.Second)
	require.NoError(t, c.CreateSession(t.Context(), "se_expired", u.ID, []byte("expired"), past))
	require.NoError(t, c.CreateSession(t.Context(), "se_ended", u.ID, []byte("ended"), soon))
	require.NoError(t, c.EndSession(t.Context(), "se_ended"))
	for _, token := range []string{"expired", "ended", "unknown"} {
		_, _, err := c.RotateSession(t.Context(), []byte(token), []byte("next"), soon)
		require.Equal(t, ticket.CodeUnauthorized, ticket.CodeOf(err), token)
	}
	require.NoError(t, c.Sweep(t.Context()))
}

func TestOnlyOneFirstKeyAndRotationKeepsTheOld(t *testing.T) {
	t.Parallel()
	c, _ := newCatalogue(t)
	key := func(id string) ticket.SigningKey {
		return ticket.SigningKey{ID: id, Purpose: ticket.KeyTicket, PrivateKey: []byte(id)}
	}
	require.NoError(t, c.AddSigningKey(t.Context(), key("first")))
	require.NoError(t, c.AddSigningKey(t.Context(), key("too-late")))
	require.NoError(t, c.RotateSigningKey(t.Context(), key("second")))
	keys, err := c.SigningKeys(t.Context())
	require.NoError(t, err)
	require.Len(t, keys, 2)
	require.Equal(t, "second", keys[0].ID)
	require.True(t, keys[0].RetiredAt.IsZero())
	require.Equal(t, "first", keys[1].ID)
	require.False(t, keys[1].RetiredAt.IsZero())
}

func requestKey(body string) ticket.RequestKey {
	sum := sha256.Sum256([]byte(body))
	return ticket.RequestKey{Scope: "us_1", Route: "create", Key: "k", Fingerprint: sum[:]}
}

func TestWorkIsDoneOnceHoweverManyAsk(t *testing.T) {
	t.Parallel()
	c, _ := newCatalogue(t)
	var done atomic.Int32
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			answer, err := c.Once(t.Context(), requestKey("body"), func(context.Context) ([]byte, error) {
				done.Add(1)
				time.Sleep(50 * time.Millisecond)
				return []byte("answer"), nil
			})
			if err != nil || string(answer) != "answer" {
				t.Errorf("got %q, %v", answer, err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, int32(1), done.Load())
	_, err := c.Once(t.Context(), requestKey("another body"), nil)
	require.Equal(t, ticket.CodeKeyReused, ticket.CodeOf(err))
}

func TestFailedWorkLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	c, u := newCatalogue(t)
	e := newEvent(t, c, u)
	failed := errors.New("failed")
	_, err := c.Once(t.Context(), requestKey("body"), func(ctx context.Context) ([]byte, error) {
		require.NoError(t, c.CreateEvent(ctx, e))
		return nil, failed
	})
	require.ErrorIs(t, err, failed)
	_, err = c.Event(t.Context(), e.ID)
	require.Equal(t, ticket.CodeNotFound, ticket.CodeOf(err))
	answer, err := c.Once(t.Context(), requestKey("body"), func(context.Context) ([]byte, error) { return []byte("second try"), nil })
	require.NoError(t, err)
	require.Equal(t, "second try", string(answer))
}
