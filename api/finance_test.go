package api_test

import (
	"context"
	"encoding/csv"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/api"
	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/postgres"
	"yourticket.example/migrations"
	"yourticket.example/ticket"
)

// matcher reconciles at once: what both sides say is given.
type matcher struct {
	books        *postgres.Catalogue
	theirs, ours []ticket.Movement
	began        int
}

func (m *matcher) Reconcile(ctx context.Context, r ticket.Reconciliation) error {
	m.began++
	for side, list := range map[string][]ticket.Movement{postgres.SideTheirs: m.theirs, postgres.SideOurs: m.ours} {
		if err := m.books.AddEntries(ctx, r.ID, ticket.Stripe, side, list); err != nil {
			return err
		}
	}
	if err := m.books.MatchEntries(ctx, r.ID, ticket.Stripe, r.To, r.To); err != nil {
		return err
	}
	return m.books.FinishReconciliation(ctx, r.ID, "")
}

func newFinance(t *testing.T) (*world, *matcher, func(...ticket.Role) string) {
	t.Helper()
	url := partstest.Postgres(t)
	_, err := postgres.MigrateUp(t.Context(), url, "catalogue", migrations.Catalogue())
	require.NoError(t, err)
	pool, err := postgres.Open(t.Context(), url, postgres.Options{MaxConns: 4})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	m := &matcher{books: postgres.NewCatalogue(pool)}
	w, issue := lightWorld(t, func(d *api.Deps) {
		d.Requests, d.FinanceDeps = m.books, api.FinanceDeps{Reconciliations: m.books, Reconciler: m, Ledgers: brokenLedgers{}}
	}, "finance")
	return w, m, issue
}

func TestFinanceReadsAReconciliation(t *testing.T) {
	t.Parallel()
	w, m, issue := newFinance(t)
	at := time.Now().UTC().Add(-2 * time.Hour).Truncate(time.Second)
	move := func(id string, amount int64) ticket.Movement {
		return ticket.Movement{ID: id, Kind: ticket.MovementCapture, Ref: "ch_" + id, BookingID: "bk_" + id, Amount: amount, Fee: 30, Currency: "EUR", At: at}
	}
	m.theirs = []ticket.Movement{move("1", 100), move("2", 200), move("=cmd()", 300)}
	m.ours = []ticket.Movement{move("1", 100), move("2", 199), move("4", 400)}
	token := issue(ticket.RoleFinance)
	body := map[string]any{"from": at.Add(-time.Hour), "to": at.Add(time.Hour)}
	key := header{"Idempotency-Key", "report"}
	created := w.do(t, http.MethodPost, "/v1/finance/reconciliations", token, body, key).want(t, http.StatusCreated)
	id, _ := created.body["id"].(string)
	require.Equal(t, []any{"stripe", "paypal"}, created.body["providers"])
	require.Equal(t, id, w.do(t, http.MethodPost, "/v1/finance/reconciliations", token, body, key).want(t, http.StatusCreated).body["id"])
	require.Equal(t, 1, m.began)

	path := "/v1/finance/reconciliations/" + id
	report := w.do(t, http.MethodGet, path+"?limit=3", token, nil).want(t, http.StatusOK)
	require.Equal(t, "done", report.body["status"])
	require.InDelta(t, 3, report.body["differences"], 0)
	require.Len(t, report.body["items"], 3)
	require.Len(t, report.body["totals"], 4)
	cursor, _ := report.body["next_cursor"].(string)
	rest := w.do(t, http.MethodGet, path+"?limit=3&cursor="+cursor, token, nil).want(t, http.StatusOK)
	require.Len(t, rest.body["items"], 1)
	require.NotContains(t, rest.body, "next_cursor")
	require.Len(t, w.do(t, http.MethodGet, path+"?differences=true", token, nil).body["items"], 3)
	list := w.do(t, http.MethodGet, "/v1/finance/reconciliations", token, nil).want(t, http.StatusOK)
	require.Len(t, list.body["items"], 1)

	table := w.do(t, http.MethodGet, path+".csv", token, nil).want(t, http.StatusOK)
	require.Equal(t, "text/csv; charset=utf-8", table.header.Get("Content-Type"))
	rows, err := csv.NewReader(strings.NewReader(string(table.raw))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 5)
	for _, row := range rows[1:] {
		switch row[0] {
		case "amount_differs":
			require.Equal(t, []string{"EUR", "2.00", "1.99", "0.01", "0.30"}, row[8:13])
		case "ours_only":
			require.Equal(t, []string{"EUR", "", "4.00", "-4.00", "0.00"}, row[8:13])
		case "provider_only":
			require.Equal(t, "'=cmd()", row[5], "no formula reaches a spreadsheet")
		default:
			require.Equal(t, "matched", row[0])
		}
	}
}

func TestOnlyFinanceReconciles(t *testing.T) {
	t.Parallel()
	w, m, issue := newFinance(t)
	body := map[string]any{"from": time.Now().Add(-time.Hour), "to": time.Now()}
	for _, role := range []ticket.Role{ticket.RoleBuyer, ticket.RoleOrganizer, ticket.RoleSupport, ticket.RoleDoor} {
		w.do(t, http.MethodPost, "/v1/finance/reconciliations", issue(role), body).problem(t, http.StatusForbidden, ticket.CodeForbidden)
		w.do(t, http.MethodGet, "/v1/finance/reconciliations", issue(role), nil).problem(t, http.StatusForbidden, ticket.CodeForbidden)
	}
	w.do(t, http.MethodGet, "/v1/finance/reconciliations", "", nil).problem(t, http.StatusUnauthorized, ticket.CodeUnauthorized)
	require.Zero(t, m.began)
}

func TestReconciliationsOfNoTimeAreRefused(t *testing.T) {
	t.Parallel()
	w, m, issue := newFinance(t)
	now := time.Now()
	for name, c := range map[string]struct {
		body  any
		field string
	}{
		"backwards":        {map[string]any{"from": now, "to": now.Add(-time.Hour)}, "to"},
		"empty":            {map[string]any{"from": now, "to": now}, "to"},
		"in the future":    {map[string]any{"from": now, "to": now.Add(time.Hour)}, "to"},
		"too long":         {map[string]any{"from": now.AddDate(-2, 0, 0), "to": now}, "from"},
		"another bank":     {map[string]any{"from": now.Add(-time.Hour), "to": now, "providers": []string{"bank"}}, "providers[0]"},
		"a provider twice": {map[string]any{"from": now.Add(-time.Hour), "to": now, "providers": []string{"stripe", "stripe"}}, "providers"},
	} {
		a := w.do(t, http.MethodPost, "/v1/finance/reconciliations", issue(ticket.RoleFinance), c.body)
		require.GreaterOrEqual(t, a.status, 400, name)
		require.Less(t, a.status, 500, name)
		require.Contains(t, a.fields(), c.field, "%s: %s", name, a.raw)
	}
	w.do(t, http.MethodGet, "/v1/finance/reconciliations/rc_none", issue(ticket.RoleFinance), nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)
	require.Zero(t, m.began)
}
