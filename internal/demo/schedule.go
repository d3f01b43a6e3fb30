package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
	_ "time/tzdata" // concerts start in the evening of their venue, on machines without a zone database too

	"yourticket.example/ticket"
)

const (
	// concerts is how many events there are besides the three with names of their own.
	concerts = 215
	firstDay = 7
	lastDay  = 300
)

// scheduler books concerts into venues, one a venue and day.
type scheduler struct {
	now    time.Time
	venues []Venue
	r      *rand.Rand
	booked map[booking]bool
	slugs  map[string]bool
}

type booking struct{ venue, day int }

// schedule lists the three events that examples rely on, then the others.
func schedule(venues []Venue, now time.Time) []Event {
	s := &scheduler{
		now: now.UTC().Truncate(time.Minute), venues: venues,
		r:      rand.New(rand.NewPCG(2024, 11)), //nolint:gosec // the same draw every time is the point
		booked: map[booking]bool{}, slugs: map[string]bool{},
	}
	events := make([]Event, 0, 3+concerts)
	events = append(events, s.arena(), s.stadium(), s.soon())
	for i := range concerts {
		events = append(events, s.concert(artists[i%len(artists)]))
	}
	return events
}

func (s *scheduler) venueOf(key string) int {
	return slices.IndexFunc(s.venues, func(v Venue) bool { return v.Key == key })
}

func (s *scheduler) arena() Event {
	e := s.event(artists[0], s.venueOf(keyArena), 45, 1.2)
	e.Slug, e.OnSaleAt, e.MaxTicketsPerBuyer = SlugArena, s.now.AddDate(0, 0, -14), 8
	return e
}

func (s *scheduler) stadium() Event {
	e := s.event(artists[1], s.venueOf(keyStadium), 120, 1.1)
	e.Slug, e.OnSaleAt, e.MaxTicketsPerBuyer = SlugStadium, s.now.AddDate(0, 0, -1), 4
	e.WaitingRoom = ticket.WaitingRoom{Enabled: true, MaxSessions: 500, SessionMinutes: 10, GraceSeconds: 120}
	return e
}

func (s *scheduler) soon() Event {
	e := s.event(artists[12], s.venueOf(keySoon), 150, 1.2)
	e.Slug, e.OnSaleAt, e.MaxTicketsPerBuyer = SlugSoon, s.now.AddDate(0, 0, 14), 6
	return e
}

// concert books an artist into a suitable venue on a free day.
func (s *scheduler) concert(a artist) Event {
	kind := pick(s.r, stages[a.genre])
	var suitable []int
	for i := range s.venues {
		if s.venues[i].layout == kind {
			suitable = append(suitable, i)
		}
	}
	e := s.event(a, pick(s.r, suitable), firstDay+s.r.IntN(lastDay-firstDay+1), 0.75+s.r.Float64())
	e.Slug = s.slugFor(a, &s.venues[e.VenueIndex])
	e.MaxTicketsPerBuyer = pick(s.r, []int{4, 6, 6, 8})
	e.OnSaleAt = s.now.AddDate(0, 0, -3-s.r.IntN(60)).Truncate(time.Hour)
	ahead := 1 + s.r.IntN(21)
	if s.r.IntN(100) < 15 && s.now.AddDate(0, 0, ahead+3).Before(e.StartsAt) {
		e.OnSaleAt = s.now.AddDate(0, 0, ahead).Truncate(time.Hour)
	}
	return e
}

// event fills in what every event has, on the wanted day or the first one
// after it (or, at the end of the season, before it) on which the venue is free.
func (s *scheduler) event(a artist, venue, day int, fame float64) Event {
	for step := 1; s.booked[booking{venue, day}]; day += step {
		if day >= lastDay {
			step = -1
		}
	}
	s.booked[booking{venue, day}] = true
	v := &s.venues[venue]
	starts := s.evening(v, day)
	return Event{VenueIndex: venue, Event: ticket.Event{
		Name: a.name + ": " + a.tour, Artist: a.name, Genre: a.genre, Description: describe(s.r, a, v),
		Venue: v.Venue, StartsAt: starts, DoorsAt: starts.Add(-pick(s.r, []time.Duration{time.Hour, time.Hour, 90 * time.Minute})),
		Status: ticket.EventScheduled, Currency: v.Currency, Prices: pricesAt(v, fame), Capacity: v.Capacity,
		UpdatedAt: s.now,
	}}
}

// evening is some time from 19:00 to 20:30 at the venue, so many days from now.
func (s *scheduler) evening(v *Venue, day int) time.Time {
	zone, err := time.LoadLocation(v.TimeZone)
	if err != nil {
		zone = time.UTC // the zone database is built in: only a misspelt zone gets here
	}
	y, m, d := s.now.In(zone).AddDate(0, 0, day).Date()
	return time.Date(y, m, d, 19, 30*s.r.IntN(4), 0, 0, zone).UTC()
}

// slugFor is artist-city, numbered when the artist comes again.
func (s *scheduler) slugFor(a artist, v *Venue) string {
	first := slug(a.name, v.City)
	name := first
	for n := 2; s.slugs[name]; n++ {
		name = fmt.Sprintf("%s-%d", first, n)
	}
	s.slugs[name] = true
	return name
}
