package stripe

import (
	"context"
	"strconv"
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v76"

	"yourticket.example/ticket"
)

// Books reads what Stripe itself has written down. Nothing it does changes
// anything there.
type Books struct {
	p *Provider
	// pace waits for the permit of one request.
	pace func(ctx context.Context) error
}

// Books gives Stripe's books of this account. Pace is called before every
// request and may wait; nil does not.
func (p *Provider) Books(pace func(ctx context.Context) error) *Books {
	if pace == nil {
		pace = func(context.Context) error { return nil }
	}
	return &Books{p: p, pace: pace}
}

// readTries is how often a page is asked for before its reader gives up.
const readTries = 5

// Balances gives each of our charges that was made since a time, or of which a
// part was given back or disputed since, and then those that are still reserved, however
// old. It returns until when the books are complete.
func (b *Books) Balances(ctx context.Context, since time.Time, each func(ticket.ChargeBalance) error) (until time.Time, err error) {
	until = time.Now().UTC()
	disputes, err := b.disputed(ctx, since)
	if err != nil {
		return until, err
	}
	for after, more := "", true; more; {
		var page *stripego.PaymentIntentList
		err := b.read(ctx, "list the payments", func(p stripego.ListParams) error {
			params := &stripego.PaymentIntentListParams{
				ListParams: p, CreatedRange: &stripego.RangeQueryParams{GreaterThanOrEqual: since.Unix()},
			}
			params.StartingAfter = optional(after)
			params.AddExpand("data.latest_charge")
			it := b.p.api.PaymentIntents.List(params)
			page = it.PaymentIntentList()
			return it.Err()
		})
		if err != nil {
			return until, err
		}
		for _, pi := range page.Data {
			after = pi.ID
			if err := each(disputes.of(balanceOf(pi))); err != nil {
				return until, err
			}
		}
		more = page.HasMore && len(page.Data) > 0
	}
	err = b.refunded(ctx, since, func(out ticket.ChargeBalance) error { return each(disputes.of(out)) })
	if err != nil {
		return until, err
	}
	if err := disputes.untold(each); err != nil {
		return until, err
	}
	err = b.reserved(ctx, since, each)
	if ticket.CodeOf(err) == ticket.CodeProviderRefused {
		err = nil // an account without the index; what our own books name is read one by one
	}
	return until, err
}

// refunded gives the charges from before since of which a part was given back.
func (b *Books) refunded(ctx context.Context, since time.Time, each func(ticket.ChargeBalance) error) error {
	seen := map[string]bool{}
	for after, more := "", true; more; {
		var page *stripego.RefundList
		err := b.read(ctx, "list the refunds", func(p stripego.ListParams) error {
			params := &stripego.RefundListParams{
				ListParams: p, CreatedRange: &stripego.RangeQueryParams{GreaterThanOrEqual: since.Unix()},
			}
			params.StartingAfter = optional(after)
			params.AddExpand("data.payment_intent.latest_charge")
			it := b.p.api.Refunds.List(params)
			page = it.RefundList()
			return it.Err()
		})
		if err != nil {
			return err
		}
		for _, r := range page.Data {
			after = r.ID
			pi := r.PaymentIntent
			if pi == nil || pi.Created >= since.Unix() || seen[pi.ID] {
				continue
			}
			seen[pi.ID] = true
			if err := each(balanceOf(pi)); err != nil {
				return err
			}
		}
		more = page.HasMore && len(page.Data) > 0
	}
	return nil
}

// reserved gives the charges from before since that are still reserved. It asks
// Stripe's index, which an account may be without.
func (b *Books) reserved(ctx context.Context, since time.Time, each func(ticket.ChargeBalance) error) error {
	for page := ""; ; {
		var hits *stripego.PaymentIntentSearchResult
		err := b.read(ctx, "search for what is reserved", func(p stripego.ListParams) error {
			params := &stripego.PaymentIntentSearchParams{SearchParams: stripego.SearchParams{
				Context: p.Context, Limit: p.Limit, Single: true, Page: optional(page),
				Query: "status:'requires_capture' AND created<" + strconv.FormatInt(since.Unix(), 10),
			}}
			it := b.p.api.PaymentIntents.Search(params)
			hits = it.PaymentIntentSearchResult()
			return it.Err()
		})
		if err != nil {
			return err
		}
		for _, pi := range hits.Data {
			if err := each(balanceOf(pi)); err != nil {
				return err
			}
		}
		if !hits.HasMore || hits.NextPage == nil {
			return nil
		}
		page = *hits.NextPage
	}
}

// Balance reads one charge; false when Stripe knows none of that name.
func (b *Books) Balance(ctx context.Context, ref, _ string) (out ticket.ChargeBalance, found bool, err error) {
	var missing, disputed bool
	err = b.read(ctx, "show the payment", func(p stripego.ListParams) error {
		params := &stripego.PaymentIntentParams{Params: stripego.Params{Context: p.Context}}
		params.AddExpand("latest_charge")
		pi, err := b.p.api.PaymentIntents.Get(ref, params)
		if e, ok := err.(*stripego.Error); ok && e.Code == stripego.ErrorCodeResourceMissing { //nolint:errorlint // stripe-go returns it bare
			missing = true
			return nil
		}
		if err == nil {
			out, disputed = balanceOf(pi), pi.LatestCharge != nil && pi.LatestCharge.Disputed
		}
		return err
	})
	if err == nil && disputed {
		out.Disputed, err = b.disputedOf(ctx, ref)
	}
	return out, err == nil && !missing, err
}

// read makes one request with patience: reading again harms nothing.
func (b *Books) read(ctx context.Context, doing string, call func(stripego.ListParams) error) error {
	for try := 1; ; try++ {
		if err := b.pace(ctx); err != nil {
			return err
		}
		f := b.once(ctx, call)
		switch {
		case !f.failed():
			return nil
		case f.class == answered || f.final || try == readTries || !rest(ctx, time.Duration(try)*300*time.Millisecond):
			return f.asError(doing)
		}
	}
}

func (b *Books) once(ctx context.Context, call func(stripego.ListParams) error) fault {
	ctx, rec, cancel := b.p.begin(ctx)
	defer cancel()
	err := call(stripego.ListParams{Context: ctx, Limit: stripego.Int64(pageSize), Single: true})
	return b.p.sorted(rec, err)
}

// balanceOf reads an intent whose latest charge is there.
func balanceOf(pi *stripego.PaymentIntent) ticket.ChargeBalance {
	booking, attempt := ours(pi.Metadata)
	out := ticket.ChargeBalance{
		Provider: ticket.Stripe, Ref: pi.ID, BookingID: booking, Attempt: attempt,
		Currency: strings.ToUpper(string(pi.Currency)), Captured: pi.AmountReceived, CreatedAt: time.Unix(pi.Created, 0).UTC(),
	}
	if pi.Status == stripego.PaymentIntentStatusRequiresCapture {
		out.Open = pi.AmountCapturable
	}
	// Giving an authorization up counts as a refund of its charge at Stripe.
	if pi.LatestCharge != nil && pi.AmountReceived > 0 {
		out.Refunded = pi.LatestCharge.AmountRefunded
	}
	return out
}

func optional(v string) *string {
	if v == "" {
		return nil
	}
	return &v
}
