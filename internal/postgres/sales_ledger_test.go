package postgres_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// balances are what a reading of the ledger sums up to, by account.
func balances(t *testing.T, s *postgres.Sales, q postgres.LedgerQuery) (sums map[string]int64, entries []ticket.JournalEntry) {
	t.Helper()
	sums = map[string]int64{}
	require.NoError(t, s.Ledger(t.Context(), q, func(e *ticket.JournalEntry) error {
		sums[e.Account+" "+e.Amount.Currency] += e.Amount.Amount
		entries = append(entries, *e)
		return nil
	}))
	return sums, entries
}

func TestTheStatementIsTheSumOfTheLedger(t *testing.T) {
	t.Parallel()
	s, shards, events := sales(t)
	categories := []string{"Floor", "=Balcony"}
	var last string
	for n := range 6 { // half of them on each shard, in two currencies
		h := holdRow(events[n%2], fmt.Sprint("us_", n), "k", int64(n+1), 2*n, 2*n+1)
		for i := range h.Items {
			h.Items[i].Category, h.Items[i].Price = categories[i], int64(5000+1000*i)
		}
		h.Total = ticket.Money{Amount: ticket.SumItems(h.Items), Currency: []string{"EUR", "JPY"}[n/4]}
		save(t, s, h)
		require.NoError(t, s.Commit(t.Context(), commitRow(h)))
		require.NoError(t, s.RecordCapture(t.Context(), h.ID, "ch_"+h.ID))
		if n == 0 {
			last = h.ID
		}
		require.NoError(t, s.BookFees(t.Context(), ticket.Stripe, []ticket.ReconciliationLine{{
			BookingID: h.ID, TheirID: fmt.Sprint("txn_", n), Currency: h.Total.Currency, Fee: 30, At: time.Now(),
		}}))
	}
	o := order(last, "a", 0)
	_, err := s.BeginRefund(t.Context(), o)
	require.NoError(t, err)
	_, err = s.SendingRefund(t.Context(), o.ID)
	require.NoError(t, err)
	_, err = s.SettleRefund(t.Context(), o.ID, postgres.RefundNews{Status: ticket.RefundSucceeded, Attempt: 1, Ref: "re_1"})
	require.NoError(t, err)

	got, err := s.Settlement(t.Context(), events[0])
	require.NoError(t, err)
	require.Len(t, got.Statements, 2)
	eur := got.Statements[0]
	require.Equal(t, "EUR", eur.Currency)
	require.Equal(t, "=Balcony", eur.Categories[0].Category)
	require.Equal(t, int64(2), eur.Categories[0].Tickets)
	require.Equal(t, int64(2*6250), eur.Categories[0].Total.Amount)
	require.Equal(t, int64(2*11500), eur.Gross.Total.Amount)
	require.Equal(t, int64(5250), eur.Refunds.Total.Amount)
	require.Equal(t, int64(2*11000-5000), eur.NetToOrganizer.Amount)
	require.Equal(t, int64(3*250), eur.OurFees.Amount)
	require.Equal(t, []ticket.ProviderFees{{Provider: "stripe", Amount: ticket.Money{Amount: 60, Currency: "EUR"}}}, eur.ProviderFees)

	for _, event := range events {
		st, err := s.Settlement(t.Context(), event)
		require.NoError(t, err)
		sums, entries := balances(t, s, postgres.LedgerQuery{EventID: event})
		for _, statement := range st.Statements {
			require.Zero(t, statement.Difference.Amount)
			require.Equal(t, -sums["payable:organizer "+statement.Currency], statement.NetToOrganizer.Amount)
			require.Equal(t, -sums["revenue:fees "+statement.Currency], statement.OurFees.Amount)
			total := int64(0)
			for _, b := range statement.Balances {
				key := b.Account + " " + b.Amount.Currency
				require.Equal(t, sums[key], b.Amount.Amount, key)
				delete(sums, key)
				total += b.Amount.Amount
			}
			require.Zero(t, total)
		}
		for account, sum := range sums {
			require.Zero(t, sum, account)
		}
		refs := map[string]bool{}
		for _, e := range entries {
			require.Equal(t, event, e.EventID)
			refs[e.Reference] = true
		}
		require.True(t, refs["pi_"+entries[0].BookingID] && refs["ch_"+entries[0].BookingID], "%v", refs)
		require.Equal(t, event == events[0], refs["re_1"])
		require.Equal(t, event == events[0], refs["txn_0"])
	}

	_, err = shards[0].Exec(t.Context(), `UPDATE journal SET amount = amount + 1`)
	require.ErrorContains(t, err, "append-only")
	_, err = shards[0].Exec(t.Context(), `DELETE FROM journal`)
	require.ErrorContains(t, err, "append-only")
	none, err := s.Settlement(t.Context(), ticket.NewID(ticket.KindEvent, 1))
	require.NoError(t, err)
	require.Empty(t, none.Statements)
}

func TestTheLedgerIsOneListOverAllShards(t *testing.T) {
	t.Parallel()
	s, shards, events := sales(t)
	base := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	const each = 1300 // more than a page of transactions of two lines, several at the same moment
	for n, db := range shards {
		_, err := db.Exec(t.Context(), `
			INSERT INTO journal (transaction_id, account, booking_id, event_id, amount, currency, created_at)
			SELECT 'bk_' || $1::int || '_' || i || '/sale', a.account, 'bk_' || i, $2, a.sign * i, 'EUR', $3::timestamptz + (i / 100) * interval '1 minute'
			FROM generate_series(1, $4::int) i, (VALUES ('receivable:stripe', 1), ('payable:organizer', -1)) AS a (account, sign)`, n, events[n], base, each)
		require.NoError(t, err)
	}
	_, all := balances(t, s, postgres.LedgerQuery{})
	require.Len(t, all, 2*2*each)
	for i := 1; i < len(all); i++ {
		require.False(t, all[i].At.Before(all[i-1].At))
		if i%2 == 1 {
			require.Equal(t, all[i-1].TransactionID, all[i].TransactionID)
			require.Zero(t, all[i-1].Amount.Amount+all[i].Amount.Amount)
		}
	}
	_, one := balances(t, s, postgres.LedgerQuery{EventID: events[1]})
	require.Len(t, one, 2*each)
	_, some := balances(t, s, postgres.LedgerQuery{From: base.Add(time.Minute), To: base.Add(3 * time.Minute)})
	require.Len(t, some, 2*2*200)
	enough := errors.New("enough")
	require.ErrorIs(t, s.Ledger(t.Context(), postgres.LedgerQuery{}, func(*ticket.JournalEntry) error { return enough }), enough)
}
