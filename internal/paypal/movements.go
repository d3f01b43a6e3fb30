package paypal

import (
	"context"
	"fmt"
	"strings"
	"time"

	pp "github.com/plutov/paypal/v4"

	"yourticket.example/ticket"
)

// reportLag is how long PayPal may take to report what it has booked.
const reportLag = 3 * time.Hour

// reportPlace is where a reading of the transaction report goes on: a page of
// the stretch from From until before To.
type reportPlace struct {
	From, To int64 // Unix seconds
	Page     int
}

// Movements reads a page of PayPal's transaction report of a time, after the
// cursor of the page before ("" for the first). PayPal shows only so many lines
// of a stretch; one that has more is halved.
func (p *Provider) Movements(ctx context.Context, from, to time.Time, cursor string) (out ticket.MovementPage, err error) {
	at := reportPlace{From: from.Unix(), To: earlier(from.Add(reportSpan), to).Unix(), Page: 1}
	if cursor != "" {
		if _, err := fmt.Sscanf(cursor, "%d-%d/%d", &at.From, &at.To, &at.Page); err != nil {
			return out, ticket.Errorf(ticket.CodeInvalid, "%q is no cursor of PayPal's report.", cursor)
		}
	}
	out.Until = time.Now().Add(-reportLag)
	if at.To <= at.From {
		return out, nil
	}
	size, all := reportPage, "Y"
	report, f := once(ctx, p, "", false, func(ctx context.Context) (*pp.TransactionSearchResponse, error) {
		return p.client.ListTransactions(ctx, &pp.TransactionSearchRequest{
			StartDate: time.Unix(at.From, 0).UTC(), EndDate: time.Unix(at.To-1, 0).UTC(), // PayPal counts the end in
			BalanceAffectingRecordsOnly: &all, PageSize: &size, Page: &at.Page,
		})
	})
	if f.failed() {
		return out, f.asError("report its transactions")
	}
	if report.TotalItems > reportMost && at.To-at.From > int64(shortest.Seconds()) {
		out.Next = reportPlace{From: at.From, To: (at.From + at.To) / 2, Page: 1}.cursor()
		return out, nil
	}
	for i := range report.TransactionDetails {
		m, err := movementOf(&report.TransactionDetails[i].TransactionInfo)
		if err != nil {
			return out, err
		}
		out.Movements = append(out.Movements, m)
	}
	switch {
	case at.Page < report.TotalPages:
		out.Next = reportPlace{at.From, at.To, at.Page + 1}.cursor()
	case at.To < to.Unix():
		end := earlier(time.Unix(at.To, 0).Add(reportSpan), to)
		out.Next = reportPlace{From: at.To, To: end.Unix(), Page: 1}.cursor()
	}
	return out, nil
}

func (r reportPlace) cursor() string { return fmt.Sprintf("%d-%d/%d", r.From, r.To, r.Page) }

// eventKinds sorts PayPal's transaction event codes by their beginning.
var eventKinds = []struct {
	prefix string
	kind   ticket.MovementKind
}{
	{"T00", ticket.MovementCapture},
	{"T1107", ticket.MovementRefund},
	{"T1106", ticket.MovementRefund}, // a reversal by PayPal
	{"T1201", ticket.MovementDispute},
	{"T1202", ticket.MovementDisputeWon},
	{"T04", ticket.MovementPayout},
}

func movementOf(t *pp.SearchTransactionInfo) (m ticket.Movement, err error) {
	m = ticket.Movement{
		ID: t.TransactionID, Kind: ticket.MovementOther, Ref: t.TransactionID, Parent: t.PayPalReferenceID,
		Currency: t.TransactionAmount.Currency, At: time.Time(t.TransactionInitiationDate).UTC(), BookingID: t.CustomField,
	}
	for _, e := range eventKinds {
		if strings.HasPrefix(t.TransactionEventCode, e.prefix) {
			m.Kind = e.kind
			break
		}
	}
	if m.Kind == ticket.MovementDispute || m.Kind == ticket.MovementDisputeWon {
		m.Ref = t.PayPalReferenceID // the report does not name the case, but what it is about
	}
	if booking, attempt, ok := attemptOf(t.InvoiceID); ok {
		m.BookingID, m.Attempt = booking, attempt
	}
	if m.Amount, err = minorOf(t.TransactionAmount.Value, t.TransactionAmount.Currency); err != nil || t.FeeAmount == nil {
		return m, err
	}
	fee, err := minorOf(t.FeeAmount.Value, t.FeeAmount.Currency)
	m.Fee = -fee // PayPal shows what it kept as negative
	return m, err
}
