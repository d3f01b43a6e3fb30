package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// StatusChange is a step of a booking that neither begins nor ends it.
type StatusChange struct {
	BookingID string
	Status    ticket.BookingStatus
	// Fence and HoldExpiresAt replace the row's when they are set.
	Fence         int64
	HoldExpiresAt time.Time
	NextAction    *ticket.NextAction // nil clears it
	FailureCode   ticket.Code
	FailureReason string
	// Payment, when set, is about to begin.
	Payment *ticket.BegunPayment
}

// Changed is what ChangeStatus found.
type Changed struct {
	// Done is false when the table of legal changes forbids the change, or
	// there is no such booking. Repeating a change is legal.
	Done bool
	// Before is the payment that had begun before the change.
	Before *ticket.BegunPayment
}

// ChangeStatus moves a booking to another status and says which payment had
// begun before.
func (s *Sales) ChangeStatus(ctx context.Context, c StatusChange) (out Changed, err error) {
	defer wrap(&err, "postgres.ChangeStatus(%s, %s)", c.BookingID, c.Status)
	db, err := s.shard(c.BookingID)
	if err != nil {
		return out, err
	}
	attempt, choice, at := begun(c.Payment)
	var before beganColumns
	err = db.QueryRow(ctx, `
		UPDATE bookings b
		SET status = $2, next_action = $4, failure_code = $5, failure_message = $6, updated_at = now(),
		    fence = GREATEST(b.fence, $7), hold_expires_at = COALESCE($8, b.hold_expires_at),
		    attempt = GREATEST(b.attempt, $9), choice = COALESCE($10, b.choice), begun_at = COALESCE($11, b.begun_at)
		FROM (SELECT id, attempt, choice, begun_at FROM bookings WHERE id = $1 FOR UPDATE) before
		WHERE b.id = before.id AND b.status = ANY($3)
		RETURNING before.attempt, before.choice, before.begun_at`,
		c.BookingID, c.Status, reachableFrom(c.Status), c.NextAction, c.FailureCode, c.FailureReason, c.Fence,
		nullTime(c.HoldExpiresAt), attempt, choice, at).Scan(&before.attempt, &before.choice, &before.at)
	if errors.Is(err, pgx.ErrNoRows) {
		return out, nil
	}
	return Changed{Done: err == nil, Before: before.payment()}, err
}

// reachableFrom lists a status and those it may follow.
func reachableFrom(status ticket.BookingStatus) []string {
	from := []string{string(status)}
	for _, p := range status.Predecessors() {
		from = append(from, string(p))
	}
	return from
}

// beganColumns are a payment as a row has it.
type beganColumns struct {
	attempt int
	choice  *ticket.PaymentChoice
	at      *time.Time
}

func (c beganColumns) payment() *ticket.BegunPayment {
	if c.choice == nil {
		return nil
	}
	p := &ticket.BegunPayment{Attempt: c.attempt, Choice: *c.choice}
	if c.at != nil {
		p.At = c.at.UTC()
	}
	return p
}

// Closing ends a booking that shall not be confirmed any more.
type Closing struct {
	BookingID string
	Status    ticket.BookingStatus // expired, canceled or failed
	// Known is the last attempt whose outcome the caller knows.
	Known  int
	Code   ticket.Code
	Reason string
}

// Closed is what became of a Closing. With both fields nil the booking is
// ended, or never was.
type Closed struct {
	// Unknown is a payment that began and whose outcome the caller does not
	// know; nothing was changed.
	Unknown *ticket.BegunPayment
	// Confirmed is the charge that has confirmed the booking; nothing was changed.
	Confirmed *ConfirmedBy
}

// ConfirmedBy is how a booking was confirmed.
type ConfirmedBy struct {
	Charge   ticket.Charge
	Fallback bool
	At       time.Time
}

// Close ends a booking for good, so that it can be undone: after it no commit
// succeeds. It refuses to do so when the booking is confirmed, or when money
// may be reserved that the caller does not know of. Closing again succeeds.
func (s *Sales) Close(ctx context.Context, c Closing) (out Closed, err error) {
	defer wrap(&err, "postgres.Close(%s, %s)", c.BookingID, c.Status)
	db, err := s.shard(c.BookingID)
	if err != nil {
		return out, err
	}
	tag, err := db.Exec(ctx, `
		UPDATE bookings
		SET status = $2, next_action = NULL, failure_code = $4, failure_message = $5, updated_at = now()
		WHERE id = $1 AND status = ANY($3) AND attempt <= $6`,
		c.BookingID, c.Status, reachableFrom(c.Status), c.Code, c.Reason, c.Known)
	if err != nil || tag.RowsAffected() == 1 {
		return out, err
	}
	var (
		b         ConfirmedBy
		began     beganColumns
		status    ticket.BookingStatus
		provider  *ticket.Provider
		confirmed *time.Time
	)
	err = db.QueryRow(ctx, `
		SELECT b.status, b.attempt, b.choice, b.begun_at, b.confirmed_at, p.provider, COALESCE(p.attempt, 0), COALESCE(p.fallback, false),
		       COALESCE(p.ref, ''), COALESCE(p.order_ref, '')
		FROM bookings b LEFT JOIN payments p ON p.booking_id = b.id WHERE b.id = $1`, c.BookingID).
		Scan(&status, &began.attempt, &began.choice, &began.at, &confirmed, &provider, &b.Charge.Attempt, &b.Fallback, &b.Charge.Ref, &b.Charge.OrderRef)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return out, nil
	case err != nil:
		return out, err
	case provider != nil:
		b.Charge.Provider, b.Charge.Outcome, b.At = *provider, ticket.OutcomeAuthorized, *confirmed
		return Closed{Confirmed: &b}, nil
	case !status.Terminal() && began.attempt > c.Known:
		return Closed{Unknown: began.payment()}, nil
	}
	return out, nil
}
