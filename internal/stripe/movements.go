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

// movementOf reads a balance transaction. It is in the currency in which Stripe
// pays out; where that is another than was charged, the movement is what the
// charge, refund or dispute itself says, and its fee is left out: it is in the
// other currency.
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
	var amount int64
	var currency stripego.Currency
	switch {
	case t.Source.Charge != nil:
		amount, currency = t.Source.Charge.AmountCaptured, t.Source.Charge.Currency
		m.Parent = intentID(t.Source.Charge.PaymentIntent)
		m.BookingID, m.Attempt = ours(t.Source.Charge.Metadata)
	case t.Source.Refund != nil:
		amount, currency = t.Source.Refund.Amount, t.Source.Refund.Currency
		if t.Source.Refund.Charge != nil {
			m.Parent = t.Source.Refund.Charge.ID
		}
		m.BookingID, m.Attempt = ours(t.Source.Refund.Metadata)
	case t.Source.Dispute != nil:
		amount, currency = t.Source.Dispute.Amount, t.Source.Dispute.Currency
		m.Kind = ticket.MovementDispute
		if t.Amount > 0 {
			m.Kind = ticket.MovementDisputeWon
		}
		if t.Source.Dispute.Charge != nil {
			m.Parent = t.Source.Dispute.Charge.ID
		}
	}
	if currency != "" && currency != t.Currency {
		m.Amount, m.Currency, m.Fee = amount, strings.ToUpper(string(currency)), 0
		if t.Amount < 0 {
			m.Amount = -amount
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
