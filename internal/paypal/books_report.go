package paypal

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	pp "github.com/plutov/paypal/v4"

	"yourticket.example/ticket"
)

// collected are the charges of a report, by the invoice of their attempt.
type collected struct {
	charges map[string]*reported
	until   time.Time
}

// reported is a charge as far as the report tells.
type reported struct {
	ticket.ChargeBalance
	// captureRef is a capture that was given back, whose own line is older.
	captureRef string
	authorized bool
}

// stretch reads one stretch of the report; one that is too long for PayPal to
// show is read in halves.
func (b *Books) stretch(ctx context.Context, c *collected, from, to time.Time) error {
	for page := 1; ; page++ {
		report, err := read(ctx, b, "report its transactions", func(ctx context.Context) (*pp.TransactionSearchResponse, error) {
			all, size := "N", reportPage
			return b.p.client.ListTransactions(ctx, &pp.TransactionSearchRequest{
				StartDate: from, EndDate: to, BalanceAffectingRecordsOnly: &all, PageSize: &size, Page: &page,
			})
		})
		if err != nil {
			return err
		}
		if report == nil {
			return nil
		}
		if page == 1 && report.TotalItems >= reportMost && to.Sub(from) > shortest {
			middle := from.Add(to.Sub(from) / 2)
			if err := b.stretch(ctx, c, from, middle); err != nil {
				return err
			}
			return b.stretch(ctx, c, middle.Add(time.Second), to)
		}
		for i := range report.TransactionDetails {
			if err := c.add(&report.TransactionDetails[i].TransactionInfo); err != nil {
				return err
			}
		}
		if at := time.Time(report.LastRefreshDatetime); !at.IsZero() && at.Before(c.until) {
			c.until = at.UTC()
		}
		if page >= report.TotalPages {
			return nil
		}
	}
}

// add books a line of the report. Fees, payouts and what is not ours are left
// out.
func (c *collected) add(t *pp.SearchTransactionInfo) error {
	booking, attempt, ours := attemptOf(t.InvoiceID)
	if !ours || t.TransactionStatus != "S" && t.TransactionStatus != "P" {
		return nil
	}
	amount, err := minorOf(t.TransactionAmount.Value, t.TransactionAmount.Currency)
	if err != nil {
		return fmt.Errorf("paypal: transaction %s: %w", t.TransactionID, err)
	}
	r := c.charges[t.InvoiceID]
	if r == nil {
		r = &reported{ChargeBalance: ticket.ChargeBalance{
			Provider: ticket.PayPal, BookingID: booking, Attempt: attempt, Currency: t.TransactionAmount.Currency,
			CreatedAt: time.Time(t.TransactionInitiationDate).UTC(),
		}}
		c.charges[t.InvoiceID] = r
	}
	switch {
	case strings.HasPrefix(t.TransactionEventCode, eventAuthorization):
		r.Ref, r.Open, r.authorized = t.TransactionID, amount, true
	case strings.HasPrefix(t.TransactionEventCode, eventSale) && amount > 0:
		r.Captured += amount
		if r.Ref == "" {
			r.Ref = t.PayPalReferenceID
		}
	case strings.HasPrefix(t.TransactionEventCode, eventRefund):
		r.Refunded -= amount // a refund's amount is negative
		r.captureRef = t.PayPalReferenceID
	case strings.HasPrefix(t.TransactionEventCode, eventDispute), strings.HasPrefix(t.TransactionEventCode, eventDisputeWon):
		r.Disputed -= amount // withheld is negative, what came back positive
		r.captureRef = t.PayPalReferenceID
	}
	return nil
}

// complete asks for what the report does not tell: whether what was reserved
// still is, and what was taken before the report begins.
func (b *Books) complete(ctx context.Context, r *reported) error {
	switch {
	case r.Captured > 0:
		r.Open = 0 // a capture takes the whole amount and ends its authorization
		return nil
	case r.authorized:
		x, err := b.object(ctx, "authorizations", r.Ref)
		if err != nil {
			return err
		}
		if stateOf(*x) != ticket.ChargeAuthorized && stateOf(*x) != ticket.ChargePending {
			r.Open = 0
		}
		r.OrderRef = x.Supplementary.Related.OrderID
		if stateOf(*x) != ticket.ChargeCaptured {
			return nil
		}
	}
	orderRef := r.OrderRef
	if orderRef == "" && r.captureRef != "" {
		x, err := b.object(ctx, "captures", r.captureRef)
		if err != nil {
			return err
		}
		orderRef = x.Supplementary.Related.OrderID
	}
	if orderRef == "" {
		return nil
	}
	whole, found, err := b.Balance(ctx, r.Ref, orderRef)
	if err == nil && found {
		whole.CreatedAt = r.CreatedAt
		r.ChargeBalance = whole
	}
	return err
}

// attemptOf undoes invoiceOf; false for an invoice that is not ours.
func attemptOf(invoice string) (bookingID string, attempt int, ours bool) {
	at := strings.LastIndexByte(invoice, '-')
	if at < 0 {
		return "", 0, false
	}
	attempt, err := strconv.Atoi(invoice[at+1:])
	return invoice[:at], attempt, err == nil && ticket.IsID(ticket.KindBooking, invoice[:at])
}

// minorOf reads a decimal amount, exactly.
func minorOf(value, currency string) (int64, error) {
	digits, known := ticket.CurrencyDigits(currency)
	if !known {
		return 0, fmt.Errorf("currency %q is not one of ours", currency)
	}
	whole, fraction, _ := strings.Cut(value, ".")
	if len(fraction) > digits && strings.Trim(fraction[digits:], "0") != "" {
		return 0, fmt.Errorf("amount %q has too many decimals for %s", value, currency)
	}
	fraction = (fraction + strings.Repeat("0", digits))[:digits]
	n, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("amount %q is no decimal", value)
	}
	return n, nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
