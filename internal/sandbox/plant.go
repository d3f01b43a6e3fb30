package sandbox

import (
	"io"
	"strconv"
	"strings"
	"time"
)

// Planted is money that a provider has taken long ago.
type Planted struct {
	Provider  string // stripe or paypal
	BookingID string
	Attempt   int
	Amount    int64
	Currency  string // EUR
	At        time.Time
}

// Refs are the provider's names of what was planted: the intent or
// authorization, and the charge or capture that took the money.
type Refs struct{ Charge, Capture string }

// Plant appends to a data file what reconciliation reads of a capture: a million
// of them are there in seconds where asking for each would take an hour. What is
// planted is in the lists of movements only, not in the ledger.
func Plant(file io.Writer, p Planted) (Refs, error) {
	if p.Provider == providerPayPal {
		m := &movement{
			ID: paypalID(), Code: "T0006", Reference: paypalID(), RefType: "TXN", Amount: p.Amount, Fee: paypalFee(p.Amount),
			Currency: p.Currency, CustomID: p.BookingID, At: p.At.UTC().Truncate(time.Second),
		}
		if p.BookingID != "" {
			m.InvoiceID = p.BookingID + "-" + strconv.Itoa(p.Attempt)
		}
		return Refs{m.Reference, m.ID}, writeRow(file, "ppm", m)
	}
	ch := &charge{
		ID: stripeID("ch_3"), Intent: stripeID("pi_3"), Amount: p.Amount, Captured: p.Amount, Currency: strings.ToLower(p.Currency),
		Method: newMethodID(0), Balance: stripeID("txn_3"), Created: p.At.Unix(),
	}
	if p.BookingID != "" {
		ch.Metadata = map[string]string{"booking_id": p.BookingID, "attempt": strconv.Itoa(p.Attempt)}
	}
	txn := &balanceTxn{
		ID: ch.Balance, Type: "charge", Amount: p.Amount, Fee: stripeFee(p.Amount), Currency: ch.Currency, Source: ch.ID, Created: ch.Created,
	}
	if err := writeRow(file, "ch", ch); err != nil {
		return Refs{}, err
	}
	return Refs{ch.Intent, ch.ID}, writeRow(file, "txn", txn)
}

func writeRow(file io.Writer, kind string, row any) error {
	line, err := appendLine(nil, kind, row)
	if err == nil {
		_, err = file.Write(line)
	}
	return err
}
