package workers_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/paypal"
	"yourticket.example/internal/postgres"
	"yourticket.example/internal/sandbox"
	"yourticket.example/internal/stripe"
	"yourticket.example/migrations"
	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

// office is finance's desk on a real PostgreSQL of two shards, and the sandbox
// with the providers' own clients.
type office struct {
	t         *testing.T
	pools     []*pgxpool.Pool
	catalogue *postgres.Catalogue
	sales     *postgres.Sales
	box       *httptest.Server
	providers map[ticket.Provider]ticket.PaymentProvider
	steps     *activities.Reconciliations
	settled   []ticket.ChargeQuery
	reviewed  []string
	seq       int
	// handOn has every run hand on to the next as soon as it has done something.
	handOn bool
	runs   int
	// review is what a review does, where it does not end at once.
	review func(ctx workflow.Context)
}

// settledReader says that the books are complete, as they are hours later.
type settledReader struct{ activities.MovementReader }

func (r settledReader) Movements(ctx context.Context, from, to time.Time, cursor string) (ticket.MovementPage, error) {
	page, err := r.MovementReader.Movements(ctx, from, to, cursor)
	page.Until = time.Now().Add(time.Hour)
	return page, err
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, providers: map[ticket.Provider]ticket.PaymentProvider{}}
	url := partstest.Postgres(t)
	_, err := postgres.MigrateUp(t.Context(), url, "catalogue", migrations.Catalogue())
	require.NoError(t, err)
	for i := range 2 {
		shard := url
		if i > 0 {
			shard = partstest.Postgres(t)
		}
		_, err := postgres.MigrateUp(t.Context(), shard, "sales", migrations.Sales())
		require.NoError(t, err)
		pool, err := postgres.Open(t.Context(), shard, postgres.Options{MaxConns: 4})
		require.NoError(t, err)
		t.Cleanup(pool.Close)
		o.pools = append(o.pools, pool)
	}
	o.catalogue, o.sales = postgres.NewCatalogue(o.pools[0]), postgres.NewSales(o.pools)
	o.box = httptest.NewServer(sandbox.New(sandbox.Options{}))
	t.Cleanup(o.box.Close)
	s, err := stripe.New(stripe.Options{APIKey: "sk_test_1", URL: o.box.URL})
	require.NoError(t, err)
	p, err := paypal.New(paypal.Options{ClientID: "id", ClientSecret: "secret", URL: o.box.URL})
	require.NoError(t, err)
	o.providers[ticket.Stripe], o.providers[ticket.PayPal] = s, p
	o.steps = &activities.Reconciliations{
		Books: o.catalogue, Money: o.sales,
		Providers: map[ticket.Provider]activities.MovementReader{ticket.Stripe: settledReader{s}, ticket.PayPal: settledReader{p}},
		Pace:      func(context.Context, ticket.Provider) error { return nil },
		Now:       func() time.Time { return time.Now().Add(2 * time.Hour) },
	}
	return o
}

// sold is a booking with its charge as our books have it.
type sold struct {
	request ticket.ChargeRequest
	charge  ticket.Charge
	capture string
}

// takes captures money at a provider for a new booking of ours.
func (o *office) takes(p ticket.Provider, amount int64) sold {
	o.t.Helper()
	o.seq++
	event := ticket.NewID(ticket.KindEvent, o.seq%2)
	s := sold{request: ticket.ChargeRequest{
		BookingID: ticket.DeriveBookingID(event, "us_1", fmt.Sprint("key-", o.seq)), EventID: event, Attempt: 1,
		Amount: ticket.Money{Amount: amount, Currency: "EUR"},
		Choice: ticket.PaymentChoice{StripePaymentMethod: "pm_card_visa", PayPalPaymentToken: "tok_vault_1"},
	}}
	s.charge = o.providers[p].Authorize(o.t.Context(), s.request)
	require.Equal(o.t, ticket.OutcomeAuthorized, s.charge.Outcome)
	var err error
	s.capture, err = o.providers[p].Capture(o.t.Context(), s.request, s.charge)
	require.NoError(o.t, err)
	_, err = o.shard(s).Exec(o.t.Context(), `
		INSERT INTO bookings (id, event_id, buyer_id, status, fingerprint, seat_indexes, categories, prices, fees, total, currency, fence, hold_expires_at)
		VALUES ($1, $2, 'us_1', 'confirmed', '', '{1}', '{A}', ARRAY[$3::bigint], '{0}', $3, 'EUR', 1, now())`, s.request.BookingID, event, amount)
	require.NoError(o.t, err)
	return s
}

func (o *office) shard(s sold) *pgxpool.Pool {
	n, _ := ticket.ShardOf(s.request.BookingID)
	return o.pools[n]
}

// books writes the payment as a purchase does.
func (o *office) books(s sold, status string, amount int64) sold {
	o.t.Helper()
	_, err := o.shard(s).Exec(o.t.Context(), `
		INSERT INTO payments (booking_id, provider, attempt, status, fallback, ref, order_ref, capture_ref, amount, currency, captured_at)
		VALUES ($1, $2, 1, $3, false, $4, $5, CASE WHEN $3 = 'authorized' THEN '' ELSE $6 END, $7, 'EUR', CASE WHEN $3 = 'authorized' THEN NULL ELSE now() END)`,
		s.request.BookingID, s.charge.Provider, status, s.charge.Ref, s.charge.OrderRef, s.capture, amount)
	require.NoError(o.t, err)
	return s
}

// reconciles runs the workflow over the last hours.
func (o *office) reconciles(from, to time.Time) (ticket.Reconciliation, []ticket.ReconciliationLine) {
	o.t.Helper()
	o.seq++
	r := o.executes(workflows.ReconcileInput{
		ID: fmt.Sprint("rc_", o.seq), Providers: []ticket.Provider{ticket.Stripe, ticket.PayPal}, From: from, To: to, RequestedBy: "us_finance",
	}, nil)
	lines, err := o.catalogue.ReconciliationLines(o.t.Context(), r.ID, 0, 10_000, false)
	require.NoError(o.t, err)
	return r, lines
}

// executes runs the workflow, and the runs that it hands on to.
func (o *office) executes(in workflows.ReconcileInput, prepare func(env *testsuite.TestWorkflowEnvironment)) (r ticket.Reconciliation) {
	o.t.Helper()
	for o.runs = 1; ; o.runs++ {
		env := o.environment()
		if prepare != nil {
			prepare(env)
		}
		env.ExecuteWorkflow(workflows.ReconcileType, in)
		err := env.GetWorkflowError()
		if next := (*workflow.ContinueAsNewError)(nil); errors.As(err, &next) {
			in = workflows.ReconcileInput{}
			require.NoError(o.t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &in))
			continue
		}
		require.NoError(o.t, err)
		require.NoError(o.t, env.GetWorkflowResult(&r))
		return r
	}
}

func (o *office) environment() *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute)
	env.RegisterActivity(o.steps)
	env.RegisterWorkflowWithOptions(workflows.Reconcile, workflow.RegisterOptions{Name: workflows.ReconcileType})
	env.RegisterWorkflowWithOptions(func(_ workflow.Context, in workflows.SettleInput) (workflows.SettleResult, error) {
		o.settled = append(o.settled, in.Query)
		return workflows.SettleResult{}, nil
	}, workflow.RegisterOptions{Name: workflows.SettleType})
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context, in activities.ReviewInput) (workflows.ReviewResult, error) {
		o.reviewed = append(o.reviewed, in.BookingID)
		if o.review != nil {
			o.review(ctx)
		}
		return workflows.ReviewResult{}, nil
	}, workflow.RegisterOptions{Name: workflows.ReviewType})
	env.SetOnActivityCompletedListener(func(info *activity.Info, _ converter.EncodedValue, _ error) {
		if o.handOn && info.ActivityType.Name != "BeginReconciliation" {
			env.SetCurrentHistoryLength(5000)
		}
	})
	return env
}

func (o *office) control(path, body string) {
	o.t.Helper()
	r, err := http.Post(o.box.URL+path, "application/json", strings.NewReader(body))
	require.NoError(o.t, err)
	text, err := io.ReadAll(r.Body)
	require.NoError(o.t, err)
	require.NoError(o.t, r.Body.Close())
	require.Less(o.t, r.StatusCode, 300, "%s", text)
}

// stripeCall speaks to the provider behind our back.
func (o *office) stripeCall(path string, form url.Values) (id string) {
	o.t.Helper()
	r, err := http.NewRequestWithContext(o.t.Context(), http.MethodPost, o.box.URL+path, strings.NewReader(form.Encode()))
	require.NoError(o.t, err)
	r.Header.Set("Authorization", "Bearer sk_test_1")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(r)
	require.NoError(o.t, err)
	defer func() { require.NoError(o.t, resp.Body.Close()) }()
	var out struct {
		ID string `json:"id"`
	}
	require.NoError(o.t, json.NewDecoder(resp.Body).Decode(&out))
	require.Equal(o.t, http.StatusOK, resp.StatusCode)
	return out.ID
}

// TestReconciliationFindsExactlyWhatWasPlanted has matching payments on two
// shards at both providers, and one difference of each kind.
func TestReconciliationFindsExactlyWhatWasPlanted(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	from := time.Now().Add(-time.Hour).Truncate(time.Second)
	for i := range 8 {
		o.books(o.takes([]ticket.Provider{ticket.Stripe, ticket.PayPal}[i%2], int64(1000+i)), "captured", int64(1000+i))
	}
	wrong := o.books(o.takes(ticket.Stripe, 5000), "captured", 4999)
	orphan := o.takes(ticket.PayPal, 6000)
	missed := o.books(o.takes(ticket.Stripe, 7000), "authorized", 7000)
	ghost := o.books(o.takes(ticket.Stripe, 900), "authorized", 900)
	_, err := o.shard(ghost).Exec(t.Context(), `
		UPDATE payments SET status = 'captured', capture_ref = 'ch_never', captured_at = now(), amount = 8000 WHERE booking_id = $1`, ghost.request.BookingID)
	require.NoError(t, err)
	foreign := o.stripeCall("/v1/payment_intents", url.Values{
		"amount": {"900"}, "currency": {"eur"}, "confirm": {"true"}, "payment_method": {"pm_card_visa"}, "return_url": {"https://example.org"},
	})
	r, lines := o.reconciles(from, time.Now().Add(time.Second))

	got := map[ticket.ReconciliationResult][]ticket.ReconciliationLine{}
	for _, l := range lines {
		got[l.Result] = append(got[l.Result], l)
	}
	require.Len(t, got[ticket.ResultMatched], 8)
	require.Len(t, got[ticket.ResultAmountDiffers], 1)
	require.Equal(t, wrong.request.BookingID, got[ticket.ResultAmountDiffers][0].BookingID)
	require.Equal(t, int64(5000), *got[ticket.ResultAmountDiffers][0].TheirAmount)
	require.Equal(t, int64(4999), *got[ticket.ResultAmountDiffers][0].OurAmount)
	require.Len(t, got[ticket.ResultOursOnly], 1)
	require.Equal(t, "ch_never", got[ticket.ResultOursOnly][0].Ref)
	byBooking := map[string]ticket.ReconciliationLine{}
	for _, l := range got[ticket.ResultProviderOnly] {
		byBooking[l.BookingID] = l
	}
	require.Len(t, byBooking, 4)
	require.Contains(t, byBooking[orphan.request.BookingID].Action, "undone by settle/")
	require.Equal(t, "the capture was booked", byBooking[missed.request.BookingID].Action)
	require.Empty(t, byBooking[ghost.request.BookingID].Action, "our books name another capture: people must look")
	require.Equal(t, foreign, byBooking[""].Parent)
	require.Empty(t, byBooking[""].Action, "what names no booking of ours is left alone")
	require.Equal(t, int64(6), r.Differences)
	require.Equal(t, ticket.ReconciliationDone, r.Status)

	require.Len(t, o.settled, 1)
	require.Equal(t, orphan.charge.Ref, o.settled[0].Ref)
	require.Equal(t, ticket.PayPal, o.settled[0].Provider)
	var status string
	require.NoError(t, o.shard(missed).QueryRow(t.Context(), `SELECT status FROM payments WHERE booking_id = $1`, missed.request.BookingID).Scan(&status))
	require.Equal(t, "captured", status)
	o.journalBalances(10) // with those of the orphan and of the missed capture, whose day is not reconciled again

	_, again := o.reconciles(from, time.Now().Add(time.Second))
	matched := 0
	for _, l := range again {
		if l.Result == ticket.ResultMatched {
			matched++
		}
	}
	require.Equal(t, 9, matched, "the missed capture matches now")
	o.journalBalances(10)
}

// TestAnOrphanThatWentBackIsNoDifference reconciles the day on which orphans were
// found once more, and the one on which only their refunds lie. One whose money
// went back in part stays a difference.
func TestAnOrphanThatWentBackIsNoDifference(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	from := time.Now().Add(-time.Hour).Truncate(time.Second)
	orphans := []sold{o.takes(ticket.Stripe, 6000), o.takes(ticket.PayPal, 7000)}
	part := o.takes(ticket.Stripe, 8000)
	r, _ := o.reconciles(from, time.Now().Add(time.Second))
	require.EqualValues(t, 3, r.Differences)
	require.Len(t, o.settled, 3)
	time.Sleep(2 * time.Second)
	between := time.Now().Truncate(time.Second)
	for _, s := range orphans {
		o.control("/sandbox/refunds", fmt.Sprintf(`{"provider":%q,"booking_id":%q}`, s.charge.Provider, s.request.BookingID))
	}
	o.control("/sandbox/refunds", fmt.Sprintf(`{"provider":"stripe","booking_id":%q,"amount":3000}`, part.request.BookingID))
	time.Sleep(2 * time.Second) // PayPal reports whole seconds that are over

	r, lines := o.reconciles(between, time.Now().Add(time.Second))
	require.Zero(t, r.Differences, "the next day has the refunds only, and an earlier report knows why")
	require.Len(t, lines, 3)
	for _, l := range lines {
		require.Equal(t, ticket.ResultUndone, l.Result)
		require.Contains(t, l.Action, "which paid for nothing")
	}
	r, lines = o.reconciles(from, time.Now().Add(time.Second))
	require.EqualValues(t, 1, r.Differences, "what was given back in part is undone anew")
	require.Len(t, o.settled, 4)
	undone := 0
	for _, l := range lines {
		if l.Result == ticket.ResultUndone {
			undone++
		}
	}
	require.Equal(t, 5, undone)
	o.journalBalances(3)
}

// journalBalances makes sure that every transaction sums to zero and that the
// fees of so many movements are booked once.
func (o *office) journalBalances(fees int) {
	o.t.Helper()
	total := 0
	for _, pool := range o.pools {
		var unbalanced, booked int
		require.NoError(o.t, pool.QueryRow(o.t.Context(), `
			SELECT count(*) FILTER (WHERE sum <> 0), count(*) FILTER (WHERE transaction_id LIKE 'fee/%') FROM (
				SELECT transaction_id, sum(amount) FROM journal GROUP BY transaction_id) t`).Scan(&unbalanced, &booked))
		require.Zero(o.t, unbalanced)
		total += booked
	}
	require.Equal(o.t, fees, total)
}

// TestWhatNoWebhookToldIsReviewed gives money back by hand and disputes at both
// providers, unheard: each is one difference and is booked by a review, after
// which nothing differs any more.
func TestWhatNoWebhookToldIsReviewed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	from := time.Now().Add(-time.Hour).Truncate(time.Second)
	var bookings []string
	for _, p := range []ticket.Provider{ticket.Stripe, ticket.PayPal} {
		for _, path := range []string{"refunds", "disputes"} {
			s := o.books(o.takes(p, 4000), "captured", 4000)
			o.control("/sandbox/"+path, fmt.Sprintf(`{"provider":%q,"booking_id":%q}`, p, s.request.BookingID))
			bookings = append(bookings, s.request.BookingID)
		}
		o.books(o.takes(p, 5000), "captured", 5000)
	}
	time.Sleep(2 * time.Second) // PayPal reports whole seconds that are over
	r, lines := o.reconciles(from, time.Now().Add(time.Second))
	require.EqualValues(t, 4, r.Differences)
	for _, l := range lines {
		if l.Result == ticket.ResultProviderOnly {
			require.Contains(t, l.Action, "booked by review/")
			require.EqualValues(t, -4000, *l.TheirAmount)
		}
	}
	require.ElementsMatch(t, bookings, o.reviewed)

	reviews := &activities.Reviews{Books: o.sales, Providers: o.providers}
	for _, id := range bookings {
		for range 2 {
			_, err := reviews.ReviewCharge(t.Context(), activities.ReviewInput{BookingID: id})
			require.NoError(t, err)
		}
	}
	r, _ = o.reconciles(from, time.Now().Add(time.Second))
	require.Zero(t, r.Differences)
}
