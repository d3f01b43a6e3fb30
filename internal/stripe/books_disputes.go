package stripe

import (
	"context"
	"time"

	stripego "github.com/stripe/stripe-go/v76"

	"yourticket.example/ticket"
)

// withheld is what disputes keep of charges, by intent.
type withheld map[string]*withholding

type withholding struct {
	amount int64
	intent *stripego.PaymentIntent // with its latest charge
	told   bool
}

// of adds what disputes keep of a charge to its balance.
func (w withheld) of(b ticket.ChargeBalance) ticket.ChargeBalance {
	if h := w[b.Ref]; h != nil {
		b.Disputed, h.told = h.amount, true
	}
	return b
}

// disputed reads what disputes made since a time keep.
func (b *Books) disputed(ctx context.Context, since time.Time) (withheld, error) {
	out := withheld{}
	err := b.disputes(ctx, &stripego.DisputeListParams{
		CreatedRange: &stripego.RangeQueryParams{GreaterThanOrEqual: since.Unix()},
	}, func(d *stripego.Dispute) {
		found, moves := disputeOf(d)
		if d.PaymentIntent == nil || !moves || found.State == ticket.DisputeWon {
			return
		}
		if out[d.PaymentIntent.ID] == nil {
			out[d.PaymentIntent.ID] = &withholding{intent: d.PaymentIntent}
		}
		out[d.PaymentIntent.ID].amount += d.Amount
	})
	return out, err
}

// untold gives the charges that were only disputed since.
func (w withheld) untold(each func(ticket.ChargeBalance) error) error {
	for _, h := range w {
		if h.told {
			continue
		}
		if err := each(w.of(balanceOf(h.intent))); err != nil {
			return err
		}
	}
	return nil
}

// disputedOf reads what disputes keep of one charge.
func (b *Books) disputedOf(ctx context.Context, intent string) (sum int64, err error) {
	err = b.disputes(ctx, &stripego.DisputeListParams{PaymentIntent: stripego.String(intent)}, func(d *stripego.Dispute) {
		if found, moves := disputeOf(d); moves && found.State != ticket.DisputeWon {
			sum += d.Amount
		}
	})
	return sum, err
}

// disputes lists disputes, page by page.
func (b *Books) disputes(ctx context.Context, which *stripego.DisputeListParams, each func(*stripego.Dispute)) error {
	for after, more := "", true; more; {
		var page *stripego.DisputeList
		err := b.read(ctx, "list the disputes", func(p stripego.ListParams) error {
			params := *which
			params.ListParams = p
			params.StartingAfter = optional(after)
			params.AddExpand("data.payment_intent.latest_charge")
			it := b.p.api.Disputes.List(&params)
			page = it.DisputeList()
			return it.Err()
		})
		if err != nil {
			return err
		}
		for _, d := range page.Data {
			after = d.ID
			each(d)
		}
		more = page.HasMore && len(page.Data) > 0
	}
	return nil
}
