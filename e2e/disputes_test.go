package e2e_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"yourticket.example/e2e/system"
	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

// deskShop is a shop with somebody at its support desk and at its door.
type deskShop struct {
	*refundShop
	door *system.Client
}

func TestWhatProvidersDoByThemselves(t *testing.T) {
	t.Parallel()
	d := &deskShop{refundShop: &refundShop{shop: openShop(t)}}
	var err error
	d.support, err = d.Account(t.Context(), ticket.RoleSupport)
	require.NoError(t, err)
	d.door, err = d.Account(t.Context(), ticket.RoleDoor)
	require.NoError(t, err)
	for _, tt := range []struct {
		name string
		run  func(*testing.T, *deskShop)
	}{
		{"a dispute freezes the tickets, and a won one lets them in again", disputeWon},
		{"a lost dispute ends the tickets and is booked with its fee", disputeLost},
		{"a dispute that was opened and lost before we heard of it", disputeMissed},
		{"the provider errs, loses replies, and the worker dies while the charge is read", disputeUnderFaults},
		{"what is given back by hand ends the tickets that it is for", refundByHand},
		{"what fits no tickets is support's to explain", refundUnexplained},
		{"a refund that fails later is owed again", refundFailsLater},
		{"webhooks lie, come again, late and in any order", webhooksAreHints},
	} {
		t.Run(tt.name, func(t *testing.T) {
			defer d.mend(t)
			tt.run(t, d)
		})
	}
	settled(t, d.System, time.Minute)
	agrees(t, d.System, d.event)
	report, code, err := d.Audit(t.Context(), "--settle", "20s")
	require.NoError(t, err)
	require.Zero(t, code, said(report))
}

// both runs a test at each provider.
func both(t *testing.T, run func(t *testing.T, p *system.Pay)) {
	t.Helper()
	for _, p := range []*system.Pay{system.Visa, system.Vaulted} {
		run(t, p)
	}
}

// frozen waits until the tickets of a booking are frozen, or are not any more.
func (d *deskShop) frozen(t *testing.T, c *system.Client, b system.Booking, want bool) {
	t.Helper()
	d.frozenWithin(t, c, b, want, 30*time.Second)
}

func (d *deskShop) frozenWithin(t *testing.T, c *system.Client, b system.Booking, want bool, within time.Duration) {
	t.Helper()
	require.Eventually(t, func() bool {
		a, err := c.Get(t.Context(), b.ID)
		if err != nil {
			return false
		}
		now, err := a.Booking()
		return err == nil && len(now.Tickets) > 0 && now.Tickets[0].Frozen == want
	}, within, 50*time.Millisecond)
}

func (d *deskShop) scans(t *testing.T, b system.Booking) *system.Answer {
	t.Helper()
	a, err := d.door.Do(t.Context(), http.MethodPost, "/v1/checkins", map[string]any{"code": b.Tickets[0].Code})
	require.NoError(t, err)
	return a
}

// journal sums an account of a booking up.
func (d *deskShop) journal(t *testing.T, b system.Booking, account string) (sum int64) {
	t.Helper()
	shard, _ := ticket.ShardOf(b.ID)
	require.NoError(t, d.Shards[shard].QueryRow(t.Context(), `
		SELECT COALESCE(sum(amount), 0) FROM journal WHERE booking_id = $1 AND account = $2`, b.ID, account).Scan(&sum))
	return sum
}

func disputeWon(t *testing.T, d *deskShop) {
	both(t, func(t *testing.T, p *system.Pay) {
		c, b := d.sold(t, 2, p)
		provider := b.Payment.Provider
		id, err := d.DisputePayment(t.Context(), provider, b.ID, 0)
		require.NoError(t, err)
		d.frozen(t, c, b, true)
		require.EqualValues(t, 2*system.SeatTotal, d.journal(t, b, "disputes:"+provider))
		refused(t, http.StatusConflict, "frozen")(d.scans(t, b), nil)
		refused(t, http.StatusConflict, "frozen")(c.Do(t.Context(), http.MethodPost, "/v1/bookings/"+b.ID+"/tickets/resend", nil))
		refused(t, http.StatusConflict, "booking-state")(d.support.Refund(t.Context(), b.ID, "a"))
		require.NoError(t, d.DecideDispute(t.Context(), id, "won"))
		d.frozen(t, c, b, false)
		require.Zero(t, d.journal(t, b, "disputes:"+provider))
		becomes(t, c, b.ID, "confirmed", time.Second)
		answer(t, http.StatusOK)(d.scans(t, b), nil)
	})
}

func disputeLost(t *testing.T, d *deskShop) {
	both(t, func(t *testing.T, p *system.Pay) {
		c, b := d.sold(t, 2, p)
		provider := b.Payment.Provider
		id, err := d.DisputePayment(t.Context(), provider, b.ID, 0)
		require.NoError(t, err)
		d.frozen(t, c, b, true)
		require.NoError(t, d.DecideDispute(t.Context(), id, "lost"))
		becomes(t, c, b.ID, "refunded", 30*time.Second)
		require.Zero(t, d.journal(t, b, "disputes:"+provider))
		require.Zero(t, d.journal(t, b, "refunds:"+provider))
		require.Zero(t, d.journal(t, b, "payable:organizer"))
		require.Equal(t, -d.journal(t, b, "expense:fees:"+provider), d.journal(t, b, "clearing:"+provider), "nothing is left but the fee")
		if provider == "stripe" {
			require.EqualValues(t, 2000, d.journal(t, b, "expense:fees:stripe"))
		}
		refused(t, http.StatusGone, "refunded")(d.scans(t, b), nil)
	})
}

// disputeMissed lets no webhook through until all is over.
func disputeMissed(t *testing.T, d *deskShop) {
	c, b := d.sold(t, 2, system.Visa)
	d.APIs[0].Kill()
	id, err := d.DisputePayment(t.Context(), "stripe", b.ID, 0)
	require.NoError(t, err)
	require.NoError(t, d.DecideDispute(t.Context(), id, "lost"))
	require.NoError(t, d.APIs[0].Restart(t.Context()))
	becomes(t, c.At(d.APIs[1]), b.ID, "refunded", time.Minute)
	require.Zero(t, d.journal(t, b, "disputes:stripe"))
}

func disputeUnderFaults(t *testing.T, d *deskShop) {
	for _, fault := range []string{"error", "lost_reply", "timeout"} {
		both(t, func(t *testing.T, p *system.Pay) {
			c, b := d.sold(t, 1, p)
			n := 2
			require.NoError(t, d.AddFault(t.Context(), system.Fault{Provider: b.Payment.Provider, Fault: fault, Operation: "list", Rate: 1, Count: &n}))
			id, err := d.DisputePayment(t.Context(), b.Payment.Provider, b.ID, 0)
			require.NoError(t, err)
			d.frozen(t, c, b, true)
			require.NoError(t, d.DecideDispute(t.Context(), id, "won"))
			d.frozen(t, c, b, false)
			d.mend(t)
		})
	}
	c, b := d.sold(t, 1, system.Visa)
	require.NoError(t, d.Slow(t.Context(), "stripe", "list", 1, 2*time.Second))
	_, err := d.DisputePayment(t.Context(), "stripe", b.ID, 0)
	require.NoError(t, err)
	require.NoError(t, d.AwaitFaults(t.Context(), 20*time.Second))
	d.Workers[0].Kill()
	require.NoError(t, d.Workers[0].Restart(t.Context()))
	d.frozenWithin(t, c, b, true, 90*time.Second) // a step of a worker that died is given up after half a minute
}

func refundByHand(t *testing.T, d *deskShop) {
	both(t, func(t *testing.T, p *system.Pay) {
		c, b := d.sold(t, 2, p)
		require.NoError(t, d.RefundByHand(t.Context(), b.Payment.Provider, b.ID, 0))
		becomes(t, c, b.ID, "refunded", 30*time.Second)
		refused(t, http.StatusGone, "refunded")(d.scans(t, b), nil)
		again := buyer(t, d.System)
		require.Eventually(t, func() bool {
			a, err := again.Book(t.Context(), fmt.Sprint(time.Now().UnixNano()), system.Order{
				EventID: d.event.ID, Seats: []string{b.Seats[0].ID}, Payment: system.Visa,
			})
			return err == nil && a.Status == http.StatusCreated
		}, 30*time.Second, 200*time.Millisecond, "the seat is on sale again")
	})
}

// resolves says at the support desk what money was for.
func (d *deskShop) resolves(t *testing.T, refundID string, q workflows.ResolveRefundRequest) workflows.RefundOutcome {
	t.Helper()
	var out workflows.RefundOutcome
	update, err := d.TemporalSDK.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: workflows.RefundWorkflowID(refundID), UpdateName: workflows.UpdateResolve,
		Args: []any{q}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	require.NoError(t, err)
	require.NoError(t, update.Get(t.Context(), &out))
	return out
}

// attended waits until a refund of a booking waits for support, and names it.
func (d *deskShop) attended(t *testing.T, b system.Booking) (refundID string) {
	t.Helper()
	shard, _ := ticket.ShardOf(b.ID)
	require.Eventually(t, func() bool {
		err := d.Shards[shard].QueryRow(t.Context(), `
			SELECT id FROM refunds WHERE booking_id = $1 AND status = 'needs_attention'`, b.ID).Scan(&refundID)
		if err != nil {
			return false
		}
		w, err := d.TemporalSDK.DescribeWorkflowExecution(t.Context(), workflows.RefundWorkflowID(refundID), "")
		if err != nil {
			return false
		}
		attention := w.GetWorkflowExecutionInfo().GetSearchAttributes().GetIndexedFields()["NeedsAttention"]
		return string(attention.GetData()) == "true"
	}, 40*time.Second, 100*time.Millisecond)
	return refundID
}

func refundUnexplained(t *testing.T, d *deskShop) {
	both(t, func(t *testing.T, p *system.Pay) {
		c, b := d.sold(t, 2, p)
		provider := b.Payment.Provider
		require.NoError(t, d.RefundByHand(t.Context(), provider, b.ID, system.SeatTotal))
		id := d.attended(t, b)
		becomes(t, c, b.ID, "needs_attention", time.Second)
		require.EqualValues(t, system.SeatTotal, d.journal(t, b, "suspense:"+provider))
		d.resolves(t, id, workflows.ResolveRefundRequest{By: "ann", Note: "the second seat", Seats: []string{b.Seats[1].ID}})
		left := becomes(t, c, b.ID, "confirmed", 30*time.Second)
		require.Equal(t, "live", left.Tickets[0].Status)
		require.Equal(t, "refunded", left.Tickets[1].Status)
		require.Zero(t, d.journal(t, b, "suspense:"+provider))

		require.NoError(t, d.RefundByHand(t.Context(), provider, b.ID, 500))
		d.resolves(t, d.attended(t, b), workflows.ResolveRefundRequest{By: "ann", Note: "the queue was long"})
		becomes(t, c, b.ID, "confirmed", 30*time.Second)
		require.EqualValues(t, 500, d.journal(t, b, "goodwill"))
	})
}

func refundFailsLater(t *testing.T, d *deskShop) {
	c, b := d.sold(t, 1, &system.Pay{StripePaymentMethod: "pm_card_refundFail"})
	booked(t, "refunded")(d.support.Refund(t.Context(), b.ID, "a"))
	becomes(t, c, b.ID, "needs_attention", 40*time.Second)
	id := d.attended(t, b)
	require.EqualValues(t, -system.SeatTotal, d.journal(t, b, "refunds:stripe"), "it is owed again")
	_, err := d.TemporalSDK.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: workflows.RefundWorkflowID(id), UpdateName: workflows.UpdateRetryPayment,
		Args: []any{workflows.SupportRequest{By: "ann", Reason: "the card is good again"}}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return d.ledger(t, b.ID).Count(b.ID, "stripe", "refund") == 2 }, 20*time.Second, 50*time.Millisecond)
	becomes(t, c, b.ID, "needs_attention", 40*time.Second) // the second one was made, and fails, too
	d.resolves(t, d.attended(t, b), workflows.ResolveRefundRequest{By: "ann", Note: "sent by bank transfer"})
	becomes(t, c, b.ID, "refunded", 20*time.Second)
	require.Zero(t, d.journal(t, b, "refunds:stripe"))
	require.EqualValues(t, -system.SeatTotal, d.journal(t, b, "settled:by-hand"))
}

func webhooksAreHints(t *testing.T, d *deskShop) {
	c, b := d.sold(t, 1, system.Visa)
	shard, _ := ticket.ShardOf(b.ID)
	var intent string
	require.NoError(t, d.Shards[shard].QueryRow(t.Context(), `SELECT ref FROM payments WHERE booking_id = $1`, b.ID).Scan(&intent))
	event := func(id, kind, intent string, created time.Time) string {
		return fmt.Sprintf(`{"id": %q, "object": "event", "type": %q, "created": %d, "data": {"object": {"id": "dp_1", "object": "dispute",
			"status": "lost", "amount": 999999, "payment_intent": %q}}}`, id, kind, created.Unix(), intent)
	}
	seen := func(id string) (n int) {
		for _, db := range d.Shards {
			var some int
			require.NoError(t, db.QueryRow(t.Context(), `SELECT count(*) FROM webhooks WHERE event_id = $1`, id).Scan(&some))
			n += some
		}
		return n
	}
	old := time.Now().Add(-4 * 24 * time.Hour)
	for range 3 { // late by days, again, and not true
		answer(t, http.StatusNoContent)(d.StripeEvent(t.Context(), event("evt_lie", "charge.dispute.closed", intent, old)))
	}
	answer(t, http.StatusNoContent)(d.StripeEvent(t.Context(), event("evt_first", "charge.dispute.created", intent, old)))
	answer(t, http.StatusNoContent)(d.StripeEvent(t.Context(), event("evt_alien", "charge.dispute.created", "pi_of_somebody_else", old)))
	require.Equal(t, 1, seen("evt_lie"))
	require.Zero(t, seen("evt_alien"))
	var last workflows.ReviewResult
	require.NoError(t, d.TemporalSDK.GetWorkflow(t.Context(), workflows.ReviewID(b.ID), "").Get(t.Context(), &last))
	require.Equal(t, workflows.ReviewResult{}, last, "the provider knows of no dispute")
	becomes(t, c, b.ID, "confirmed", time.Second)
	d.frozen(t, c, b, false)
	both(t, d.ownRefundsCostNothing)
}

// ownRefundsCostNothing refunds as we do it ourselves: its webhook tells nothing
// that we do not know, and nobody asks the provider for it.
func (d *deskShop) ownRefundsCostNothing(t *testing.T, p *system.Pay) {
	_, b := d.sold(t, 1, p)
	booked(t, "refunded")(d.support.Refund(t.Context(), b.ID, "a"))
	require.Eventually(t, func() bool { return d.WebhooksWait(t.Context()) == 0 }, 20*time.Second, 50*time.Millisecond)
	_, err := d.TemporalSDK.DescribeWorkflowExecution(t.Context(), workflows.ReviewID(b.ID), "")
	require.Error(t, err, "there is no review")
}
