package app

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"yourticket.example/internal/auth"
	"yourticket.example/internal/config"
	"yourticket.example/internal/demo"
	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// SeedDemo loads the demo catalogue whole or not at all. Where it is already,
// nothing changes.
func SeedDemo(ctx context.Context, cfg config.Config) error {
	pool, err := postgres.Open(ctx, cfg.DatabaseURL.Reveal(), postgres.Options{MaxConns: 4, Name: "yourticket demo"})
	if err != nil {
		return err
	}
	defer pool.Close()
	store := postgres.NewCatalogue(pool)
	_, err = store.Event(ctx, demo.SlugArena)
	if ticket.CodeOf(err) != ticket.CodeNotFound {
		return err
	}
	s := seeding{store: store, demo: demo.Catalogue(time.Now())}
	if err := s.hashPasswords(ctx); err != nil {
		return err
	}
	key := ticket.RequestKey{Scope: "demo", Route: "seed", Key: demo.SlugArena, Fingerprint: []byte("1")}
	_, err = store.Once(ctx, key, func(ctx context.Context) ([]byte, error) { return []byte("{}"), s.write(ctx) })
	return err
}

// seeding writes the demo catalogue.
type seeding struct {
	store     *postgres.Catalogue
	demo      demo.Demo
	hashes    []string
	organizer string
	plans     []ticket.StoredPlan
}

func (s *seeding) hashPasswords(ctx context.Context) error {
	passwords, err := auth.NewPasswords()
	if err != nil {
		return err
	}
	for _, u := range s.demo.Users {
		hash, err := passwords.Hash(ctx, u.Password)
		if err != nil {
			return err
		}
		s.hashes = append(s.hashes, hash)
	}
	return nil
}

func (s *seeding) write(ctx context.Context) error {
	for i, u := range s.demo.Users {
		u.ID = ticket.NewID(ticket.KindUser, 0)
		if u.Has(ticket.RoleOrganizer) && !u.Has(ticket.RoleAdmin) {
			s.organizer = u.ID
		}
		if err := s.store.CreateUser(ctx, ticket.Account{User: u.User, PasswordHash: s.hashes[i]}); err != nil {
			return err
		}
	}
	for i := range s.demo.Venues {
		if err := s.writeVenue(ctx, &s.demo.Venues[i]); err != nil {
			return err
		}
	}
	for i := range s.demo.Events {
		e := s.demo.Events[i].Event
		plan := s.plans[s.demo.Events[i].VenueIndex]
		e.Venue.ID, e.PlanID, e.OrganizerID, e.Capacity = plan.VenueID, plan.ID, s.organizer, plan.Capacity
		if err := s.store.CreateEvent(ctx, &e); err != nil {
			return fmt.Errorf("event %s: %w", e.Slug, err)
		}
	}
	return nil
}

func (s *seeding) writeVenue(ctx context.Context, v *demo.Venue) error {
	v.ID = ticket.NewID(ticket.KindVenue, 0)
	if err := s.store.CreateVenue(ctx, v.Venue, s.organizer); err != nil {
		return err
	}
	file := v.Plan()
	document, err := json.Marshal(file)
	if err != nil {
		return fmt.Errorf("plan of %s: %w", v.Name, err)
	}
	plan := ticket.StoredPlan{
		ID: ticket.NewID(ticket.KindPlan, 0), VenueID: v.ID, Name: file.Name, Capacity: file.Places(),
		Categories: file.Plan("").Categories(), Document: document, CreatedBy: s.organizer,
	}
	s.plans = append(s.plans, plan)
	return s.store.CreatePlan(ctx, plan)
}
