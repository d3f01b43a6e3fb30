package rehearsal

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"time"
)

const (
	// choices is how often a buyer chooses again when others were quicker.
	choices = 8
	// hopes is how often a buyer looks again whether held places come back.
	hopes = 3
)

// shop looks at the map, chooses, holds and pays.
func (b *buyer) shop(ctx context.Context) error {
	places, done, err := b.openMap(ctx)
	if err != nil {
		return err
	}
	defer done()
	if b.fickle == leavesLooking {
		if err := b.think(ctx, 4*time.Second); err != nil {
			return err
		}
		b.record.note("left while choosing")
		return b.leaveChoosing(ctx)
	}
	hope := 0
	for range choices {
		if err := b.think(ctx, 3*time.Second); err != nil {
			return err
		}
		now, err := places(ctx)
		if err != nil {
			return err
		}
		wish, found := b.choose(now)
		if !found {
			if hope++; hope > hopes || !contains(now, 'h') {
				b.leaveSession()
				return left{soldOut}
			}
			continue
		}
		again, err := b.buy(ctx, wish)
		if err != nil || !again {
			return err
		}
	}
	return left{overTaken}
}

// leaveChoosing ends a visit without tickets.
func (b *buyer) leaveChoosing(ctx context.Context) error {
	if b.stage.WaitingRoom && chance(b.rng, 50) {
		b.leaveSession()
		if _, err := b.client.ask(ctx, request{route: "leave", method: http.MethodDelete, path: b.stage.path("/queue")}); err != nil {
			return err
		}
	}
	return left{leftLooking}
}

// openMap loads the seating plan and gives a way to see the places as they are
// now: by the stream for those who follow it, else by asking.
func (b *buyer) openMap(ctx context.Context) (now func(context.Context) (string, error), done func(), err error) {
	a, err := b.client.ask(ctx, request{route: "seat map", method: http.MethodGet, path: b.stage.path("/seatmap"), anonymous: true})
	if err != nil {
		return nil, nil, err
	}
	if a.status != http.StatusOK {
		return nil, nil, a.refused("load the seat map")
	}
	if !b.follows {
		return b.availability, func() {}, nil
	}
	w := b.watch(ctx, b.client)
	return func(ctx context.Context) (string, error) {
		if seats := w.now(); seats != "" {
			return seats, nil
		}
		return b.availability(ctx) // the first snapshot has not come yet
	}, w.stop, nil
}

func (b *buyer) availability(ctx context.Context) (string, error) {
	a, err := b.client.ask(ctx, request{route: "availability", method: http.MethodGet, path: b.stage.path("/availability"), anonymous: true})
	if err != nil {
		return "", err
	}
	if a.status != http.StatusOK {
		return "", a.refused("look at the places")
	}
	var m mapAnswer
	return m.Seats, func() error { err := a.read(&m); return err }()
}

func contains(seats string, state byte) bool { return slices.Contains([]byte(seats), state) }

// choose picks free places of the map: single ones near one another in a
// category, or the wish for the best. It is false when nothing is free.
func (b *buyer) choose(now string) (object, bool) {
	free := map[string][]int{}
	for i, seat := range b.stage.seats {
		if i < len(now) && now[i] == 'a' {
			free[seat.Category] = append(free[seat.Category], i)
		}
	}
	var open []string
	for _, c := range b.stage.categories {
		if len(free[c]) > 0 {
			open = append(open, c)
		}
	}
	if len(open) == 0 {
		return nil, false
	}
	category := open[b.rng.IntN(len(open))]
	places := free[category]
	quantity := min(b.quantity, len(places))
	if !b.picks {
		return object{"best_available": object{"category": category, "quantity": quantity, "adjacent": quantity == b.quantity && quantity < 4}}, true
	}
	from := b.rng.IntN(len(places) - quantity + 1)
	if chance(b.rng, 60) {
		from = min(from, b.rng.IntN(1+len(places)/10)) // everybody wants the front
	}
	ids := make([]string, quantity)
	for i := range ids {
		ids[i] = b.stage.seats[places[from+i]].ID
	}
	return object{"seats": ids}, true
}

// buy asks for places and pays for them. It is true when others were quicker
// and the buyer should choose again.
func (b *buyer) buy(ctx context.Context, wish object) (again bool, err error) {
	wish["event_id"] = b.stage.ID
	if b.admission != "" {
		wish["admission"] = b.admission
	}
	if b.atOnce {
		wish["payment"] = b.first()
		b.leaveSession()
	}
	a, err := b.client.ask(ctx, request{
		route: "book", method: http.MethodPost, path: "/v1/bookings", body: wish, key: rand.Text(), within: workTime,
	})
	if err != nil {
		if ctx.Err() == nil { // else it was still under way when the time was over
			b.record.purchase("not answered", 0)
		}
		return false, err
	}
	if a.status == http.StatusCreated {
		var k bookingAnswer
		if err := a.read(&k); err != nil {
			return false, err
		}
		return false, b.held(ctx, &k)
	}
	return b.notHeld(ctx, a)
}

// notHeld goes on after a refusal.
func (b *buyer) notHeld(ctx context.Context, a *answer) (again bool, err error) {
	p := a.problem()
	switch p.code() {
	case "seats-unavailable", "sold-out":
		b.keepsSession()
		b.record.purchase("places were taken", 0)
		return true, nil
	case "payment-declined", "payments-unavailable":
		b.keepsSession()
		b.record.purchase("declined", 0)
		return false, b.payAgain(ctx, p.BookingID, p.code())
	case "admission-required":
		b.record.purchase("admission had ended", 0)
		return false, left{missedTurn}
	case "not-on-sale":
		return false, left{soldOut}
	case "ticket-limit":
		b.record.purchase("over the limit", 0)
	default:
		b.record.purchase("refused otherwise", 0)
	}
	return false, a.refused("book")
}

// held goes on with a booking that was answered: it pays, or has a change of mind.
func (b *buyer) held(ctx context.Context, k *bookingAnswer) error {
	if k.Status != "held" {
		return b.paid(ctx, k)
	}
	if err := b.think(ctx, 2*time.Second); err != nil {
		return err
	}
	switch b.fickle {
	case leavesHold:
		return left{leftHolding}
	case cancelsHold:
		return b.cancel(ctx, k.ID)
	}
	return b.pay(ctx, k.ID, b.first())
}

func (b *buyer) cancel(ctx context.Context, id string) error {
	a, err := b.client.ask(ctx, request{route: "cancel", method: http.MethodPost, path: "/v1/bookings/" + id + "/cancel", within: workTime})
	if err != nil {
		return err
	}
	if !a.ok() {
		return a.refused("cancel")
	}
	b.record.purchase("canceled", 0)
	return left{gaveUpHold}
}

// acknowledge remembers what was promised.
func (b *buyer) acknowledge(k *bookingAnswer) {
	how := b.method
	if how == noneWorks {
		how = unknownPay
	}
	b.mu.Lock()
	b.acked = append(b.acked, *k)
	b.mu.Unlock()
	b.record.purchase("confirmed: "+string(how), len(k.Tickets))
	if len(k.Tickets) != len(k.Seats) {
		b.record.find(checkKept, fmt.Sprintf("booking %s is confirmed with %d places and %d tickets", k.ID, len(k.Seats), len(k.Tickets)))
	}
}
