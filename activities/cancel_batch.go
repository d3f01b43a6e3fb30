package activities

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// DueRefunds lists what a cancellation has to do next.
type DueRefunds interface {
	DueRefunds(ctx context.Context, eventID string, p ticket.Provider, skip []string, limit int) ([]postgres.DueRefund, error)
	HandOver(ctx context.Context, eventID string, refunds []string) error
}

// RefundBatches refund bookings of canceled events, many at a time. They run on
// the payments fleet.
type RefundBatches struct {
	Refunds *Refunds
	Due     DueRefunds
	// Rates are the refunds a second that a batch begins at each provider: a part of
	// our share, so that buyers of other events are not kept waiting. Zero: no bound.
	Rates map[ticket.Provider]int
}

// RefundBatchInput asks for the next refunds of a canceled event at a provider.
type RefundBatchInput struct {
	EventID  string          `json:"event_id"`
	Provider ticket.Provider `json:"provider"`
	Reason   string          `json:"reason,omitempty"`
	By       string          `json:"by"`
	Limit    int             `json:"limit"`
	// Skip are bookings that were refused before.
	Skip []string `json:"skip,omitempty"`
	// Handed are refunds that workflows of their own have begun to see to.
	Handed []string `json:"handed,omitempty"`
}

// RefundBatchResult is what came of it.
type RefundBatchResult struct {
	Taken int `json:"taken"`
	Done  int `json:"done"`
	// Open are refunds that need a workflow of their own.
	Open []OpenRefund `json:"open,omitempty"`
	// Refused are bookings that cannot be refunded, with the reason.
	Refused []RefusedBooking `json:"refused,omitempty"`
	// Away says that most of it came to nothing, with a reason: it is all to be
	// tried again, after a while.
	Away string `json:"away,omitempty"`
}

// OpenRefund is a refund that is not through.
type OpenRefund struct {
	RefundID  string `json:"refund_id"`
	BookingID string `json:"booking_id"`
	BuyerID   string `json:"buyer_id"`
}

// RefusedBooking is a booking of which nothing can be refunded.
type RefusedBooking struct {
	BookingID string `json:"booking_id"`
	Reason    string `json:"reason"`
}

const (
	// refundsAtOnce is how many refunds of a batch are under way at the same time.
	refundsAtOnce = 16
	// refundPatience bounds one try of one refund.
	refundPatience = 20 * time.Second
	// refundRounds is how often a batch tries what did not come through.
	refundRounds = 3
	// fewRefunds are too few to tell a provider that is away from bad luck.
	fewRefunds = 4
	beatEvery  = 3 * time.Second
)

// RefundBatch begins and sends refunds. It takes whatever the books say is next,
// so run again, or run twice at once, it goes on and pays nothing twice. What does
// not come through comes back: to be handed over, or, when that is most of the
// batch, to be tried again with the provider back.
func (b *RefundBatches) RefundBatch(ctx context.Context, in RefundBatchInput) (out RefundBatchResult, err error) {
	defer beat(ctx)()
	if err := b.Due.HandOver(ctx, in.EventID, in.Handed); err != nil {
		return out, err
	}
	due, err := b.Due.DueRefunds(ctx, in.EventID, in.Provider, in.Skip, in.Limit)
	if err != nil {
		return out, err
	}
	out.Taken = len(due)
	pending := make([]tried, len(due))
	for i, d := range due {
		pending[i] = tried{due: d}
	}
	for round := 0; round < refundRounds && len(pending) > 0 && out.Away == ""; round++ {
		before := len(pending)
		b.tryAll(ctx, in, pending)
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		pending = out.sort(pending)
		if before >= fewRefunds && 2*len(pending) >= before {
			out.Away = messageOf(pending[0].err)
		}
	}
	if out.Away == "" {
		for _, t := range pending {
			if t.refund == nil {
				out.Away = messageOf(t.err) // it was not even begun: our own books are away
				continue
			}
			out.hand(t.refund)
		}
	}
	return out, nil
}

// tried is a refund of a batch and what came of the latest try.
type tried struct {
	due    postgres.DueRefund
	refund *ticket.Refund
	no     *Refusal
	err    error
}

// tryAll tries each once, some at a time, no faster than the rate.
func (b *RefundBatches) tryAll(ctx context.Context, in RefundBatchInput, list []tried) {
	var pace <-chan time.Time
	if rate := b.Rates[in.Provider]; rate > 0 {
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		pace = tick.C
	}
	next := make(chan *tried)
	var wg sync.WaitGroup
	for range min(refundsAtOnce, len(list)) {
		wg.Go(func() {
			for t := range next {
				b.try(ctx, in, t)
			}
		})
	}
	for i := range list {
		if pace != nil {
			select {
			case <-pace:
			case <-ctx.Done():
			}
		}
		next <- &list[i]
	}
	close(next)
	wg.Wait()
}

func (b *RefundBatches) try(ctx context.Context, in RefundBatchInput, t *tried) {
	ctx, cancel := context.WithTimeout(ctx, refundPatience)
	defer cancel()
	if t.err = b.begin(ctx, in, t); t.err != nil || t.no != nil {
		return
	}
	ref := RefundRef{RefundID: t.refund.ID}
	if t.err = b.Refunds.ReturnSeats(ctx, ref); t.err != nil {
		return
	}
	now, err := b.Refunds.SendRefund(ctx, ref)
	if now != nil {
		t.refund = now
	}
	t.err = err
}

// begin ends the tickets of a booking, unless that was done before.
func (b *RefundBatches) begin(ctx context.Context, in RefundBatchInput, t *tried) (err error) {
	if t.due.RefundID != "" {
		t.refund, _, err = b.Refunds.Books.Refund(ctx, t.due.RefundID)
		return err
	}
	step, err := b.Refunds.BeginRefund(ctx, CancelRefundInput(in.EventID, t.due.BookingID, in.Reason, in.By))
	t.refund, t.no = step.Refund, step.Refusal
	if t.refund != nil {
		t.due.RefundID = t.refund.ID
	}
	return err
}

// CancelRefundInput is the refund that the cancellation of an event owes a
// booking: all that is left of it, once.
func CancelRefundInput(eventID, bookingID, reason, by string) RefundInput {
	return RefundInput{
		BookingID: bookingID, Reason: reason, By: by, Source: ticket.RefundByCancel,
		RefundID: ticket.DeriveRefundID(bookingID, "cancel/"+eventID),
	}
}

// sort takes note of what has come to an end, or to somebody else, and gives back
// the rest.
func (out *RefundBatchResult) sort(list []tried) (rest []tried) {
	for _, t := range list {
		switch {
		case t.no != nil:
			out.Refused = append(out.Refused, RefusedBooking{BookingID: t.due.BookingID, Reason: t.no.Message})
		case t.err != nil:
			rest = append(rest, t)
		case t.refund.Status == ticket.RefundSucceeded, t.refund.Status == ticket.RefundFailed:
			out.Done++
		default: // pending, not captured yet, or refused by the provider
			out.hand(t.refund)
		}
	}
	return rest
}

func (out *RefundBatchResult) hand(r *ticket.Refund) {
	out.Open = append(out.Open, OpenRefund{RefundID: r.ID, BookingID: r.BookingID, BuyerID: r.BuyerID})
}

// beat tells the server that the step is alive, until the function is called that
// it gives.
func beat(ctx context.Context) (stop func()) {
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(beatEvery)
		defer tick.Stop()
		for {
			activity.RecordHeartbeat(ctx)
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	}()
	return func() { close(done) }
}
