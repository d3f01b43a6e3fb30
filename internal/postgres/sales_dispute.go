package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// reviewDispute books what has become of a dispute, from none to open and from
// open to its end, however many of these steps we did not hear of. A lost one is
// a refund that nobody here asked for, and names it. What a provider decides
// anew after that is left to reconciliation, and so to people.
func (b *paidBooking) reviewDispute(ctx context.Context, tx pgx.Tx, d ticket.ProviderDispute) (follow string, err error) {
	var state ticket.DisputeState
	var fee int64
	err = tx.QueryRow(ctx, `SELECT state, fee FROM disputes WHERE provider = $1 AND ref = $2`, b.provider, d.Ref).Scan(&state, &fee)
	if errors.Is(err, pgx.ErrNoRows) {
		state, err = ticket.DisputeOpen, b.openDispute(ctx, tx, d)
	}
	if err != nil {
		return "", err
	}
	if d.Fee != 0 && fee == 0 { // PayPal's shows in its report only
		if err := b.bookDisputeFee(ctx, tx, d); err != nil {
			return "", err
		}
	}
	if state != ticket.DisputeOpen || d.State == ticket.DisputeOpen {
		return "", nil
	}
	closed := d.ClosedAt
	if closed.IsZero() {
		closed = time.Now()
	}
	_, err = tx.Exec(ctx, `UPDATE disputes SET state = $3, closed_at = $4 WHERE provider = $1 AND ref = $2`, b.provider, d.Ref, d.State, closed)
	if err != nil {
		return "", err
	}
	if d.State == ticket.DisputeWon {
		return "", b.bookDispute(ctx, tx, d, "won", "clearing:"+string(b.provider), "disputes:"+string(b.provider), d.Amount)
	}
	return b.loseDispute(ctx, tx, d)
}

// openDispute writes a dispute down: the provider withholds the money.
func (b *paidBooking) openDispute(ctx context.Context, tx pgx.Tx, d ticket.ProviderDispute) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO disputes (provider, ref, booking_id, event_id, amount, currency, reason, state, opened_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', COALESCE($8, now()))`,
		b.provider, d.Ref, b.id, b.eventID, d.Amount, b.currency, cut(d.Reason), nullTime(d.At))
	if err != nil {
		return err
	}
	return b.bookDispute(ctx, tx, d, "opened", "disputes:"+string(b.provider), "clearing:"+string(b.provider), d.Amount)
}

// bookDisputeFee books what the provider keeps for the dispute, however it ends.
func (b *paidBooking) bookDisputeFee(ctx context.Context, tx pgx.Tx, d ticket.ProviderDispute) error {
	_, err := tx.Exec(ctx, `UPDATE disputes SET fee = $3 WHERE provider = $1 AND ref = $2`, b.provider, d.Ref, d.Fee)
	if err != nil {
		return err
	}
	return b.bookDispute(ctx, tx, d, "fee", "expense:fees:"+string(b.provider), "clearing:"+string(b.provider), d.Fee)
}

// loseDispute books a lost dispute as a refund: its tickets end as far as the
// amount tells which, and the money that was withheld is what was paid out.
func (b *paidBooking) loseDispute(ctx context.Context, tx pgx.Tx, d ticket.ProviderDispute) (follow string, err error) {
	o := RefundOrder{
		ID: ticket.DeriveRefundID(b.id, "dispute/"+d.Ref), BookingID: b.id, Source: ticket.RefundByDispute,
		Reason: "dispute " + d.Ref + " was lost: " + d.Reason, By: string(b.provider),
	}
	note := fmt.Sprintf("The dispute %s over %s was lost, which fits no tickets of the booking: say what it is for.",
		d.Ref, ticket.Money{Amount: d.Amount, Currency: b.currency})
	if err := b.takeMoney(ctx, tx, o, d.Amount, note); err != nil {
		return "", err
	}
	_, err = tx.Exec(ctx, `UPDATE refunds SET status = 'succeeded', settled_at = now() WHERE id = $1 AND status = 'requested'`, o.ID)
	if err != nil {
		return "", err
	}
	r, _, err := refundIn(ctx, tx, o.ID)
	if err != nil {
		return "", err
	}
	against := "refunds:" + string(b.provider)
	if r.Unattributed() {
		against = "suspense:" + string(b.provider)
	}
	return o.ID, b.bookDispute(ctx, tx, d, "lost", against, "disputes:"+string(b.provider), d.Amount)
}

// bookDispute writes one step of a dispute into the journal.
func (b *paidBooking) bookDispute(ctx context.Context, tx pgx.Tx, d ticket.ProviderDispute, step, debit, credit string, amount int64) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO journal (transaction_id, account, booking_id, event_id, amount, currency)
		SELECT 'dispute/' || $1 || '/' || $2 || '/' || $3, l.account, $4, $5, l.amount, $6
		FROM (VALUES ($7::text, $9::bigint), ($8, -$9::bigint)) AS l (account, amount) WHERE l.amount <> 0`,
		string(b.provider), d.Ref, step, b.id, b.eventID, b.currency, debit, credit, amount)
	return err
}

// freeze lets nobody in with the tickets of a booking while its payment is
// disputed, or a lost dispute waits to be told what it is for; and lets them in
// again after that.
func (b *paidBooking) freeze(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `
		UPDATE tickets t SET frozen = f.frozen
		FROM (SELECT EXISTS (SELECT 1 FROM disputes WHERE booking_id = $1 AND state = 'open')
		          OR EXISTS (SELECT 1 FROM refunds WHERE booking_id = $1 AND source = 'dispute' AND status = 'needs_attention') AS frozen) f
		WHERE t.booking_id = $1 AND t.status <> 'refunded' AND t.frozen <> f.frozen`, b.id)
	return err
}
