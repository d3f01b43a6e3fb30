package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	stripego "github.com/stripe/stripe-go/v76"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/e2e/system"
	"yourticket.example/internal/audit"
	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

// audited is a system in which a few things were bought, and which then stands
// still.
type audited struct {
	*system.System
	// hall was sold from without a waiting room, club with one.
	hall, club *system.Event
	// visa, vaulted and pit are confirmed bookings of hall, canceled and held are
	// what they are called, admitted is a confirmed one of club.
	visa, vaulted, pit, canceled, held, admitted, disputed system.Booking
	// charge is the one that was made past the system last.
	charge string
}

func openAudited(t *testing.T) *audited {
	t.Helper()
	s := &audited{System: start(t, system.Options{})}
	for _, shard := range s.Shards { // some faults are planted in the journal, which lets nobody do that
		_, err := shard.Exec(t.Context(), `ALTER TABLE journal DISABLE TRIGGER journal_stays`)
		require.NoError(t, err)
	}
	s.hall = event(t, s.System, system.Hall{Rows: 2, Width: 10, Standing: 2})
	s.club = event(t, s.System, system.Hall{Rows: 1, Width: 10, Sessions: 1})
	s.visa = s.buys(t, s.hall, 0, system.Visa)
	s.vaulted = s.buys(t, s.hall, 1, system.Vaulted)
	s.pit = s.buys(t, s.hall, 20, system.Visa)
	s.buys(t, s.hall, 21, system.Both)
	s.disputed = s.buys(t, s.hall, 2, system.Visa)
	_, err := s.DisputePayment(t.Context(), "stripe", s.disputed.ID, 0)
	require.NoError(t, err)
	shard, _ := ticket.ShardOf(s.disputed.ID)
	require.Eventually(t, func() (frozen bool) {
		err := s.Shards[shard].QueryRow(t.Context(), `SELECT bool_and(frozen) FROM tickets WHERE booking_id = $1`, s.disputed.ID).Scan(&frozen)
		return err == nil && frozen
	}, 20*time.Second, 50*time.Millisecond)
	ann, order := buyer(t, s.System), system.Order{EventID: s.hall.ID, Seats: s.hall.Seats[5:6]}
	s.canceled = booked(t, "held")(ann.Book(t.Context(), "canceled", order))
	booked(t, "canceled")(ann.Cancel(t.Context(), s.canceled.ID))
	order.Seats = s.hall.Seats[7:8]
	s.held = booked(t, "held")(ann.Book(t.Context(), "held", order))
	order.Seats, order.Payment = s.hall.Seats[8:9], system.Declined
	refused(t, 402, "payment-declined")(ann.Book(t.Context(), "declined", order))
	bob := buyer(t, s.System)
	joins(t, bob, s.club)
	s.admitted = booked(t, "confirmed")(bob.Book(t.Context(), "club", system.Order{
		EventID: s.club.ID, Seats: s.club.Seats[:1], Payment: system.Visa, Admission: admitted(t, bob, s.club),
	}))
	return s
}

func (s *audited) buys(t *testing.T, e *system.Event, seat int, how *system.Pay) system.Booking {
	t.Helper()
	return booked(t, "confirmed")(buyer(t, s.System).Book(t.Context(), "buys", system.Order{
		EventID: e.ID, Seats: e.Seats[seat : seat+1], Payment: how,
	}))
}

// audit gives the numbers of the broken invariants.
func (s *audited) audit(t *testing.T, flags ...string) (audit.Report, []int) {
	t.Helper()
	report, code, err := s.Audit(t.Context(), flags...)
	require.NoError(t, err)
	require.Len(t, report.Findings, 20)
	require.Empty(t, report.Failed(), said(report))
	broken := report.Broken()
	require.Equal(t, len(broken) > 0, code == 1, "exit code %d", code)
	return report, broken
}

// scheduled has the schedule make an audit and reads its result where operators
// do: in the workflow and in the worker's metrics.
func (s *audited) scheduled(t *testing.T) {
	t.Helper()
	schedule := s.TemporalSDK.ScheduleClient().GetHandle(t.Context(), workflows.AuditID)
	require.NoError(t, schedule.Trigger(t.Context(), client.ScheduleTriggerOptions{}))
	var id string
	require.Eventually(t, func() bool {
		d, err := schedule.Describe(t.Context())
		if err != nil || len(d.Info.RecentActions) == 0 || d.Info.RecentActions[0].StartWorkflowResult == nil {
			return false
		}
		id = d.Info.RecentActions[0].StartWorkflowResult.WorkflowID
		return true
	}, 20*time.Second, 100*time.Millisecond)
	var result activities.Audited
	require.NoError(t, s.TemporalSDK.GetWorkflow(t.Context(), id, "").Get(t.Context(), &result))
	require.Equal(t, activities.Audited{Checked: 20, Seconds: result.Seconds}, result)
	metrics := answer(t, http.StatusOK)(s.Anonymous().At(s.Workers[0]).Do(t.Context(), http.MethodGet, "/metrics", nil))
	require.Contains(t, string(metrics.Body), `yourticket_audit_broken{invariant="20"} 0`)
	require.Regexp(t, `yourticket_audit_last_timestamp_seconds 1\.\d+e\+09`, string(metrics.Body))
}

// said is the report as an operator reads it.
func said(r audit.Report) string {
	var b strings.Builder
	_ = r.WriteText(&b) // into memory
	return b.String()
}

// sql runs a statement on the shard of hall, or of club when it is named so.
func (s *audited) sql(t *testing.T, e *system.Event, statement string, args ...any) {
	t.Helper()
	shard, ok := ticket.ShardOf(e.ID)
	require.True(t, ok)
	tag, err := s.Shards[shard].Exec(t.Context(), statement, args...)
	require.NoError(t, err, statement)
	if !strings.Contains(statement, "INDEX") {
		require.Positive(t, tag.RowsAffected(), statement)
	}
}

func (s *audited) catalogue(t *testing.T, statement string, args ...any) {
	t.Helper()
	tag, err := s.CatalogueDB.Exec(t.Context(), statement, args...)
	require.NoError(t, err, statement)
	require.Positive(t, tag.RowsAffected(), statement)
}

// redis runs a command on the keys of hall; # stands for their hash tag.
func (s *audited) redis(t *testing.T, command ...any) string {
	t.Helper()
	for i, word := range command {
		if text, ok := word.(string); ok {
			command[i] = strings.ReplaceAll(text, "#", "{"+s.hall.ID+"}:")
		}
	}
	out, err := s.RedisDB.Do(t.Context(), command...).Result()
	require.NoError(t, err, "%v", command)
	return fmt.Sprint(out)
}

// intent makes a charge at Stripe past the system.
func (s *audited) intent(t *testing.T, bookingID, attempt string, amount int64) string {
	t.Helper()
	pi, err := s.StripeAPI().PaymentIntents.New(&stripego.PaymentIntentParams{
		Amount: stripego.Int64(amount), Currency: stripego.String("eur"), Confirm: stripego.Bool(true),
		CaptureMethod: stripego.String("manual"), PaymentMethod: stripego.String("pm_card_visa"),
		AutomaticPaymentMethods: &stripego.PaymentIntentAutomaticPaymentMethodsParams{
			Enabled: stripego.Bool(true), AllowRedirects: stripego.String("never"),
		},
		Metadata: map[string]string{"booking_id": bookingID, "attempt": attempt},
	})
	require.NoError(t, err)
	return pi.ID
}

func (s *audited) cancelIntent(t *testing.T, id string) {
	t.Helper()
	_, err := s.StripeAPI().PaymentIntents.Cancel(id, nil)
	require.NoError(t, err)
}

func (s *audited) captureIntent(t *testing.T, id string) {
	t.Helper()
	_, err := s.StripeAPI().PaymentIntents.Capture(id, nil)
	require.NoError(t, err)
}

func (s *audited) refundIntent(t *testing.T, id string, amount int64) {
	t.Helper()
	_, err := s.StripeAPI().Refunds.New(&stripego.RefundParams{PaymentIntent: stripego.String(id), Amount: stripego.Int64(amount)})
	require.NoError(t, err)
}

// pretends runs a purchase to an end that no purchase of ours would have come
// to in this way.
func (s *audited) pretends(t *testing.T, end ticket.BookingStatus) {
	t.Helper()
	queue := "pretender-" + string(end)
	w := worker.New(s.TemporalSDK, queue, worker.Options{})
	w.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		if err := workflow.Sleep(ctx, time.Millisecond); err != nil {
			return err
		}
		return workflow.UpsertTypedSearchAttributes(ctx, workflows.BookingStatusKey.ValueSet(string(end)))
	}, workflow.RegisterOptions{Name: workflows.PurchaseType})
	require.NoError(t, w.Start())
	defer w.Stop()
	id := workflows.PurchaseID(ticket.DeriveBookingID(s.hall.ID, "nobody", string(end)))
	run, err := s.TemporalSDK.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: queue}, workflows.PurchaseType)
	require.NoError(t, err)
	require.NoError(t, run.Get(t.Context(), nil))
	require.Eventually(t, func() bool { // lists are a little late
		n, err := s.TemporalSDK.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{
			Query: fmt.Sprintf("WorkflowId = '%s' AND ExecutionStatus = 'Completed'", id),
		})
		return err == nil && n.GetCount() == 1
	}, 10*time.Second, 50*time.Millisecond)
}

// plant is a fault, which invariants it breaks, and how it is mended.
type plant struct {
	name  string
	set   func(t *testing.T)
	want  []int
	unset func(t *testing.T)
}

func TestAuditFindsEachPlantedFaultAndNothingElse(t *testing.T) {
	t.Parallel()
	s := openAudited(t)
	require.NoError(t, s.SettleBookings(t.Context(), time.Second, s.club))
	report, broken := s.audit(t, "--settle", "20s")
	require.Empty(t, broken, said(report))
	for _, f := range report.Findings {
		require.Equal(t, audit.StatusOK, f.Status, f.Name)
	}
	s.scheduled(t)
	require.NoError(t, s.Silence())
	for _, p := range s.plants() {
		t.Run(p.name, func(t *testing.T) {
			defer p.unset(t)
			p.set(t)
			report, broken := s.audit(t)
			require.Equal(t, p.want, broken, said(report))
		})
	}
	report, broken = s.audit(t)
	require.Empty(t, broken, said(report))
	t.Run("what cannot be mended", func(t *testing.T) { s.lasting(t) })
}
