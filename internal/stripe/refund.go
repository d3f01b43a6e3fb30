package stripe

import (
	"context"
	"strconv"
	"time"

	stripego "github.com/stripe/stripe-go/v76"

	"yourticket.example/ticket"
)

// keyTrust is how long a repeated key is relied upon to find what it made;
// Stripe keeps keys for 24 hours.
const keyTrust = 20 * time.Hour

// SendRefund gives a part of a payment back. The key makes a repetition safe
// for a day; what is older is looked for in the list of the payment's refunds,
// which is consistent, and sent only when it is not there. The same goes for a
// key that Stripe spent on a server error.
func (p *Provider) SendRefund(ctx context.Context, r *ticket.Refund) (ticket.ProviderRefund, error) {
	if r.Charge.Ref == "" {
		return ticket.ProviderRefund{}, ticket.Errorf(ticket.CodeProviderRefused, "There is no Stripe payment to refund.")
	}
	key := "refund/" + r.ID + "/" + strconv.Itoa(r.Attempt)
	if !r.SentAt.IsZero() && time.Since(r.SentAt) > keyTrust {
		if found, err := p.refundBefore(ctx, r); err != nil || found != nil {
			return deref(found), err
		}
		key += "/" + minute()
	}
	refund, f := keyed(ctx, p, key, p.newRefund(r))
	if f.code == codeServerError && f.final {
		if found, err := p.refundBefore(ctx, r); err != nil || found != nil {
			return deref(found), err
		}
		refund, f = keyed(ctx, p, key+"/"+minute(), p.newRefund(r))
	}
	if f.failed() {
		return ticket.ProviderRefund{}, f.asError("refund the payment")
	}
	return providerRefund(refund), nil
}

func (p *Provider) newRefund(r *ticket.Refund) func(stripego.Params) (*stripego.Refund, error) {
	return func(common stripego.Params) (*stripego.Refund, error) {
		return p.api.Refunds.New(&stripego.RefundParams{
			Params: common, PaymentIntent: stripego.String(r.Charge.Ref), Amount: stripego.Int64(r.Amount.Amount),
			Metadata: map[string]string{
				"booking_id": r.BookingID, "refund_id": r.ID, "refund_attempt": strconv.Itoa(r.Attempt),
			},
		})
	}
}

// minute names this minute, for a key that must not be an earlier one.
func minute() string { return strconv.FormatInt(time.Now().Unix()/60, 36) }

// refundBefore finds the refund that an earlier call has made; nil for none.
func (p *Provider) refundBefore(ctx context.Context, r *ticket.Refund) (*ticket.ProviderRefund, error) {
	list, err := p.Refunds(ctx, r.Charge)
	for i := range list {
		if list[i].RefundID == r.ID && list[i].Attempt == r.Attempt {
			return &list[i], nil
		}
	}
	return nil, err
}

func deref(r *ticket.ProviderRefund) ticket.ProviderRefund {
	if r == nil {
		return ticket.ProviderRefund{}
	}
	return *r
}

// Refunds lists the refunds of a payment, page by page.
func (p *Provider) Refunds(ctx context.Context, c ticket.TakenCharge) ([]ticket.ProviderRefund, error) {
	var out []ticket.ProviderRefund
	for after := ""; ; {
		page, f := p.refundPage(ctx, c.Ref, after)
		if f.failed() {
			return nil, f.asError("list the refunds")
		}
		for _, r := range page.Data {
			out = append(out, providerRefund(r))
			after = r.ID
		}
		if !page.HasMore || len(page.Data) == 0 {
			return out, nil
		}
	}
}

func (p *Provider) refundPage(ctx context.Context, intent, after string) (*stripego.RefundList, fault) {
	ctx, rec, cancel := p.begin(ctx)
	defer cancel()
	params := &stripego.RefundListParams{
		ListParams: stripego.ListParams{Context: ctx, Limit: stripego.Int64(pageSize), Single: true}, PaymentIntent: stripego.String(intent),
	}
	params.AddExpand("data.failure_balance_transaction")
	if after != "" {
		params.StartingAfter = stripego.String(after)
	}
	list := p.api.Refunds.List(params)
	return list.RefundList(), p.sorted(rec, list.Err())
}

// Disputes lists the disputes of a payment; there is one at most, but for
// inquiries that became one.
func (p *Provider) Disputes(ctx context.Context, c ticket.TakenCharge) ([]ticket.ProviderDispute, error) {
	ctx, rec, cancel := p.begin(ctx)
	defer cancel()
	list := p.api.Disputes.List(&stripego.DisputeListParams{
		ListParams: stripego.ListParams{Context: ctx, Limit: stripego.Int64(pageSize), Single: true}, PaymentIntent: stripego.String(c.Ref),
	})
	page, f := list.DisputeList(), p.sorted(rec, list.Err())
	if f.failed() {
		return nil, f.asError("list the disputes")
	}
	var out []ticket.ProviderDispute
	for _, d := range page.Data {
		if asDispute, ok := disputeOf(d); ok {
			out = append(out, asDispute)
		}
	}
	return out, nil
}

// providerRefund reads a refund as the domain knows it.
func providerRefund(r *stripego.Refund) ticket.ProviderRefund {
	out := ticket.ProviderRefund{
		Ref: r.ID, State: ticket.RefundStatePending, Amount: r.Amount, RefundID: r.Metadata["refund_id"], Reason: string(r.FailureReason),
		At: time.Unix(r.Created, 0).UTC(),
	}
	out.Attempt, _ = strconv.Atoi(r.Metadata["refund_attempt"]) // 0 for one that is not ours
	switch r.Status {
	case stripego.RefundStatusSucceeded:
		out.State = ticket.RefundStateSucceeded
	case stripego.RefundStatusFailed, stripego.RefundStatusCanceled:
		out.State = ticket.RefundStateFailed
	}
	if t := r.FailureBalanceTransaction; t != nil && t.Created != 0 {
		out.FailedAt = time.Unix(t.Created, 0).UTC()
	}
	return out
}

// disputeOf reads a dispute; false for an inquiry, which moves no money.
func disputeOf(d *stripego.Dispute) (ticket.ProviderDispute, bool) {
	out := ticket.ProviderDispute{
		Ref: d.ID, State: ticket.DisputeOpen, Amount: d.Amount, Reason: string(d.Reason), At: time.Unix(d.Created, 0).UTC(),
	}
	for _, txn := range d.BalanceTransactions {
		out.Fee += txn.Fee
		if txn.Amount > 0 { // what was withheld came back
			out.ClosedAt = time.Unix(txn.Created, 0).UTC()
		}
	}
	switch d.Status {
	case stripego.DisputeStatusWarningNeedsResponse, stripego.DisputeStatusWarningUnderReview, stripego.DisputeStatusWarningClosed:
		return out, false
	case stripego.DisputeStatusWon:
		out.State = ticket.DisputeWon
	case stripego.DisputeStatusLost:
		out.State = ticket.DisputeLost
	}
	return out, true
}
