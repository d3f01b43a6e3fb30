package stripe

import (
	"context"
	"strconv"
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v76"

	"yourticket.example/ticket"
)

// booksLag is how long Stripe may take to list what it has booked.
const booksLag = time.Minute

// Movements reads a page of Stripe's balance transactions of a time, newest
// first, after the cursor of the page before ("" for the first).
func (p *Provider) Movements(ctx context.Context, from, to time.Time, cursor string) (page ticket.MovementPage, err error) {
	ctx, rec, cancel := p.begin(ctx)
	defer cancel()
	params := &stripego.BalanceTransactionListParams{
		ListParams:   stripego.ListParams{Context: ctx, Limit: stripego.Int64(pageSize), Single: true},
		CreatedRange: &stripego.RangeQueryParams{GreaterThanOrEqual: from.Unix(), LesserThan: to.Unix()},
	}
	if cursor != "" {
		params.StartingAfter = stripego.String(cursor)
	}
	params.AddExpand("data.source")
	list := p.api.BalanceTransactions.List(params)
	if f := p.sorted(rec, list.Err()); f.failed() {
		return page, f.asError("list its balance transactions")
	}
	txns := list.BalanceTransactionList()
	page.Until = time.Now().Add(-booksLag)
	for _, t := range txns.Data {
		page.Movements = append(page.Movements, movementOf(t))
		page.Next = t.ID
	}
	if !txns.HasMore {
		page.Next = ""
	}
	return page, nil
}

// movementKinds sorts Stripe's types of balance transactions; disputes are
// adjustments.
var movementKinds = map[stripego.BalanceTransactionType]ticket.MovementKind{
	stripego.BalanceTransactionTypeCharge:               ticket.MovementCapture,
	stripego.BalanceTransactionTypePayment:              ticket.MovementCapture,
	stripego.BalanceTransactionTypeRefund:               ticket.MovementRefund,
	stripego.BalanceTransactionTypePaymentRefund:        ticket.MovementRefund,
	stripego.BalanceTransactionTypePaymentFailureRefund: ticket.MovementRefundFailed,
	stripego.BalanceTransactionTypeRefundFailure:        ticket.MovementRefundFailed,
	stripego.BalanceTransactionTypePayout:               ticket.MovementPayout,
}

func movementOf(t *stripego.BalanceTransaction) ticket.Movement {
	m := ticket.Movement{
		ID: t.ID, Kind: ticket.MovementOther, Ref: t.ID, Amount: t.Amount, Fee: t.Fee,
		Currency: strings.ToUpper(string(t.Currency)), At: time.Unix(t.Created, 0).UTC(),
	}
	if kind, ok := movementKinds[t.Type]; ok {
		m.Kind = kind
	}
	if t.Source == nil {
		return m
	}
	m.Ref = t.Source.ID
	switch {
	case t.Source.Charge != nil:
		m.Parent = intentID(t.Source.Charge.PaymentIntent)
		m.BookingID, m.Attempt = ours(t.Source.Charge.Metadata)
	case t.Source.Refund != nil:
		if t.Source.Refund.Charge != nil {
			m.Parent = t.Source.Refund.Charge.ID
		}
		m.BookingID, m.Attempt = ours(t.Source.Refund.Metadata)
	case t.Source.Dispute != nil:
		m.Kind = ticket.MovementDispute
		if t.Amount > 0 {
			m.Kind = ticket.MovementDisputeWon
		}
		if t.Source.Dispute.Charge != nil {
			m.Parent = t.Source.Dispute.Charge.ID
		}
	}
	return m
}

// ours reads what we told Stripe of an object.
func ours(metadata map[string]string) (bookingID string, attempt int) {
	attempt, _ = strconv.Atoi(metadata["attempt"]) // 0 for what is not ours
	return metadata["booking_id"], attempt
}

func intentID(pi *stripego.PaymentIntent) string {
	if pi == nil {
		return ""
	}
	return pi.ID
}
