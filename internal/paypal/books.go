package paypal

import (
	"context"
	"time"

	"yourticket.example/ticket"
)

// Books reads what PayPal itself has written down. Nothing it does changes
// anything there.
type Books struct {
	p *Provider
	// pace waits for the permit of one request.
	pace func(ctx context.Context) error
}

// Books gives PayPal's books of this account. Pace is called before every
// request and may wait; nil does not.
func (p *Provider) Books(pace func(ctx context.Context) error) *Books {
	if pace == nil {
		pace = func(context.Context) error { return nil }
	}
	return &Books{p: p, pace: pace}
}

const (
	// readTries is how often a page is asked for before its reader gives up.
	readTries = 5
	// reportSpan is the longest stretch of the report that may be asked for, and
	// reportMost how many lines PayPal shows of one stretch at most.
	reportSpan = 31 * 24 * time.Hour
	reportMost = 10_000
	// shortest is the stretch that is not halved any more.
	shortest = time.Minute
)

// What the lines of the report are about.
const (
	eventAuthorization = "T13"
	eventRefund        = "T11"
	eventSale          = "T00"
	eventDispute       = "T1201"
	eventDisputeWon    = "T1202"
)

// Balances gives each of our charges that the transaction report names from a
// time on. Orders that nobody paid are not in it, for they reserve nothing. It
// returns until when the report is complete, which may be some hours ago.
func (b *Books) Balances(ctx context.Context, since time.Time, each func(ticket.ChargeBalance) error) (until time.Time, err error) {
	now := time.Now().UTC()
	c := &collected{charges: map[string]*reported{}, until: now}
	for from := since.UTC(); from.Before(now); from = from.Add(reportSpan) {
		if err := b.stretch(ctx, c, from, earlier(from.Add(reportSpan), now)); err != nil {
			return until, err
		}
	}
	for _, r := range c.charges {
		if err := b.complete(ctx, r); err != nil {
			return until, err
		}
		if err := each(r.ChargeBalance); err != nil {
			return until, err
		}
	}
	return c.until, nil
}

// Balance reads one charge by its order; false when PayPal knows no such order
// (any more).
func (b *Books) Balance(ctx context.Context, ref, orderRef string) (out ticket.ChargeBalance, found bool, err error) {
	if orderRef == "" {
		x, err := b.object(ctx, "authorizations", ref)
		if err != nil || x.ID == "" {
			return out, false, err
		}
		orderRef = x.Supplementary.Related.OrderID
	}
	o, err := read(ctx, b, "show the order", b.p.showOrder(orderRef))
	if err != nil || o == nil {
		return out, false, err
	}
	out, err = o.balance()
	if err == nil && out.Captured > 0 {
		out.Disputed, err = b.disputed(ctx, o.captured().ID)
	}
	return out, err == nil, err
}

// disputed reads what cases keep of a capture, which does not show it itself.
func (b *Books) disputed(ctx context.Context, captureRef string) (sum int64, err error) {
	list, err := read(ctx, b, "list the disputes", b.p.listDisputes(captureRef))
	if err != nil || list == nil {
		return 0, err
	}
	for i := range list.Items {
		if d, moves := list.Items[i].found(); moves && d.State != ticket.DisputeWon {
			sum += d.Amount
		}
	}
	return sum, nil
}

// object reads an authorization or a capture; its zero value when it is not there.
func (b *Books) object(ctx context.Context, kind, id string) (*object, error) {
	x, err := read(ctx, b, "show "+kind, b.p.showPayment(kind, id))
	if x == nil {
		x = &object{}
	}
	return x, err
}

// read makes one request with patience: reading again harms nothing. Nil
// without an error says that PayPal does not know the object.
func read[T any](ctx context.Context, b *Books, doing string, call func(context.Context) (*T, error)) (*T, error) {
	for try := 1; ; try++ {
		if err := b.pace(ctx); err != nil {
			return nil, err
		}
		out, f := once(ctx, b.p, "", false, call)
		switch {
		case !f.failed():
			return out, nil
		case f.missing():
			return nil, nil
		case f.class == answered || try == readTries || !rest(ctx, time.Duration(try)*300*time.Millisecond):
			return nil, f.asError(doing)
		}
	}
}

// balance sums up an order.
func (o *order) balance() (out ticket.ChargeBalance, err error) {
	out = ticket.ChargeBalance{Provider: ticket.PayPal, OrderRef: o.ID, Ref: o.authorization().ID}
	if len(o.Units) == 0 {
		return out, nil
	}
	u := &o.Units[0]
	out.BookingID, out.Attempt, _ = attemptOf(u.InvoiceID)
	out.Currency = u.Amount.Currency
	for _, x := range u.Payments.Authorizations {
		if s := stateOf(x); s == ticket.ChargeAuthorized || s == ticket.ChargePending {
			if err := addTo(&out.Open, x); err != nil {
				return out, err
			}
		}
	}
	for _, x := range u.Payments.Captures {
		if x.Status != statusDeclined && x.Status != statusFailed {
			if err := addTo(&out.Captured, x); err != nil {
				return out, err
			}
		}
	}
	for _, x := range u.Payments.Refunds {
		if x.Status == statusCompleted || x.Status == statusPending {
			if err := addTo(&out.Refunded, x.object); err != nil {
				return out, err
			}
		}
	}
	return out, nil
}

func addTo(sum *int64, x object) error {
	n, err := minorOf(x.Amount.Value, x.Amount.Currency)
	*sum += n
	return err
}
