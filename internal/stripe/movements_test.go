package stripe_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/stripe"
	"yourticket.example/ticket"
)

// TestMovementsAreInTheCurrencyThatWasCharged has an account that is paid out in
// euros and charges francs.
func TestMovementsAreInTheCurrencyThatWasCharged(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"object": "list", "has_more": false, "data": [
			{"id": "txn_1", "object": "balance_transaction", "type": "charge", "amount": 5250, "fee": 180, "currency": "eur", "exchange_rate": 1.05,
			 "created": 1772323200, "source": {"id": "ch_1", "object": "charge", "amount": 5000, "amount_captured": 5000, "currency": "chf"}},
			{"id": "txn_2", "object": "balance_transaction", "type": "refund", "amount": -1050, "fee": 0, "currency": "eur", "exchange_rate": 1.05,
			 "created": 1772323201, "source": {"id": "re_1", "object": "refund", "amount": 1000, "currency": "chf", "charge": "ch_1"}},
			{"id": "txn_3", "object": "balance_transaction", "type": "adjustment", "amount": -4200, "fee": 2000, "currency": "eur", "exchange_rate": 1.05,
			 "created": 1772323202, "source": {"id": "dp_1", "object": "dispute", "amount": 4000, "currency": "chf", "charge": "ch_1"}},
			{"id": "txn_4", "object": "balance_transaction", "type": "adjustment", "amount": 4200, "fee": 0, "currency": "eur", "exchange_rate": 1.05,
			 "created": 1772323203, "source": {"id": "dp_1", "object": "dispute", "amount": 4000, "currency": "chf", "charge": "ch_1"}},
			{"id": "txn_5", "object": "balance_transaction", "type": "charge", "amount": 700, "fee": 35, "currency": "eur",
			 "created": 1772323204, "source": {"id": "ch_2", "object": "charge", "amount": 700, "amount_captured": 700, "currency": "eur"}},
			{"id": "txn_6", "object": "balance_transaction", "type": "payout", "amount": -900, "fee": 0, "currency": "eur",
			 "created": 1772323205, "source": {"id": "po_1", "object": "payout", "amount": 900, "currency": "eur"}}]}`)
	}))
	t.Cleanup(server.Close)
	p, err := stripe.New(stripe.Options{APIKey: "sk_test_1", URL: server.URL})
	require.NoError(t, err)
	page, err := p.Movements(t.Context(), time.Unix(1772323200, 0), time.Unix(1772323300, 0), "")
	require.NoError(t, err)
	type row struct {
		id       string
		kind     ticket.MovementKind
		amount   int64
		fee      int64
		currency string
	}
	var got []row
	for _, m := range page.Movements {
		got = append(got, row{m.ID, m.Kind, m.Amount, m.Fee, m.Currency})
	}
	require.Equal(t, []row{
		{"txn_1", ticket.MovementCapture, 5000, 0, "CHF"},
		{"txn_2", ticket.MovementRefund, -1000, 0, "CHF"},
		{"txn_3", ticket.MovementDispute, -4000, 0, "CHF"},
		{"txn_4", ticket.MovementDisputeWon, 4000, 0, "CHF"},
		{"txn_5", ticket.MovementCapture, 700, 35, "EUR"},
		{"txn_6", ticket.MovementPayout, -900, 0, "EUR"},
	}, got)
}
