package rehearsal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// stage is the event that is rehearsed.
type stage struct {
	eventAnswer
	// own is an event that was made for this rehearsal: all who buy are known.
	own   bool
	seats []seatAnswer // by index
	byID  map[string]int
	// categories are those that have a price.
	categories []string
	// bound is how many may be admitted at a time; 0 when it is not known.
	bound int
	// commitment was noted down before the draw; empty without a draw.
	commitment string
}

func (s *stage) path(rest string) string { return "/v1/events/" + s.ID + rest }

// prepareStage finds the event or makes it, and learns its plan.
func (r *run) prepareStage(ctx context.Context) error {
	reference := url.PathEscape(r.o.Event)
	if r.o.Event == "" {
		id, err := r.makeEvent(ctx)
		if err != nil {
			return err
		}
		reference = id
		r.stage.own = true
	}
	c := r.web.client(nil)
	if err := c.get(ctx, "event", "/v1/events/"+reference, &r.stage.eventAnswer); err != nil {
		return err
	}
	s := &r.stage
	if s.own && s.WaitingRoom {
		s.bound = r.o.Sessions
	}
	var plan struct {
		Seats []seatAnswer `json:"seats"`
	}
	if err := c.get(ctx, "seatmap", s.path("/seatmap"), &plan); err != nil {
		return err
	}
	s.seats, s.byID = plan.Seats, map[string]int{}
	for i, seat := range s.seats {
		if seat.Index != i {
			return fmt.Errorf("seat %s of the plan has index %d at place %d", seat.ID, seat.Index, i)
		}
		s.byID[seat.ID] = i
	}
	for _, p := range s.Prices {
		s.categories = append(s.categories, p.Category)
	}
	if len(s.seats) == 0 || len(s.categories) == 0 {
		return fmt.Errorf("event %s has nothing to sell", s.Slug)
	}
	if wait := time.Until(s.OnSaleAt); wait > r.o.Duration {
		return fmt.Errorf("event %s goes on sale in %s, which is later than the rehearsal's end; give it a longer --duration", s.Slug, wait.Round(time.Second))
	}
	return r.noteCommitment(ctx, c)
}

// noteCommitment notes down what the draw is bound to, before it takes place.
func (r *run) noteCommitment(ctx context.Context, c *client) error {
	if !r.stage.WaitingRoom {
		return nil
	}
	var q queueAnswer
	if err := c.get(ctx, "queue", r.stage.path("/queue"), &q); err != nil {
		return err
	}
	if q.Draw.Commitment != nil {
		r.stage.commitment = *q.Draw.Commitment
	}
	return nil
}

// get reads something that everybody may see.
func (c *client) get(ctx context.Context, route, path string, into any) error {
	a, err := c.ask(ctx, request{route: route, method: http.MethodGet, path: path, silent: true})
	if err != nil {
		return fmt.Errorf("GET %s: %w", path, err)
	}
	if a.status != http.StatusOK {
		return a.refused("GET " + path)
	}
	return a.read(into)
}

// object is a JSON object.
type object = map[string]any

// makeEvent makes venue, plan and event as an organizer does, publishes it, and
// gives its id.
func (r *run) makeEvent(ctx context.Context) (string, error) {
	c := r.web.client(&login{account: r.o.Organizer})
	if r.o.Organizer.Token == "" {
		if err := c.logIn(ctx, patience); err != nil {
			return "", fmt.Errorf("organizer %s: %w", r.o.Organizer.Email, err)
		}
	}
	venue, err := c.create(ctx, "/v1/venues", object{"name": "Rehearsal hall", "city": "Berlin", "country": "DE", "lat": 52.52, "lon": 13.405})
	if err != nil {
		return "", err
	}
	plan, err := c.create(ctx, "/v1/venues/"+venue+"/plans", hall(r.o.Seats))
	if err != nil {
		return "", err
	}
	onSale := time.Now().Add(r.o.OnSaleIn).UTC()
	body := object{
		"name": "Rehearsal of " + onSale.Format("2006-01-02 15:04:05"), "artist": "The Understudies", "genre": "Rehearsal",
		"description": "A rehearsal of an on-sale; its tickets admit nobody.",
		"venue_id":    venue, "plan_id": plan, "starts_at": onSale.Add(30 * 24 * time.Hour), "on_sale_at": onSale,
		"max_tickets_per_buyer": 6, "prices": hallPrices(),
	}
	if !r.o.NoWaitingRoom {
		body["waiting_room"] = object{"enabled": true, "max_sessions": r.o.Sessions, "session_minutes": 2, "grace_seconds": 30}
	}
	event, err := c.create(ctx, "/v1/events", body)
	if err != nil {
		return "", err
	}
	a, err := c.ask(ctx, request{route: "publish", method: http.MethodPost, path: "/v1/events/" + event + "/publish", silent: true})
	if err != nil {
		return "", fmt.Errorf("publish the event: %w", err)
	}
	if a.status != http.StatusOK {
		return "", a.refused("publish the event")
	}
	return event, nil
}

// create posts a body under a key and gives the id of what it made.
func (c *client) create(ctx context.Context, path string, body any) (string, error) {
	a, err := c.ask(ctx, request{route: "organizer", method: http.MethodPost, path: path, body: body, key: rand.Text(), silent: true})
	if err != nil {
		return "", fmt.Errorf("POST %s: %w", path, err)
	}
	if a.status != http.StatusCreated {
		return "", a.refused("POST " + path)
	}
	var made struct {
		ID string `json:"id"`
	}
	if err := a.read(&made); err != nil {
		return "", err
	}
	if made.ID == "" {
		return "", errors.New("POST " + path + ": the answer has no id")
	}
	return made.ID, nil
}

// The parts of a rehearsal's hall: a third each of good seats and cheaper ones,
// and the rest standing.
const (
	stalls, balcony, floor = "Stalls", "Balcony", "Floor"
	rowWidth               = 24
)

func hall(places int) object {
	seated := places / 3
	return object{
		"name": "Rehearsal hall", "size": object{"width": 100 + 25*rowWidth, "height": 400 + 25*(2*seated/rowWidth)},
		"categories": []object{{"name": stalls, "color": "#b24"}, {"name": balcony, "color": "#24b"}, {"name": floor, "color": "#2a4"}},
		"zones": []object{
			hallZone(stalls, "s", seated, 50),
			hallZone(balcony, "b", seated, 150+25*float64(seated/rowWidth)),
		},
		"standing": []object{{"name": floor, "category": floor, "capacity": places - 2*seated}},
	}
}

func hallZone(name, prefix string, seats int, y float64) object {
	rows := []object{}
	for from := 0; from < seats; from += rowWidth {
		n := from/rowWidth + 1
		row := []object{}
		for i := range min(rowWidth, seats-from) {
			row = append(row, object{
				"seat_guid": fmt.Sprintf("%s%d-%d", prefix, n, i+1), "seat_number": fmt.Sprint(i + 1), "category": name,
				"position": object{"x": 25 * i, "y": 0},
			})
		}
		rows = append(rows, object{"row_number": fmt.Sprint(n), "position": object{"x": 0, "y": 25 * (n - 1)}, "seats": row})
	}
	return object{"name": name, "position": object{"x": 50, "y": y}, "rows": rows}
}

func hallPrices() []object {
	price := func(category string, amount, fee int) object {
		return object{"category": category, "price": money{int64(amount), "EUR"}, "fee": money{int64(fee), "EUR"}}
	}
	return []object{price(stalls, 8900, 400), price(balcony, 5900, 300), price(floor, 4500, 200)}
}
