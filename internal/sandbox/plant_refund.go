package sandbox

import (
	"io"
	"strings"
	"time"
)

// PlantRefund appends to a data file what reconciliation reads of a refund that
// gave all of a planted capture back.
func PlantRefund(file io.Writer, p Planted, of Refs) error {
	if p.Provider == providerPayPal {
		return writeRow(file, "ppm", &movement{
			ID: paypalID(), Code: "T1107", Reference: of.Capture, RefType: "TXN", Amount: -p.Amount, Currency: p.Currency,
			CustomID: p.BookingID, At: p.At.UTC().Truncate(time.Second),
		})
	}
	r := &stripeRefund{
		ID: stripeID("re_3"), Charge: of.Capture, Intent: of.Charge, Amount: p.Amount, Currency: strings.ToLower(p.Currency),
		Status: "succeeded", Balance: stripeID("txn_3"), Created: p.At.Unix(),
	}
	txn := &balanceTxn{ID: r.Balance, Type: "refund", Amount: -p.Amount, Currency: r.Currency, Source: r.ID, Created: r.Created}
	if err := writeRow(file, "re", r); err != nil {
		return err
	}
	return writeRow(file, "txn", txn)
}
