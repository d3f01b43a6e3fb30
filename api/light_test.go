package api_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/api"
	"yourticket.example/internal/auth"
	"yourticket.example/ticket"
)

// listing is a catalogue of nothing, which may take its time.
type listing struct {
	still
	wait chan struct{}
}

func (l listing) UpcomingEvents(ctx context.Context, _ time.Time, _ ticket.EventCursor, _ int) ([]*ticket.Event, error) {
	if l.wait != nil {
		select {
		case <-l.wait:
		case <-ctx.Done():
		}
	}
	return nil, nil
}

// anyAccounts lets everybody in.
type anyAccounts struct{ api.Accounts }

func (anyAccounts) LogIn(context.Context, string, string) (auth.Session, error) {
	return auth.Session{AccessToken: "a"}, nil
}

func (anyAccounts) Register(_ context.Context, n auth.NewAccount) (ticket.User, error) {
	return ticket.User{ID: ticket.NewID(ticket.KindUser, 0), Email: n.Email, Name: n.Name}, nil
}

func (anyAccounts) LogOut(context.Context, auth.User) error { return nil }

func (anyAccounts) Account(_ context.Context, u auth.User) (ticket.User, error) {
	return ticket.User{ID: u.ID, Roles: u.Roles}, nil
}

// noBooks has no bookings.
type noBooks struct{ api.BookingReader }

func (noBooks) Booking(context.Context, string) (*ticket.Booking, error) {
	return nil, ticket.Errorf(ticket.CodeNotFound, "There is no such booking.")
}

// noPlans has no events.
type noPlans struct{ api.EventPlans }

func (noPlans) Event(context.Context, string) (*ticket.Event, error) {
	return nil, ticket.Errorf(ticket.CodeNotFound, "There is no such event.")
}

// noPurchases sells nothing.
type noPurchases struct{ api.Purchases }

// noRefunds gives nothing back.
type noRefunds struct{ api.Refunds }

// noLive knows no seats.
type noLive struct{ api.LiveSeats }

// noTickets keeps none, noPeople knows nobody.
type (
	noTickets struct{ api.TicketBooks }
	noPeople  struct{ api.People }
)

// noPersons erases nobody.
type noPersons struct{ api.Persons }

// noCodes signs nothing.
type noCodes struct{}

func (noCodes) TicketCode(context.Context, ticket.Ticket) (string, error) {
	return "", errors.New("none")
}

// lightDeps is everything in memory, and who issues tokens for it.
func lightDeps(t testing.TB, log *logBuffer) (api.Deps, *auth.Tokens) {
	t.Helper()
	known, err := signingKeys()
	require.NoError(t, err)
	keys, err := auth.OpenKeys(t.Context(), &keyRing{keys: known}, time.Now)
	require.NoError(t, err)
	tokens, err := auth.NewTokens(keys, time.Now)
	require.NoError(t, err)
	passwords, err := auth.NewPasswords()
	require.NoError(t, err)
	e := &ticket.Event{
		ID: ticket.NewID(ticket.KindEvent, 0), Slug: "night", Name: "Night", Status: ticket.EventScheduled, Capacity: 4,
		StartsAt: time.Now().Add(time.Hour), Prices: []ticket.Price{{Category: "A", Price: ticket.Money{Amount: 1, Currency: "EUR"}}},
	}
	seats := &fakeSeats{state: "aahs", version: "7-0"}
	return api.Deps{
		Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})), Tokens: tokens,
		CatalogueDeps: api.CatalogueDeps{
			Accounts: anyAccounts{}, Keys: keys, Secrets: passwords, Persons: noPersons{}, Requests: still{},
			Events: still{event: e}, Catalogue: listing{still: still{event: e}}, Availability: seats, Blocks: seats, SalesBooks: seats,
		},
		BookingDeps: api.BookingDeps{
			Purchases: noPurchases{}, Refunds: noRefunds{}, Books: noBooks{}, Live: noLive{}, Plans: noPlans{}, Codes: noCodes{},
			Tickets: noTickets{}, People: noPeople{},
		},
	}, tokens
}

// lightWorld serves the services (gateway, events and bookings by default) from
// memory, with the dependencies as changed.
func lightWorld(t *testing.T, change func(*api.Deps), services ...string) (*world, func(roles ...ticket.Role) string) {
	t.Helper()
	w := &world{log: &logBuffer{}}
	deps, tokens := lightDeps(t, w.log)
	if change != nil {
		change(&deps)
	}
	if len(services) == 0 {
		services = []string{"gateway", "events", "bookings"}
	}
	server, err := api.New(deps, services...)
	require.NoError(t, err)
	w.listen(t, server)
	return w, func(roles ...ticket.Role) string {
		token, _, err := tokens.Issue(auth.User{ID: ticket.NewID(ticket.KindUser, 0), SessionID: "se_1", Roles: roles})
		require.NoError(t, err)
		return token
	}
}
