package api_test

import (
	"context"
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/api"
	"yourticket.example/internal/catalogue"
	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// desk is finance's view of sold tickets.
type desk struct {
	*doors
	finance string // a token
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{doors: newDoors(t)}
	events, err := catalogue.New(d.store, nil)
	require.NoError(t, err)
	server, err := api.New(api.Deps{
		Tokens: d.auth, CatalogueDeps: api.CatalogueDeps{Requests: d.store}, BookingDeps: api.BookingDeps{Plans: events},
		FinanceDeps: api.FinanceDeps{Reconciliations: d.store, Reconciler: &matcher{books: d.store}, Ledgers: d.sales},
	}, "finance")
	require.NoError(t, err)
	d.listen(t, server)
	_, d.finance = d.token(t, ticket.RoleFinance)
	return d
}

func (d *desk) table(t *testing.T, path string) (head []string, rows []map[string]string) {
	t.Helper()
	a := d.do(t, http.MethodGet, path, d.finance, nil).want(t, http.StatusOK)
	require.Equal(t, "text/csv; charset=utf-8", a.header.Get("Content-Type"))
	require.Contains(t, a.header.Get("Content-Disposition"), ".csv")
	require.Equal(t, strings.Count(string(a.raw), "\n"), strings.Count(string(a.raw), "\r\n"))
	all, err := csv.NewReader(strings.NewReader(string(a.raw))).ReadAll()
	require.NoError(t, err)
	for _, row := range all[1:] {
		line := map[string]string{}
		for i, name := range all[0] {
			line[name] = row[i]
		}
		rows = append(rows, line)
	}
	return all[0], rows
}

func TestSumsOfTheLedgerAreTheSettlement(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	first := d.sell(t, 0, 1)
	d.sell(t, 2)
	require.NoError(t, d.sales.RecordCapture(t.Context(), first.ID, "=cmd()"))
	_, err := d.sales.BeginRefund(t.Context(), postgres.RefundOrder{
		ID: ticket.DeriveRefundID(first.ID, "r"), BookingID: first.ID, Seats: []int{1}, Source: ticket.RefundBySupport, Resell: true,
	})
	require.NoError(t, err)

	head, rows := d.table(t, "/v1/finance/ledger.csv?event_id="+d.event)
	require.Equal(t, []string{
		"transaction_id", "time", "account", "event_id", "booking_id", "provider_reference", "currency", "amount", "amount_minor",
	}, head)
	sums, transactions := map[string]int64{}, map[string]int64{}
	for _, row := range rows {
		minor, err := strconv.ParseInt(row["amount_minor"], 10, 64)
		require.NoError(t, err)
		require.Equal(t, ticket.Money{Amount: minor, Currency: "EUR"}.Decimal(), row["amount"])
		sums[row["account"]] += minor
		transactions[row["transaction_id"]] += minor
		if strings.HasSuffix(row["transaction_id"], "/capture") {
			require.Equal(t, "'=cmd()", row["provider_reference"], "a spreadsheet must not take it for a formula")
		}
	}
	require.Len(t, transactions, 4)
	for id, sum := range transactions {
		require.Zero(t, sum, id)
	}
	st := d.do(t, http.MethodGet, "/v1/finance/settlements?event_id="+d.event, d.finance, nil).want(t, http.StatusOK)
	require.Equal(t, d.event, st.body["event_id"])
	eur := st.body["items"].([]any)[0].(object)
	amount := func(of object, name string) int64 { return int64(of[name].(object)["amount"].(float64)) }
	require.Equal(t, -sums["payable:organizer"], amount(eur, "net_to_organizer"))
	require.Equal(t, int64(2*12550), amount(eur, "net_to_organizer"))
	require.Equal(t, -sums["revenue:fees"], amount(eur, "our_fees"))
	require.Equal(t, int64(3*12800), amount(eur["gross"].(object), "total"))
	require.Equal(t, int64(12800), amount(eur["refunds"].(object), "total"))
	require.Zero(t, amount(eur, "difference"))
	for _, b := range eur["balances"].([]any) {
		require.Equal(t, sums[b.(object)["account"].(string)], amount(b.(object), "amount"))
	}

	_, lines := d.table(t, "/v1/finance/settlements.csv?event_id="+d.event)
	net := int64(0)
	for _, l := range lines {
		switch l["line"] {
		case "gross", "refunds", "disputes", "adjustments":
			n, err := strconv.ParseInt(l["face_minor"], 10, 64)
			require.NoError(t, err)
			net += n
		case "net":
			require.Equal(t, strconv.FormatInt(net, 10), l["face_minor"])
			require.Equal(t, "251.00", l["face"])
		case "category":
			require.Equal(t, "A", l["item"])
			require.Equal(t, "3", l["tickets"])
		}
	}
	accept := d.do(t, http.MethodGet, "/v1/finance/settlements?event_id="+d.event, d.finance, nil, header{"Accept", "text/csv"})
	require.Equal(t, "text/csv; charset=utf-8", accept.header.Get("Content-Type"))

	today := time.Now().UTC().Format(time.DateOnly)
	tomorrow := time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)
	_, byDay := d.table(t, "/v1/finance/ledger.csv?from="+today+"&to="+tomorrow)
	require.Len(t, byDay, len(rows))
	_, before := d.table(t, "/v1/finance/ledger.csv?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00%2B02:00")
	require.Empty(t, before)
}

func TestLedgersOfNothingNameTheParameter(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	const ledger, settlements = "/v1/finance/ledger.csv", "/v1/finance/settlements"
	for path, fields := range map[string][]string{
		ledger:                                                     {"from", "to"},
		ledger + "?from=2026-01-01":                                {"to"},
		ledger + "?from=yesterday&to=2026-01-01":                   {"from"},
		ledger + "?from=2026-01-02&to=2026-01-02":                  {"to"},
		ledger + "?from=2026-01-02&to=2026-01-01":                  {"to"},
		ledger + "?event_id=none":                                  {"event_id"},
		ledger + "?event_id=" + strings.Repeat("x", 300):           {"event_id"},
		ledger + "?event_id=none&to=2026-13-01":                    {"event_id", "to"},
		ledger + "?from=0001-01-01T00:00:00%2B23:00&to=2026-01-02": {"from"},
		settlements:                    {"event_id"},
		settlements + "?event_id=none": {"event_id"},
		settlements + ".csv":           {"event_id"},
	} {
		a := d.do(t, http.MethodGet, path, d.finance, nil).problem(t, http.StatusUnprocessableEntity, ticket.CodeInvalid)
		require.ElementsMatch(t, fields, a.fields(), path)
	}
	for _, role := range []ticket.Role{ticket.RoleBuyer, ticket.RoleOrganizer, ticket.RoleSupport, ticket.RoleDoor} {
		_, token := d.token(t, role)
		for _, path := range []string{ledger + "?event_id=" + d.event, settlements + "?event_id=" + d.event, settlements + ".csv?event_id=" + d.event} {
			d.do(t, http.MethodGet, path, token, nil).problem(t, http.StatusForbidden, ticket.CodeForbidden)
		}
	}
	d.do(t, http.MethodGet, ledger+"?event_id="+d.event, "", nil).problem(t, http.StatusUnauthorized, ticket.CodeUnauthorized)
	_, admin := d.token(t, ticket.RoleAdmin)
	d.do(t, http.MethodGet, ledger+"?event_id="+d.event, admin, nil).want(t, http.StatusOK)
}

// brokenLedgers fail after some entries.
type brokenLedgers struct {
	api.Ledgers
	after int
}

func (b brokenLedgers) Ledger(_ context.Context, _ postgres.LedgerQuery, each func(*ticket.JournalEntry) error) error {
	for range b.after {
		if err := each(&ticket.JournalEntry{TransactionID: "x", At: time.Now()}); err != nil {
			return err
		}
	}
	return ticket.Errorf(ticket.CodeUnavailable, "The database does not answer at the moment.")
}

func TestALedgerIsWholeOrCut(t *testing.T) {
	t.Parallel()
	const path = "/v1/finance/ledger.csv?from=2026-01-01&to=2026-01-02"
	for _, after := range []int{0, 5000} {
		m := &matcher{}
		w, issue := lightWorld(t, func(d *api.Deps) {
			d.FinanceDeps = api.FinanceDeps{Reconciliations: m.books, Reconciler: m, Ledgers: brokenLedgers{after: after}}
		}, "finance")
		token := issue(ticket.RoleFinance)
		if after == 0 {
			w.do(t, http.MethodGet, path, token, nil).problem(t, http.StatusServiceUnavailable, ticket.CodeUnavailable)
			continue
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+path, nil)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+token)
		res, err := w.client.Do(r)
		require.NoError(t, err)
		t.Cleanup(func() { _ = res.Body.Close() })
		rows, err := csv.NewReader(res.Body).ReadAll()
		require.Error(t, err, "%d rows came as if they were all", len(rows))
	}
}
