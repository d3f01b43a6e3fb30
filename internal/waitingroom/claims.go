package waitingroom

import (
	"context"
	"time"

	"yourticket.example/internal/postgres"
	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
)

// Claim turns the buyer's turn into an admission; while it lives, claiming again
// gives the same one. CodeNotYourTurn before the turn and while the sale is
// paused, CodeTurnExpired after its grace, after the admission, and after its
// use; CodeNotFound without a place.
func (r *Rooms) Claim(ctx context.Context, e *ticket.Event, buyerID string) (a Admission, err error) {
	if err := r.enabled(e); err != nil {
		return a, err
	}
	l, err := r.look(ctx, e, buyerID)
	if err != nil {
		return a, err
	}
	if l.session.Number > 0 && l.session.Kept {
		return l.keys.admission(e.ID, buyerID, l.session), nil
	}
	if !l.drawn || l.number > l.room.Serving {
		return a, notYet(l) // the many who are early cost one look each
	}
	t := termsOf(e)
	v, s, err := r.live.Claim(ctx, e.ID, buyerID, l.number, t.session, t.sessions)
	if err != nil {
		return a, err
	}
	if err := r.refusal(e, l, v); err != nil {
		return a, err
	}
	if !s.Kept {
		err = r.books.SaveAdmission(ctx, e.ID, postgres.QueueAdmission{
			BuyerID: buyerID, Number: s.Number, AdmittedAt: s.ExpiresAt.Add(-t.session), ExpiresAt: s.ExpiresAt,
			Held: time.Duration(s.ExpiresAt.UnixMilli()-s.Ends) * time.Millisecond,
		})
		if err == nil {
			err = r.live.KeepSession(ctx, e.ID, buyerID)
		}
	}
	return l.keys.admission(e.ID, buyerID, s), err
}

func (k roomKeys) admission(eventID, buyerID string, s redis.Session) Admission {
	return Admission{
		Token: k.admissionToken(eventID, buyerID, s.Number, s.Ends), Number: s.Number, ExpiresAt: s.ExpiresAt,
	}
}

// soon is when it is worth asking again for what is about to be.
const soon = 2

func notYet(l looked) error {
	if !l.drawn {
		e := ticket.Errorf(ticket.CodeNotYourTurn, "The sale has not started yet.")
		e.RetryAfterSeconds = soon
		return e
	}
	e := ticket.Errorf(ticket.CodeNotYourTurn, "You have number %d; %d is served at the moment.", l.number, l.room.Serving)
	e.Extra = map[string]any{"number": l.number, "serving": l.room.Serving}
	e.RetryAfterSeconds = soon
	return e
}

// refusal says why a claim was refused; nil when it was not.
func (r *Rooms) refusal(e *ticket.Event, l looked, v redis.Verdict) error {
	switch v {
	case redis.QueueOK:
		return nil
	case redis.QueueNotYet:
		return notYet(l)
	case redis.QueueFull, redis.QueuePaused:
		wait := ticket.Errorf(ticket.CodeNotYourTurn, "The sale is paused. Your turn waits for it to go on.")
		if v == redis.QueueFull {
			wait.Message = "Nobody can be admitted at this moment. Your turn waits."
		}
		wait.RetryAfterSeconds = soon
		return wait
	case redis.QueueClosed:
		return r.over(e)
	case redis.QueueNoPlace:
		return ticket.Errorf(ticket.CodeNotFound, "The account has no place in this queue: join it first.")
	case redis.QueueUsed:
		return ticket.Errorf(ticket.CodeTurnExpired, "The admission was used by a booking.")
	case redis.QueueLeft:
		return ticket.Errorf(ticket.CodeTurnExpired, "The place was given up.")
	}
	return ticket.Errorf(ticket.CodeTurnExpired, "The turn has passed.")
}

// Verify makes sure that an admission lets its buyer book: that it was made for
// this event and this account, and that it lives. bookingID is the booking that
// is to be made: an admission that carries another live purchase is refused.
// Where an event has no waiting room, none is needed.
//
// It is CodeAdmissionRequired for every refusal. A booking that exists already
// should be answered without asking here: its admission may be used up.
func (r *Rooms) Verify(ctx context.Context, e *ticket.Event, buyerID, token, bookingID string) error {
	if !e.WaitingRoom.Enabled {
		return nil
	}
	if token == "" {
		return ticket.Errorf(ticket.CodeAdmissionRequired, "This event has a waiting room: send the admission that its claim gave.")
	}
	keys, err := r.secrets(ctx, e.ID)
	if err != nil {
		return err
	}
	number, ends, ok := keys.readAdmission(token, e.ID, buyerID)
	if !ok {
		return ticket.Errorf(ticket.CodeAdmissionRequired, "The admission was not given to this account for this event.")
	}
	var place redis.Place
	var session redis.Session
	err = r.withRoom(ctx, e.ID, func() error {
		_, place, session, err = r.live.Look(ctx, e.ID, buyerID)
		return err
	})
	switch {
	case err != nil:
		return err
	case place.State == redis.PlaceUsed:
		return ticket.Errorf(ticket.CodeAdmissionRequired, "The admission was used by another booking.")
	case session.Number != number || session.Ends != ends:
		return ticket.Errorf(ticket.CodeAdmissionRequired, "The admission has expired.")
	case session.Booking != "" && session.Booking != bookingID:
		return errBusy()
	}
	return nil
}

func errBusy() *ticket.Error {
	return ticket.Errorf(ticket.CodeAdmissionRequired, "The admission carries another purchase: it has to end first.")
}

// TakeSlot lets a booking's purchase be the one that its buyer's session
// carries. Taking it again succeeds. CodeAdmissionRequired when there is no live
// session, or when it carries another purchase.
func (r *Rooms) TakeSlot(ctx context.Context, e *ticket.Event, buyerID, bookingID string) error {
	v, err := r.slot(ctx, redis.SlotTake, e, buyerID, bookingID)
	switch {
	case err != nil || v == redis.QueueOK:
		return err
	case v == redis.QueueBusy:
		return errBusy()
	case v == redis.QueueUsed:
		return ticket.Errorf(ticket.CodeAdmissionRequired, "The admission was used by another booking.")
	}
	return ticket.Errorf(ticket.CodeAdmissionRequired, "The admission has expired.")
}

// ReleaseSlot gives a session back to its buyer, who may try again while it
// lives. Giving back what was not taken succeeds.
func (r *Rooms) ReleaseSlot(ctx context.Context, e *ticket.Event, buyerID, bookingID string) error {
	_, err := r.slot(ctx, redis.SlotRelease, e, buyerID, bookingID)
	return err
}

// UseSlot ends a session whose purchase was confirmed. Using it again succeeds.
func (r *Rooms) UseSlot(ctx context.Context, e *ticket.Event, buyerID, bookingID string) error {
	_, err := r.slot(ctx, redis.SlotUse, e, buyerID, bookingID)
	return err
}

// slotTime bounds one step of a purchase here.
const slotTime = 4 * time.Second

func (r *Rooms) slot(ctx context.Context, step redis.SlotStep, e *ticket.Event, buyerID, bookingID string) (v redis.Verdict, err error) {
	if !e.WaitingRoom.Enabled {
		return redis.QueueOK, nil
	}
	ctx, cancel := context.WithTimeout(ctx, slotTime)
	defer cancel()
	err = r.withRoom(ctx, e.ID, func() error {
		v, err = r.live.Slot(ctx, step, e.ID, buyerID, bookingID)
		return err
	})
	return v, err
}
