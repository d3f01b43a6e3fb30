package paypal

import (
	"context"
	"strings"
	"time"

	pp "github.com/plutov/paypal/v4"

	"yourticket.example/ticket"
)

// Where the report is searched around the time of a lost call: clocks differ,
// and replays come later.
const (
	reportedBefore = 5 * time.Minute
	reportedAfter  = time.Hour
	reportPage     = 500
	// reportAgain is how often it is worth looking whether the report has moved on.
	reportAgain = 10 * time.Minute
)

// LookUp tells what PayPal has under a charge. With a ref it reads the
// authorization, with an order ref the order. Without either it makes the
// order again under its request id, which gives the one made before and
// reserves nothing if there was none; once PayPal has forgotten the id, it
// searches the transaction report. An order that is merely not authorized is
// pending while its buyer may still approve it, and none when nobody will.
func (p *Provider) LookUp(ctx context.Context, q ticket.ChargeQuery) (ticket.ChargeFound, error) {
	switch {
	case q.Ref != "":
		return p.byAuthorization(ctx, q)
	case q.OrderRef != "":
		return p.byOrder(ctx, q, q.OrderRef)
	case q.AskedAt.IsZero():
		return ticket.ChargeFound{}, ticket.Errorf(ticket.CodeProviderRefused, "A lost PayPal payment can only be found by the time it was asked for.")
	case time.Since(q.AskedAt) > remembered:
		return p.byReport(ctx, q)
	}
	o, f := once(ctx, p, keyOf(q.Request, "order"), false, p.createOrder(q.Request))
	switch {
	case f.class == answered && f.code == issueDuplicateInvoice:
		return p.byReport(ctx, q)
	case f.failed():
		return ticket.ChargeFound{}, f.asError("find the order")
	}
	return p.byOrder(ctx, q, o.ID)
}

// byAuthorization reads the authorization, and its order too when only that
// tells whether what was captured has been given back.
func (p *Provider) byAuthorization(ctx context.Context, q ticket.ChargeQuery) (ticket.ChargeFound, error) {
	x, f := p.getPayment(ctx, "authorizations", q.Ref)
	if f.failed() {
		return ticket.ChargeFound{}, f.asError("show the authorization")
	}
	c := ticket.Charge{
		Provider: ticket.PayPal, Attempt: q.Request.Attempt, Ref: q.Ref, OrderRef: orElse(q.OrderRef, x.Supplementary.Related.OrderID),
	}
	state := stateOf(*x)
	if state == ticket.ChargeCaptured && c.OrderRef != "" {
		o, f := p.getOrder(ctx, c.OrderRef)
		if f.failed() && !f.missing() {
			return ticket.ChargeFound{}, f.asError("show the order")
		}
		if !f.failed() {
			state = takenState(o.captured())
		}
	}
	c.Outcome = outcomeOf(state)
	return ticket.ChargeFound{State: state, Charge: c}, nil
}

// byOrder reads the order and, through it, the authorization. While the lost
// call is young, an order that could be authorized at any moment tells nothing
// by not being so; without AskedAt the call counts as old.
func (p *Provider) byOrder(ctx context.Context, q ticket.ChargeQuery, id string) (ticket.ChargeFound, error) {
	o, f := p.getOrder(ctx, id)
	switch {
	case f.missing():
		// Orders that nobody completes lapse, and PayPal forgets them.
		return ticket.ChargeFound{State: ticket.ChargeVoided, Charge: closed(q.Request, id)}, nil
	case f.failed():
		return ticket.ChargeFound{}, f.asError("show the order")
	}
	left := p.settle - time.Since(q.AskedAt)
	x, vaulted := o.authorization(), q.Request.Choice.PayPalPaymentToken != ""
	switch {
	case x.ID != "" && stateOf(x) == ticket.ChargeCaptured:
		return ticket.ChargeFound{State: takenState(o.captured()), Charge: chargeOf(q.Request, o)}, nil
	case x.ID != "":
		return ticket.ChargeFound{State: stateOf(x), Charge: chargeOf(q.Request, o)}, nil
	case o.Status == statusVoided:
		return ticket.ChargeFound{State: ticket.ChargeVoided, Charge: closed(q.Request, id)}, nil
	case left > 0 && (vaulted || o.Status == statusApproved):
		return ticket.ChargeFound{}, notYet(left, "PayPal may still be at work on the payment.")
	}
	c := ticket.Charge{Provider: ticket.PayPal, Attempt: q.Request.Attempt, OrderRef: id}
	if vaulted {
		return ticket.ChargeFound{State: ticket.ChargeNone, Charge: c}, nil
	}
	c.Outcome, c.RedirectURL = ticket.OutcomeActionRequired, o.approval()
	return ticket.ChargeFound{State: ticket.ChargePending, Charge: c}, nil
}

// byReport searches the transaction report for the attempt's authorization.
func (p *Provider) byReport(ctx context.Context, q ticket.ChargeQuery) (ticket.ChargeFound, error) {
	for page := 1; ; page++ {
		report, f := p.report(ctx, q.AskedAt, page)
		if f.failed() {
			return ticket.ChargeFound{}, f.asError("report its transactions")
		}
		for i := range report.TransactionDetails {
			t := &report.TransactionDetails[i].TransactionInfo
			if t.InvoiceID == invoiceOf(q.Request) && strings.HasPrefix(t.TransactionEventCode, "T13") {
				found := q
				found.Ref = t.TransactionID
				return p.byAuthorization(ctx, found)
			}
		}
		if page >= report.TotalPages {
			break
		}
	}
	if time.Since(q.AskedAt) < remembered {
		return ticket.ChargeFound{}, notYet(reportAgain, "PayPal does not report the payment yet.")
	}
	none := ticket.Charge{Provider: ticket.PayPal, Attempt: q.Request.Attempt}
	return ticket.ChargeFound{State: ticket.ChargeNone, Charge: none}, nil
}

// report reads a page of the report around a time, authorizations included.
func (p *Provider) report(ctx context.Context, around time.Time, page int) (*pp.TransactionSearchResponse, fault) {
	all, size := "N", reportPage
	from, to := around.Add(-reportedBefore), around.Add(reportedAfter)
	if now := time.Now(); to.After(now) {
		to = now
	}
	return once(ctx, p, "", false, func(ctx context.Context) (*pp.TransactionSearchResponse, error) {
		return p.client.ListTransactions(ctx, &pp.TransactionSearchRequest{
			StartDate: from.UTC(), EndDate: to.UTC(), BalanceAffectingRecordsOnly: &all, PageSize: &size, Page: &page,
		})
	})
}

// stateOf says what PayPal's books show of an authorization.
func stateOf(x object) ticket.ChargeState {
	switch x.Status {
	case statusCreated:
		return ticket.ChargeAuthorized
	case statusCaptured, statusPartly:
		return ticket.ChargeCaptured
	case statusVoided, statusExpired:
		return ticket.ChargeVoided
	case statusDenied, statusFailed:
		return ticket.ChargeFailed
	}
	return ticket.ChargePending
}

// takenState tells whether what was captured has been given back.
func takenState(capture object) ticket.ChargeState {
	if capture.Status == statusRefunded {
		return ticket.ChargeRefunded
	}
	return ticket.ChargeCaptured
}

// outcomeOf words a state as the outcome it would have been at the call.
func outcomeOf(s ticket.ChargeState) ticket.AuthorizeOutcome {
	switch s {
	case ticket.ChargeAuthorized, ticket.ChargeCaptured, ticket.ChargeRefunded:
		return ticket.OutcomeAuthorized
	case ticket.ChargePending:
		return ticket.OutcomeUnanswered
	}
	return ticket.OutcomeDeclined
}
