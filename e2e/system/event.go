package system

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"yourticket.example/internal/seatingplan"
	"yourticket.example/ticket"
)

// Prices of every event that NewEvent makes, in euro cents.
const (
	SeatPrice     = 5000
	SeatFee       = 250
	StandingPrice = 3000
	StandingFee   = 150
	SeatTotal     = SeatPrice + SeatFee
	StandingTotal = StandingPrice + StandingFee
)

// The categories of NewEvent's plans.
const (
	Seated   = "Seated"
	Standing = "Standing"
)

// Hall says what an event's plan looks like.
type Hall struct {
	// Rows of Width seats each, all of category Seated.
	Rows, Width int
	// Standing is the capacity of an area of category Standing.
	Standing int
	// Limit is the most tickets a buyer may have; 10 when it is 0.
	Limit int
	// Sessions, when positive, is how many buyers its waiting room admits at the
	// same time; there is none when it is 0.
	Sessions int
	// OnSaleIn is when the sale begins from now; at once when it is 0.
	OnSaleIn time.Duration
}

// Event is an event on sale.
type Event struct {
	ID string
	// Seats are the ids of all places in the order of their indexes, standing
	// ones last.
	Seats []string
	// Organizer is whose event it is.
	Organizer *Client
}

// NewEvent makes venue, plan and event as an organizer does, and publishes it.
// Events go to the sales shards in turn.
func (s *System) NewEvent(ctx context.Context, h Hall) (*Event, error) {
	organizer, err := s.Account(ctx, ticket.RoleOrganizer)
	if err != nil {
		return nil, err
	}
	n := s.seq.next()
	var venue, plan, event struct {
		ID string `json:"id"`
	}
	err = organizer.create(ctx, "/v1/venues", map[string]any{
		"name": fmt.Sprintf("Hall %d", n), "city": "Berlin", "country": "DE", "lat": 52.52, "lon": 13.405,
	}, &venue)
	if err != nil {
		return nil, err
	}
	file := h.plan()
	if err := organizer.create(ctx, "/v1/venues/"+venue.ID+"/plans", file, &plan); err != nil {
		return nil, err
	}
	starts := time.Now().Add(30 * 24 * time.Hour).UTC().Truncate(time.Second)
	body := map[string]any{
		"name": fmt.Sprintf("Concert %d", n), "artist": "The Examples", "genre": "Rock", "venue_id": venue.ID, "plan_id": plan.ID,
		"starts_at": starts, "max_tickets_per_buyer": h.limit(), "prices": h.prices(),
	}
	if h.OnSaleIn > 0 {
		body["on_sale_at"] = time.Now().Add(h.OnSaleIn).UTC()
	}
	if h.Sessions > 0 {
		body["waiting_room"] = map[string]any{"enabled": true, "max_sessions": h.Sessions}
	}
	err = organizer.create(ctx, "/v1/events", body, &event)
	if err != nil {
		return nil, err
	}
	answer, err := organizer.Do(ctx, http.MethodPost, "/v1/events/"+event.ID+"/publish", nil)
	if err != nil {
		return nil, err
	}
	if answer.Status != http.StatusOK {
		return nil, fmt.Errorf("publish: %s", answer)
	}
	return organizer.readEvent(ctx, event.ID)
}

func (h Hall) limit() int {
	if h.Limit == 0 {
		return 10
	}
	return h.Limit
}

func (h Hall) prices() []map[string]any {
	price := func(category string, price, fee int64) map[string]any {
		return map[string]any{"category": category, "price": Money{price, "EUR"}, "fee": Money{fee, "EUR"}}
	}
	var out []map[string]any
	if h.Rows > 0 {
		out = append(out, price(Seated, SeatPrice, SeatFee))
	}
	if h.Standing > 0 {
		out = append(out, price(Standing, StandingPrice, StandingFee))
	}
	return out
}

// plan draws the hall in pretix's format.
func (h Hall) plan() seatingplan.File {
	f := seatingplan.File{Name: "Hall", Size: seatingplan.Size{Width: 100 + 25*h.Width, Height: 100 + 25*h.Rows}}
	if h.Rows > 0 {
		f.Categories = append(f.Categories, seatingplan.Category{Name: Seated})
	}
	if h.Standing > 0 {
		f.Categories = append(f.Categories, seatingplan.Category{Name: Standing})
		f.Standing = []seatingplan.Standing{{Name: "Pit", Category: Standing, Capacity: h.Standing}}
	}
	zone := seatingplan.Zone{Name: "Stalls", Position: seatingplan.Point{X: 50, Y: 50}, Rows: []seatingplan.Row{}}
	for r := range h.Rows {
		row := seatingplan.Row{Number: fmt.Sprint(r + 1), Position: seatingplan.Point{Y: 25 * float64(r)}}
		for i := range h.Width {
			row.Seats = append(row.Seats, seatingplan.Seat{
				GUID: fmt.Sprintf("r%d-%d", r+1, i+1), Number: fmt.Sprint(i + 1), Category: Seated,
				Position: seatingplan.Point{X: 25 * float64(i)},
			})
		}
		zone.Rows = append(zone.Rows, row)
	}
	f.Zones = []seatingplan.Zone{zone}
	return f
}

// create posts a body under a key and reads the 201 answer. While a part of
// the system is away it asks again.
func (c *Client) create(ctx context.Context, path string, body, into any) error {
	key := Key(rand.Text())
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		answer, err := c.Do(ctx, http.MethodPost, path, body, key)
		switch {
		case err == nil && answer.Status == http.StatusCreated:
			return json.Unmarshal(answer.Body, into)
		case err == nil && (answer.Status != http.StatusServiceUnavailable || time.Since(began) > setupWithin):
			return fmt.Errorf("POST %s: %s", path, answer)
		case err != nil:
			return err
		}
	}
}

// setupWithin is how long a test that sets its scene waits for a system that an
// earlier one has struck.
const setupWithin = 10 * time.Second

func (c *Client) readEvent(ctx context.Context, id string) (*Event, error) {
	answer, err := c.Do(ctx, http.MethodGet, "/v1/events/"+id+"/seatmap", nil)
	if err != nil {
		return nil, err
	}
	var seatmap struct {
		Seats []struct {
			ID    string `json:"id"`
			Index int    `json:"index"`
		} `json:"seats"`
	}
	if answer.Status != http.StatusOK {
		return nil, fmt.Errorf("seatmap: %s", answer)
	}
	if err := json.Unmarshal(answer.Body, &seatmap); err != nil {
		return nil, err
	}
	e := &Event{ID: id, Organizer: c, Seats: make([]string, len(seatmap.Seats))}
	for _, seat := range seatmap.Seats {
		e.Seats[seat.Index] = seat.ID
	}
	return e, nil
}
