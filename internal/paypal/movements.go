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

const (
	// reportSpan is the longest time that PayPal reports at once.
	reportSpan = 31 * 24 * time.Hour
	// reportLag is how long PayPal may take to report what it has booked.
	reportLag = 3 * time.Hour
)

// Movements reads a page of PayPal's transaction report of a time, after the
// cursor of the page before ("" for the first).
func (p *Provider) Movements(ctx context.Context, from, to time.Time, cursor string) (out ticket.MovementPage, err error) {
	at, page, err := readReportCursor(from, cursor)
	if err != nil {
		return out, err
	}
	end := to
	if limit := at.Add(reportSpan); end.After(limit) {
		end = limit
	}
	last := end.Add(-time.Second) // PayPal counts the end in, by seconds
	size, all := reportPage, "Y"
	report, f := once(ctx, p, "", false, func(ctx context.Context) (*pp.TransactionSearchResponse, error) {
		return p.client.ListTransactions(ctx, &pp.TransactionSearchRequest{
			StartDate: at.UTC(), EndDate: last.UTC(), BalanceAffectingRecordsOnly: &all, PageSize: &size, Page: &page,
		})
	})
	if f.failed() {
		return out, f.asError("report its transactions")
	}
	for i := range report.TransactionDetails {
		m, err := movementOf(&report.TransactionDetails[i].TransactionInfo)
		if err != nil {
			return out, err
		}
		out.Movements = append(out.Movements, m)
	}
	out.Until = time.Now().Add(-reportLag)
	switch {
	case page < report.TotalPages:
		out.Next = writeReportCursor(at, page+1)
	case end.Before(to):
		out.Next = writeReportCursor(end, 1)
	}
	return out, nil
}

func writeReportCursor(at time.Time, page int) string { return fmt.Sprintf("%d/%d", at.Unix(), page) }

func readReportCursor(from time.Time, cursor string) (at time.Time, page int, err error) {
	if cursor == "" {
		return from, 1, nil
	}
	seconds, number, _ := strings.Cut(cursor, "/")
	unix, err1 := strconv.ParseInt(seconds, 10, 64)
	page, err2 := strconv.Atoi(number)
	if err1 != nil || err2 != nil {
		return at, 0, ticket.Errorf(ticket.CodeInvalid, "%q is no cursor of PayPal's report.", cursor)
	}
	return time.Unix(unix, 0), page, nil
}

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
	if booking, attempt, ok := strings.Cut(t.InvoiceID, "-"); ok {
		m.BookingID = booking
		m.Attempt, _ = strconv.Atoi(attempt) // 0 for what is not ours
	}
	if m.Amount, err = minorUnits(t.TransactionAmount); err != nil {
		return m, err
	}
	if t.FeeAmount != nil {
		fee, err := minorUnits(*t.FeeAmount)
		if err != nil {
			return m, err
		}
		m.Fee = -fee // PayPal shows what it kept as negative
	}
	return m, nil
}

// minorUnits reads an amount such as "-12.50" exactly.
func minorUnits(m pp.Money) (int64, error) {
	digits, known := ticket.CurrencyDigits(m.Currency)
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(m.Value, "-"), ".")
	fraction = strings.TrimRight(fraction, "0")
	if !known || len(fraction) > digits {
		return 0, ticket.Errorf(ticket.CodeProviderRefused, "PayPal reports an amount that cannot be read: %s %s.", m.Value, m.Currency)
	}
	n, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", digits-len(fraction)), 10, 64)
	if err != nil {
		return 0, ticket.Errorf(ticket.CodeProviderRefused, "PayPal reports an amount that cannot be read: %s %s.", m.Value, m.Currency)
	}
	if strings.HasPrefix(m.Value, "-") {
		n = -n
	}
	return n, nil
}
