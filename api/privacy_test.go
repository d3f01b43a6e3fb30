package api_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"yourticket.example/api"
	"yourticket.example/internal/auth"
	"yourticket.example/internal/catalogue"
	"yourticket.example/internal/postgres"
	"yourticket.example/internal/privacy"
	"yourticket.example/ticket"
)

const (
	markedEmail    = "zq7marker@example.org"
	markedName     = "Zq7marker Person"
	markedPassword = "zq7marker horse"
	marker         = "zq7marker"
)

// register is a door world in which accounts are exported and erased, with one
// account whose every word is marked.
type register struct {
	*doors
	catalogueDB *pgxpool.Pool
	persons     *privacy.Service
	id, access  string
	refresh     string
	n           int
}

func newRegister(t *testing.T) *register {
	t.Helper()
	r := &register{doors: newDoors(t)}
	var err error
	r.catalogueDB, err = postgres.Open(t.Context(), r.pgURL, postgres.Options{MaxConns: 4})
	require.NoError(t, err)
	t.Cleanup(r.catalogueDB.Close)
	living := auth.NewLiving(r.auth, r.store)
	r.persons = &privacy.Service{Catalogue: r.store, Sales: r.sales, Passwords: r.auth.Passwords, Ended: living.End}
	r.restart(t, living)
	r.id = r.do(t, "POST", "/v1/users", "", markedAccount(), header{"Idempotency-Key", "u"}).want(t, http.StatusCreated).body["id"].(string)
	s := r.do(t, "POST", "/v1/sessions", "", markedAccount("email", "password"), header{"Idempotency-Key", "s"}).want(t, http.StatusCreated)
	r.access, r.refresh = s.body["access_token"].(string), s.body["refresh_token"].(string)
	return r
}

// restart serves the same databases to whoever tokens are valid for.
func (r *register) restart(t *testing.T, tokens api.Verifier) {
	t.Helper()
	events, err := catalogue.New(r.store, nil)
	require.NoError(t, err)
	server, err := api.New(api.Deps{
		Tokens: tokens,
		CatalogueDeps: api.CatalogueDeps{
			Accounts: r.auth, Keys: r.auth.Keys, Secrets: r.auth.Passwords, Persons: r.persons, Requests: r.store,
			Events: events, Catalogue: r.store, Availability: r.seats, Blocks: r.seats, SalesBooks: r.sales,
		},
		BookingDeps: api.BookingDeps{
			Purchases: noPurchases{}, Refunds: noRefunds{}, Books: r.sales, Live: noLive{}, Plans: events, Codes: r.auth.Keys,
			Tickets: r.sales, People: r.store,
		},
	}, "gateway", "events", "bookings")
	require.NoError(t, err)
	r.listen(t, server)
}

func markedAccount(fields ...string) map[string]string {
	all := map[string]string{"email": markedEmail, "password": markedPassword, "name": markedName}
	if len(fields) == 0 {
		return all
	}
	some := map[string]string{}
	for _, f := range fields {
		some[f] = all[f]
	}
	return some
}

// buys makes a booking of the marked account, paid unless it stays as it is.
func (r *register) buys(t *testing.T, status ticket.BookingStatus, seat int) string {
	t.Helper()
	r.fence++
	r.n++
	items := []ticket.Item{{SeatIndex: seat, Category: "A", Price: 12550, Fee: 250}}
	row := postgres.HoldRow{
		ID: ticket.DeriveBookingID(r.event, r.id, fmt.Sprint("k", r.n)), EventID: r.event, BuyerID: r.id, Status: ticket.BookingPaying, Items: items,
		Total: ticket.Money{Amount: 12800, Currency: "EUR"}, Fence: r.fence, ExpiresAt: time.Now().Add(time.Minute), CreatedAt: time.Now(),
		Payment: &ticket.BegunPayment{Attempt: 1, Choice: ticket.PaymentChoice{PayPalPaymentToken: "tok_vault_" + marker}, At: time.Now()},
	}
	_, err := r.sales.SaveHold(t.Context(), row)
	require.NoError(t, err)
	if status == ticket.BookingConfirmed {
		require.NoError(t, r.sales.Commit(t.Context(), postgres.CommitRow{
			BookingID: row.ID, Fence: r.fence, Limit: 4, Tickets: []string{ticket.DeriveTicketID(row.ID, 0)}, At: time.Now(),
			Charge: ticket.Charge{Provider: ticket.Stripe, Attempt: 1, Ref: "pi_" + row.ID},
		}))
		require.NoError(t, r.sales.RecordCapture(t.Context(), row.ID, "ch_"+row.ID))
	}
	return row.ID
}

// lives leaves traces of the account wherever one can.
func (r *register) lives(t *testing.T) (kept, refunded string) {
	t.Helper()
	ctx := t.Context()
	kept, refunded = r.buys(t, ticket.BookingConfirmed, 0), r.buys(t, ticket.BookingConfirmed, 1)
	_, err := r.sales.BeginRefund(ctx, postgres.RefundOrder{
		ID: ticket.DeriveRefundID(refunded, "r"), BookingID: refunded, By: r.id, Source: ticket.RefundByBuyer, Resell: true,
		Reason: "I, " + markedName + ", am ill",
	})
	require.NoError(t, err)
	require.NoError(t, r.sales.AddMail(ctx, ticket.Mail{
		ID: refunded + "/note", Kind: ticket.MailRefund, ToID: r.id, EventID: r.event, BookingID: refunded, Facts: ticket.MailFacts{Note: "Dear " + markedName},
	}))
	_, err = r.store.MakeRoom(ctx, r.event, make([]byte, 32), make([]byte, 32))
	require.NoError(t, err)
	_, err = r.store.SaveQueueEntries(ctx, []postgres.QueueEntry{{EventID: r.event, BuyerID: r.id, Entry: 1, JoinedAt: time.Now()}})
	require.NoError(t, err)
	return kept, refunded
}

// traces names the tables of all databases in which a word is found, in whatever
// column, as it is or as bytes.
func (r *register) traces(t *testing.T, words ...string) (found []string) {
	t.Helper()
	var likes []string
	for _, w := range words {
		likes = append(likes, "%"+w+"%", "%"+hex.EncodeToString([]byte(w))+"%")
	}
	for n, db := range append([]*pgxpool.Pool{r.catalogueDB}, r.shards...) {
		rows, err := db.Query(t.Context(), `SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`)
		require.NoError(t, err)
		tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		require.Greater(t, len(tables), 10)
		for _, table := range tables {
			var hits int
			sql := `SELECT count(*) FROM ` + pgx.Identifier{table}.Sanitize() + ` AS t WHERE t::text ILIKE ANY($1)`
			require.NoError(t, db.QueryRow(t.Context(), sql, likes).Scan(&hits))
			if hits > 0 {
				found = append(found, fmt.Sprintf("%d %s", n, table))
			}
		}
	}
	return found
}

func (r *register) shard() int {
	n, _ := ticket.ShardOf(r.event)
	return n + 1
}

func TestAnExportHasAllThatIsKept(t *testing.T) {
	t.Parallel()
	r := newRegister(t)
	kept, refunded := r.lives(t)
	a := r.do(t, "GET", "/v1/me/export", r.access, nil).want(t, http.StatusOK)
	require.Equal(t, "no-store", a.header.Get("Cache-Control"))
	require.Contains(t, a.header.Get("Content-Disposition"), "attachment")
	account := a.body["account"].(object)
	require.Equal(t, markedEmail, account["email"])
	require.Equal(t, markedName, account["name"])
	require.NotContains(t, string(a.raw), "argon2")
	for list, n := range map[string]int{
		"sessions": 1, "bookings": 2, "payments": 2, "tickets": 2, "refunds": 1, "mails": 3, "waiting_room_places": 1, "events": 1,
		"transfers": 0, "check_ins": 0, "disputes": 0, "organized_events": 0, "changes": 0,
	} {
		require.Len(t, a.body[list], n, list)
	}
	require.Contains(t, string(a.raw), kept)
	require.Contains(t, string(a.raw), refunded)
	require.Equal(t, "tok_vault_"+marker, a.body["bookings"].([]any)[0].(object)["payment_methods"].(object)["paypal_payment_token"])

	_, other := r.token(t, ticket.RoleBuyer)
	b := r.do(t, "GET", "/v1/me/export", other, nil).want(t, http.StatusOK)
	require.NotContains(t, strings.ToLower(string(b.raw)), marker)
	require.Empty(t, b.body["bookings"])
	r.do(t, "GET", "/v1/me/export", "", nil).problem(t, http.StatusUnauthorized, ticket.CodeUnauthorized)
}

func TestNothingOfAnErasedPersonIsLeft(t *testing.T) {
	t.Parallel()
	r := newRegister(t)
	kept, _ := r.lives(t)
	var hash string
	require.NoError(t, r.catalogueDB.QueryRow(t.Context(), `SELECT password_hash FROM users WHERE id = $1`, r.id).Scan(&hash))
	words := []string{marker, markedName, hash[strings.LastIndexByte(hash, '$')+1:]}
	at := r.shard()
	require.Equal(t, []string{
		"0 users", fmt.Sprintf("%d bookings", at), fmt.Sprintf("%d outbox", at), fmt.Sprintf("%d refunds", at),
	}, r.traces(t, words...), "the traces that erasure has to find")
	books := r.books(t)

	erase := map[string]any{"password": markedPassword, "leave_tickets": true}
	r.do(t, "DELETE", "/v1/me", r.access, erase).want(t, http.StatusNoContent)
	require.Empty(t, r.traces(t, words...))
	require.Equal(t, books, r.books(t), "the books stay")

	r.do(t, "GET", "/v1/me", r.access, nil).problem(t, http.StatusUnauthorized, ticket.CodeUnauthorized)
	r.do(t, "POST", "/v1/sessions/refresh", "", map[string]string{"refresh_token": r.refresh}).
		problem(t, http.StatusUnauthorized, ticket.CodeUnauthorized)
	r.do(t, "POST", "/v1/sessions", "", markedAccount("email", "password")).problem(t, http.StatusUnauthorized, ticket.CodeBadCredentials)
	require.Equal(t, ticket.CodeUnauthorized, ticket.CodeOf(r.store.CreateSession(t.Context(), "se_late", r.id, []byte("late"), time.Now().Add(time.Hour))))
	b, err := r.sales.Booking(t.Context(), kept)
	require.NoError(t, err)
	require.Equal(t, ticket.BookingConfirmed, b.Status)
	require.Equal(t, ticket.TicketLive, b.Tickets[0].Status)

	again := r.do(t, "POST", "/v1/users", "", markedAccount()).want(t, http.StatusCreated)
	require.NotEqual(t, r.id, again.body["id"])
	s := r.do(t, "POST", "/v1/sessions", "", markedAccount("email", "password")).want(t, http.StatusCreated)
	require.Empty(t, r.do(t, "GET", "/v1/me/bookings", s.body["access_token"].(string), nil).want(t, http.StatusOK).body["items"])
}

// books adds up what must not change.
func (r *register) books(t *testing.T) (sums []string) {
	t.Helper()
	for _, db := range r.shards {
		for _, sql := range []string{
			`SELECT count(*) || ' ' || COALESCE(sum(abs(amount)), 0) FROM journal`, `SELECT count(*) || ' ' || COALESCE(sum(amount), 0) FROM payments`,
			`SELECT count(*) || ' ' || COALESCE(string_agg(status, ',' ORDER BY id), '') FROM tickets`, `SELECT count(*) || ' ' || COALESCE(sum(amount), 0) FROM refunds`,
		} {
			var sum string
			require.NoError(t, db.QueryRow(t.Context(), sql).Scan(&sum))
			sums = append(sums, sum)
		}
	}
	return sums
}

func TestAnAccountIsErasedByItsOwnerOnly(t *testing.T) {
	t.Parallel()
	r := newRegister(t)
	right := map[string]any{"password": markedPassword}
	r.do(t, "DELETE", "/v1/me", "", right).problem(t, http.StatusUnauthorized, ticket.CodeUnauthorized)
	wrong := r.do(t, "DELETE", "/v1/me", r.access, map[string]any{"email": markedEmail}).problem(t, http.StatusUnprocessableEntity, ticket.CodeInvalid)
	require.Equal(t, []string{"password"}, wrong.fields())
	r.do(t, "DELETE", "/v1/me", r.access, map[string]any{"password": "another horse"}).problem(t, http.StatusUnauthorized, ticket.CodeBadCredentials)

	held := r.buys(t, ticket.BookingPaying, 0)
	busy := r.do(t, "DELETE", "/v1/me", r.access, map[string]any{"password": markedPassword, "leave_tickets": true}).
		problem(t, http.StatusConflict, ticket.CodeConflict)
	require.Equal(t, []any{held}, busy.body["bookings"])
	_, err := r.shards[r.shard()-1].Exec(t.Context(), `UPDATE bookings SET status = 'canceled' WHERE id = $1`, held)
	require.NoError(t, err)

	r.buys(t, ticket.BookingConfirmed, 1)
	unused := r.do(t, "DELETE", "/v1/me", r.access, right).problem(t, http.StatusConflict, ticket.CodeConflict)
	require.InDelta(t, 1, unused.body["tickets"], 0)
	require.Equal(t, []any{r.event}, unused.body["events"])
	r.do(t, "GET", "/v1/me", r.access, nil).want(t, http.StatusOK)
	_, err = r.catalogueDB.Exec(t.Context(), `UPDATE events SET starts_at = now() - interval '3 days' WHERE id = $1`, r.event)
	require.NoError(t, err)
	r.do(t, "DELETE", "/v1/me", r.access, right).want(t, http.StatusNoContent)

	outside, token := r.token(t, ticket.RoleBuyer)
	_, err = r.catalogueDB.Exec(t.Context(), `UPDATE users SET password_hash = '' WHERE id = $1`, outside)
	require.NoError(t, err)
	a := r.do(t, "DELETE", "/v1/me", token, map[string]any{"password": "none"}).problem(t, http.StatusUnprocessableEntity, ticket.CodeInvalid)
	require.Equal(t, []string{"email"}, a.fields())
	r.do(t, "DELETE", "/v1/me", token, map[string]any{"email": outside + "@EXAMPLE.org"}).want(t, http.StatusNoContent)
}

// brokenSales forgets nobody until it is mended.
type brokenSales struct {
	privacy.Sales
	broken bool
}

func (b *brokenSales) ScrubUser(ctx context.Context, id string) error {
	if b.broken {
		return ticket.Errorf(ticket.CodeUnavailable, "The database does not answer at the moment.")
	}
	return b.Sales.ScrubUser(ctx, id)
}

func TestAnErasureThatWasBrokenOffIsEnded(t *testing.T) {
	t.Parallel()
	r := newRegister(t)
	r.lives(t)
	sales := &brokenSales{Sales: r.sales, broken: true}
	r.persons.Sales = sales
	erase := map[string]any{"password": markedPassword, "leave_tickets": true}
	r.do(t, "DELETE", "/v1/me", r.access, erase).want(t, http.StatusNoContent)
	require.NotEmpty(t, r.traces(t, marker))
	sales.broken = false
	require.NoError(t, r.persons.Mend(t.Context()))
	require.NotEmpty(t, r.traces(t, marker), "whoever began has a minute")
	_, err := r.catalogueDB.Exec(t.Context(), `UPDATE users SET erased_at = erased_at - interval '2 minutes' WHERE id = $1`, r.id)
	require.NoError(t, err)
	require.NoError(t, r.persons.Mend(t.Context()))
	require.Empty(t, r.traces(t, marker))

	other := auth.NewLiving(r.auth, r.store) // of another process
	_, err = other.Verify(t.Context(), r.access)
	require.NoError(t, err)
	require.NoError(t, other.Look(t.Context()))
	_, err = other.Verify(t.Context(), r.access)
	require.Equal(t, ticket.CodeUnauthorized, ticket.CodeOf(err))
}
