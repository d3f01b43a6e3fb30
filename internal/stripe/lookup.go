package stripe

import (
	"context"
	"strconv"
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v76"

	"yourticket.example/ticket"
)

const (
	// An intent made by a call is created between these bounds around AskedAt:
	// clocks differ, whoever asks may have noted the time only when the call had
	// failed, and replays come later.
	createdBefore = 5 * time.Minute
	createdAfter  = 10 * time.Minute
	pageSize      = 100
)

// LookUp tells what Stripe has under a charge. With a ref it reads the intent.
// Without, it searches by booking and attempt, and when the search finds
// nothing it walks the list of the intents created around AskedAt. That walk
// is long only when Stripe made many intents in those minutes, which is when
// the search works; a call lost in an outage has few neighbours.
func (p *Provider) LookUp(ctx context.Context, q ticket.ChargeQuery) (ticket.ChargeFound, error) {
	id := q.Ref
	if id == "" {
		found, err := p.find(ctx, q)
		if err != nil {
			return ticket.ChargeFound{}, err
		}
		if found == "" {
			none := ticket.Charge{Provider: ticket.Stripe, Attempt: q.Request.Attempt}
			return ticket.ChargeFound{State: ticket.ChargeNone, Charge: none}, nil
		}
		id = found
	}
	pi, f := p.try(ctx, func(ctx context.Context) (*stripego.PaymentIntent, error) {
		params := &stripego.PaymentIntentParams{Params: stripego.Params{Context: ctx}}
		params.AddExpand("latest_charge")
		return p.api.PaymentIntents.Get(id, params)
	})
	if f.failed() {
		return ticket.ChargeFound{}, f.asError("show the payment")
	}
	return ticket.ChargeFound{State: stateOf(pi), Charge: chargeOf(q.Request, pi)}, nil
}

// find gives the id of the intent of a lost call, "" when there is none.
func (p *Provider) find(ctx context.Context, q ticket.ChargeQuery) (string, error) {
	if q.AskedAt.IsZero() {
		return "", ticket.Errorf(ticket.CodeProviderRefused, "A lost Stripe payment can only be found by the time it was asked for.")
	}
	id, searched := p.search(ctx, q)
	if id != "" {
		return id, nil
	}
	id, err := p.walk(ctx, q)
	if err != nil || id != "" {
		return id, err
	}
	if left := p.settle - time.Since(q.AskedAt); left > 0 {
		return "", notYet(left, "Stripe may still be at work on the payment.")
	}
	if searched.failed() && searched.class != answered {
		return "", searched.asError("search for the payment")
	}
	return "", nil
}

// search asks Stripe's index, which an account may be without. A hit is a
// shortcut; only together with the list does a miss prove anything.
func (p *Provider) search(ctx context.Context, q ticket.ChargeQuery) (string, fault) {
	ctx, rec, cancel := p.begin(ctx)
	defer cancel()
	params := &stripego.PaymentIntentSearchParams{SearchParams: stripego.SearchParams{
		Context: ctx, Limit: stripego.Int64(1), Single: true,
		Query: "metadata['booking_id']:'" + quoted(q.Request.BookingID) + "' AND metadata['attempt']:'" + strconv.Itoa(q.Request.Attempt) + "'",
	}}
	hits := p.api.PaymentIntents.Search(params)
	if hits.Next() {
		return hits.PaymentIntent().ID, fault{}
	}
	return "", p.sorted(rec, hits.Err())
}

// quoted makes a text safe between single quotes of a search.
func quoted(s string) string { return strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) }

// walk goes through the intents created around AskedAt, page by page.
func (p *Provider) walk(ctx context.Context, q ticket.ChargeQuery) (string, error) {
	attempt := strconv.Itoa(q.Request.Attempt)
	for after := ""; ; {
		page, f := p.page(ctx, q.AskedAt, after)
		if f.failed() {
			return "", f.asError("list the payments")
		}
		for _, pi := range page.Data {
			if pi.Metadata["booking_id"] == q.Request.BookingID && pi.Metadata["attempt"] == attempt {
				return pi.ID, nil
			}
			after = pi.ID
		}
		if !page.HasMore || len(page.Data) == 0 {
			return "", nil
		}
	}
}

// page reads one page of the list, under a clock of its own.
func (p *Provider) page(ctx context.Context, around time.Time, after string) (*stripego.PaymentIntentList, fault) {
	ctx, rec, cancel := p.begin(ctx)
	defer cancel()
	params := &stripego.PaymentIntentListParams{
		ListParams: stripego.ListParams{Context: ctx, Limit: stripego.Int64(pageSize), Single: true},
		CreatedRange: &stripego.RangeQueryParams{
			GreaterThanOrEqual: around.Add(-createdBefore).Unix(), LesserThanOrEqual: around.Add(createdAfter).Unix(),
		},
	}
	if after != "" {
		params.StartingAfter = stripego.String(after)
	}
	list := p.api.PaymentIntents.List(params)
	return list.PaymentIntentList(), p.sorted(rec, list.Err())
}

// stateOf says what Stripe's books show of an intent.
func stateOf(pi *stripego.PaymentIntent) ticket.ChargeState {
	switch pi.Status {
	case stripego.PaymentIntentStatusRequiresCapture:
		return ticket.ChargeAuthorized
	case stripego.PaymentIntentStatusSucceeded:
		if pi.LatestCharge != nil && pi.LatestCharge.Refunded {
			return ticket.ChargeRefunded
		}
		return ticket.ChargeCaptured
	case stripego.PaymentIntentStatusCanceled:
		return ticket.ChargeVoided
	case stripego.PaymentIntentStatusRequiresPaymentMethod:
		return ticket.ChargeFailed
	}
	return ticket.ChargePending
}
