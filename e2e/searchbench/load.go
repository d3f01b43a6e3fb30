package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yourticket.example/ticket"
)

// loaded is what load has written.
type loaded struct {
	events []string // ids, in their order
	venues []string
}

// The words of which the catalogue is made; sizes that share no factor, so that
// combinations differ.
var (
	firsts = []string{
		"Silver", "Midnight", "Paper", "Electric", "Golden", "Broken", "Velvet", "Northern", "Hollow", "Crimson", "Distant",
		"Wandering", "Silent", "Burning", "Frozen", "Lonely", "Secret", "Neon", "Wild", "Ancient", "Gentle", "Iron", "Lost",
	}
	seconds = []string{
		"Foxes", "Harbour", "Parade", "Orchestra", "Sisters", "Machines", "Rivers", "Tigers", "Ghosts", "Gardens", "Engines",
		"Lanterns", "Wolves", "Mirrors", "Satellites", "Pilots", "Sailors", "Echoes", "Comets",
	}
	genres = []string{"rock", "pop", "jazz", "classical", "electronic", "folk", "hip-hop", "metal", "soul", "opera", "country", "blues", "reggae"}
	cities = []struct {
		name, country string
		lat, lon      float64
	}{
		{"Berlin", "DE", 52.52, 13.4}, {"Köln", "DE", 50.94, 6.96}, {"München", "DE", 48.14, 11.58}, {"Paris", "FR", 48.86, 2.35},
		{"Lyon", "FR", 45.76, 4.84}, {"London", "GB", 51.51, -0.13}, {"Glasgow", "GB", 55.86, -4.25}, {"Wien", "AT", 48.21, 16.37},
		{"Zürich", "CH", 47.38, 8.54}, {"Amsterdam", "NL", 52.37, 4.9}, {"Kraków", "PL", 50.06, 19.94}, {"Madrid", "ES", 40.42, -3.7},
		{"Málaga", "ES", 36.72, -4.42}, {"Roma", "IT", 41.9, 12.5}, {"Lisboa", "PT", 38.72, -9.14}, {"København", "DK", 55.68, 12.57},
		{"Göteborg", "SE", 57.71, 11.97},
	}
)

const description = "An evening of songs old and new, with a band that has played every stage between the sea and the mountains. " +
	"Doors open early; there is a bar, a cloakroom and a place to sit down. No flash photography, please."

// load copies a catalogue straight into the database, the same one every time.
func load(ctx context.Context, db *pgxpool.Pool, events, venues int) (l loaded, err error) {
	rng := rand.New(rand.NewPCG(7, 11))
	user, plan := ticket.NewID(ticket.KindUser, 0), ticket.NewID(ticket.KindPlan, 0)
	if _, err := db.Exec(ctx, `INSERT INTO users (id, email, name, password_hash, roles) VALUES ($1, 'bench@example.org', 'Bench', '-', '{organizer}')`, user); err != nil {
		return l, err
	}
	l.venues = make([]string, venues)
	err = copyRows(ctx, db, "venues", []string{"id", "name", "city", "country", "lat", "lon", "created_by"}, venues, func(i int) []any {
		l.venues[i] = ticket.NewID(ticket.KindVenue, 0)
		c := cities[i%len(cities)]
		return []any{
			l.venues[i], fmt.Sprintf("%s Hall %d", pick(rng, firsts), i), c.name, c.country,
			c.lat + rng.Float64()/5, c.lon + rng.Float64()/5, user,
		}
	})
	if err != nil {
		return l, err
	}
	if _, err := db.Exec(ctx, `
		INSERT INTO plans (id, venue_id, name, capacity, categories, document, created_by) VALUES ($1, $2, 'Plan', 1000, '{A,B}', '', $3)`,
		plan, l.venues[0], user); err != nil {
		return l, err
	}
	l.events = make([]string, events)
	columns := []string{
		"id", "shard", "slug", "name", "artist", "genre", "description", "venue_id", "plan_id", "organizer_id", "starts_at", "doors_at",
		"on_sale_at", "status", "max_tickets_per_buyer", "waiting_room", "currency", "capacity",
	}
	now := time.Now().UTC().Truncate(time.Hour)
	room := json.RawMessage(`{"enabled": false}`)
	err = copyRows(ctx, db, "events", columns, events, func(i int) []any {
		l.events[i] = ticket.NewID(ticket.KindEvent, 0)
		artist := fmt.Sprintf("%s %s %d", pick(rng, firsts), pick(rng, seconds), rng.IntN(20))
		starts := now.Add(time.Duration(1+rng.IntN(24*365)) * time.Hour)
		return []any{
			l.events[i], 0, fmt.Sprintf("event-%d", i), artist + " live", artist, pick(rng, genres), artist + ". " + description,
			l.venues[rng.IntN(venues)], plan, user, starts, starts.Add(-time.Hour), now.AddDate(0, 0, rng.IntN(60)-50), "scheduled", 6,
			room, "EUR", 1000,
		}
	})
	if err != nil {
		return l, err
	}
	err = copyRows(ctx, db, "prices", []string{"event_id", "position", "category", "price", "fee"}, 2*events, func(i int) []any {
		return []any{l.events[i/2], i % 2, string(rune('A' + i%2)), int64(2000 + 500*rng.IntN(30)), int64(250)}
	})
	if err != nil {
		return l, err
	}
	_, err = db.Exec(ctx, `ANALYZE`)
	return l, err
}

func pick(rng *rand.Rand, words []string) string { return words[rng.IntN(len(words))] }

func copyRows(ctx context.Context, db *pgxpool.Pool, table string, columns []string, n int, row func(i int) []any) error {
	_, err := db.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromSlice(n, func(i int) ([]any, error) { return row(i), nil }))
	if err != nil {
		return fmt.Errorf("load %s: %w", table, err)
	}
	return nil
}
