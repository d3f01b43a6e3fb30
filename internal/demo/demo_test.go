package demo_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/demo"
	"yourticket.example/internal/seatingplan"
	"yourticket.example/ticket"
)

var now = time.Date(2025, 3, 14, 15, 9, 26, 0, time.UTC)

func TestCatalogueIsTheSameEveryTime(t *testing.T) {
	t.Parallel()
	require.Equal(t, demo.Catalogue(now), demo.Catalogue(now))
	later, early := demo.Catalogue(now.AddDate(0, 5, 0)), demo.Catalogue(now)
	for i := range early.Events {
		require.Equal(t, early.Events[i].Slug, later.Events[i].Slug)
		require.Equal(t, early.Events[i].Prices, later.Events[i].Prices)
		require.True(t, later.Events[i].StartsAt.After(early.Events[i].StartsAt))
	}
}

func TestAccountsOfEveryRole(t *testing.T) {
	t.Parallel()
	roles := map[string]ticket.Role{}
	for _, u := range demo.Catalogue(now).Users {
		require.Equal(t, "yourticket-demo", u.Password)
		require.NotEmpty(t, u.Name)
		require.Len(t, u.Roles, 1)
		roles[u.Email] = u.Roles[0]
	}
	require.Equal(t, map[string]ticket.Role{
		"buyer@yourticket.example": ticket.RoleBuyer, "buyer2@yourticket.example": ticket.RoleBuyer,
		"organizer@yourticket.example": ticket.RoleOrganizer, "support@yourticket.example": ticket.RoleSupport,
		"finance@yourticket.example": ticket.RoleFinance, "door@yourticket.example": ticket.RoleDoor,
		"admin@yourticket.example": ticket.RoleAdmin,
	}, roles)
}

func TestVenuesAndTheirPlans(t *testing.T) {
	t.Parallel()
	c := demo.Catalogue(now)
	cities, countries, keys := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i := range c.Venues {
		v := &c.Venues[i]
		cities[v.City], countries[v.Country], keys[v.Key] = true, true, true
		require.Regexp(t, "^[A-Z]{2}$", v.Country)
		require.True(t, v.Lat > -90 && v.Lat < 90 && v.Lon > -180 && v.Lon < 180)
		_, err := time.LoadLocation(v.TimeZone)
		require.NoError(t, err)
		_, known := ticket.CurrencyDigits(v.Currency)
		require.True(t, known, v.Key)
		require.Equal(t, v.Capacity, v.Plan().Places(), v.Key)
	}
	require.GreaterOrEqual(t, len(c.Venues), 25)
	require.Len(t, keys, len(c.Venues), "keys are unique")
	require.GreaterOrEqual(t, len(cities), 20)
	require.GreaterOrEqual(t, len(countries), 10)
}

// TestVenuesLieInTheirTimeZone catches a sign or a digit gone wrong in a
// coordinate: the sun's time at the longitude is near the zone's.
func TestVenuesLieInTheirTimeZone(t *testing.T) {
	t.Parallel()
	c := demo.Catalogue(now)
	for i := range c.Venues {
		v := &c.Venues[i]
		zone, err := time.LoadLocation(v.TimeZone)
		require.NoError(t, err)
		_, winter := time.Date(2025, 1, 1, 0, 0, 0, 0, zone).Zone()
		_, summer := time.Date(2025, 7, 1, 0, 0, 0, 0, zone).Zone()
		require.InDelta(t, v.Lon/15, float64(min(winter, summer))/3600, 1.6, v.Key)
	}
}

func TestPlansAreFilesThatParse(t *testing.T) {
	t.Parallel()
	c := demo.Catalogue(now)
	for i := range c.Venues {
		v := &c.Venues[i]
		document, err := json.Marshal(v.Plan())
		require.NoError(t, err)
		_, err = seatingplan.Parse(document)
		require.NoError(t, err, v.Key)
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	c := demo.Catalogue(now)
	require.GreaterOrEqual(t, len(c.Events), 200)
	offered := make([][]string, len(c.Venues))
	for i := range c.Venues {
		for _, category := range c.Venues[i].Plan().Categories {
			offered[i] = append(offered[i], category.Name)
		}
	}
	slugs, cities, days := map[string]bool{}, map[string]bool{}, map[string]bool{}
	genres, descriptions := map[string]int{}, map[string]bool{}
	ahead := 0
	for i := range c.Events {
		e := &c.Events[i]
		v := &c.Venues[e.VenueIndex]
		requireSound(t, e, v, offered[e.VenueIndex])
		day := v.Key + e.StartsAt.Format(time.DateOnly)
		require.False(t, days[day], "one concert a venue and day")
		days[day], slugs[e.Slug], cities[v.City], descriptions[e.Description] = true, true, true, true
		genres[e.Genre]++
		if e.OnSaleAt.After(now) {
			ahead++
		}
	}
	require.Len(t, slugs, len(c.Events), "slugs are unique")
	require.GreaterOrEqual(t, len(cities), 20)
	require.GreaterOrEqual(t, len(genres), 8)
	require.Greater(t, len(descriptions), len(c.Events)*9/10)
	require.True(t, ahead >= 10 && ahead < len(c.Events)/4, "a few sales are ahead: %d", ahead)
}

func requireSound(t *testing.T, e *demo.Event, v *demo.Venue, offered []string) {
	t.Helper()
	require.Regexp(t, `^[a-z0-9]+(-[a-z0-9]+)*$`, e.Slug)
	require.Equal(t, v.Venue, e.Venue)
	require.Equal(t, v.Capacity, e.Capacity)
	require.True(t, strings.HasPrefix(e.Name, e.Artist))
	require.NotEmpty(t, e.Genre)
	require.NotContains(t, e.Description, "{")
	require.Greater(t, len(e.Description), 60)
	require.Equal(t, ticket.EventScheduled, e.Status)
	require.True(t, e.DoorsAt.Before(e.StartsAt) && e.OnSaleAt.Before(e.DoorsAt))
	require.True(t, e.StartsAt.After(now.AddDate(0, 0, 6)) && e.StartsAt.Before(now.AddDate(0, 0, 302)), e.StartsAt)
	zone, err := time.LoadLocation(v.TimeZone)
	require.NoError(t, err)
	require.Contains(t, []int{19, 20}, e.StartsAt.In(zone).Hour(), "in the evening, there")
	require.Positive(t, e.MaxTicketsPerBuyer)
	require.Equal(t, v.Currency, e.Currency)

	priced := make([]string, 0, len(e.Prices))
	for _, p := range e.Prices {
		priced = append(priced, p.Category)
		require.Equal(t, e.Currency, p.Price.Currency)
		require.NoError(t, p.Price.Validate("price"))
		require.NoError(t, p.Fee.Validate("fee"))
		require.Positive(t, p.Fee.Amount)
		require.InDelta(t, 0.09, float64(p.Fee.Amount)/float64(p.Price.Amount), 0.03, "%s %v %v", e.Slug, p.Price, p.Fee)
	}
	require.ElementsMatch(t, offered, priced, "each category of the plan has its price")
}

func TestEventsWithNames(t *testing.T) {
	t.Parallel()
	c := demo.Catalogue(now)
	bySlug := map[string]*demo.Event{}
	for i := range c.Events {
		bySlug[c.Events[i].Slug] = &c.Events[i]
	}
	counts := func(e *demo.Event) (seated, standing int) {
		plan := c.Venues[e.VenueIndex].Plan().Plan("p")
		for i := range plan.Seats {
			if plan.Seats[i].Standing() {
				standing++
			} else {
				seated++
			}
		}
		return seated, standing
	}

	arena := bySlug["demo-arena"]
	require.NoError(t, arena.Selling(now))
	require.False(t, arena.WaitingRoom.Enabled)
	seated, _ := counts(arena)
	require.GreaterOrEqual(t, seated, 5_000)

	stadium := bySlug["demo-stadium"]
	require.NoError(t, stadium.Selling(now))
	require.True(t, stadium.WaitingRoom.Enabled)
	require.Positive(t, stadium.WaitingRoom.MaxSessions)
	seated, standing := counts(stadium)
	require.Equal(t, 50_000, seated+standing)
	require.Greater(t, seated, 20_000)
	require.Greater(t, standing, 10_000)

	require.Equal(t, ticket.CodeNotOnSale, ticket.CodeOf(bySlug["demo-soon"].Selling(now)))
	require.Equal(t, ticket.EventScheduled, bySlug["demo-soon"].PublicStatus(now, 1))
}
