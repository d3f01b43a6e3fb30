package workflows

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/ticket"
)

const (
	// refundBatch is how many refunds a batch has.
	refundBatch = 100
	// batchWithin bounds one run of a batch; a worker that dies is noticed sooner.
	batchWithin = 5 * time.Minute
	batchBeat   = 10 * time.Second
	// awaySoon and awayLate bound how long a lane waits for a provider that is away.
	awaySoon = 5 * time.Second
	awayLate = time.Minute
	// mostRefused bounds how many refused bookings a cancellation remembers.
	mostRefused = 500
)

var batches *activities.RefundBatches

// lane refunds the bookings that were paid at one provider, so that the others
// need not wait while it is away.
type lane struct {
	provider ticket.Provider
	look     bool     // there may be something to do
	handed   []string // to be written down with the next batch
	away     string
	pause    time.Duration
}

func (c *cancellation) openLanes() {
	for _, p := range []ticket.Provider{ticket.Stripe, ticket.PayPal} {
		l := &lane{provider: p, look: true}
		c.lanes = append(c.lanes, l)
		c.open++
		workflow.Go(c.ctx, func(ctx workflow.Context) {
			c.work(ctx, l)
			c.open--
		})
	}
}

// work does one batch after the other, as long as there is something to do.
func (c *cancellation) work(ctx workflow.Context, l *lane) {
	for {
		_ = workflow.Await(ctx, func() bool { return c.closing || l.look && c.state.Paused == nil }) // never cancelled
		if c.closing {
			return
		}
		l.look = false
		out, err := c.batch(ctx, l)
		if err != nil {
			out.Away = cause(err)
		}
		c.state.Refused = append(c.state.Refused, out.Refused[:min(len(out.Refused), mostRefused-len(c.state.Refused))]...)
		for _, r := range out.Open {
			c.handOver(ctx, l, r)
		}
		l.look = out.Done+len(out.Open) > 0 || out.Taken > 0 && len(c.state.Refused) < mostRefused
		c.await(ctx, l, out.Away)
	}
}

func (c *cancellation) batch(ctx workflow.Context, l *lane) (out activities.RefundBatchResult, err error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: QueuePayments, StartToCloseTimeout: batchWithin, HeartbeatTimeout: batchBeat, ScheduleToCloseTimeout: giveUp,
		RetryPolicy: patiently, Summary: "refunds at " + string(l.provider),
	})
	in := activities.RefundBatchInput{
		EventID: c.in.EventID, Provider: l.provider, Reason: c.terms.Reason, By: c.terms.By, Limit: refundBatch, Handed: l.handed,
	}
	for _, r := range c.state.Refused {
		in.Skip = append(in.Skip, r.BookingID)
	}
	if err = workflow.ExecuteActivity(ctx, batches.RefundBatch, in).Get(ctx, &out); err == nil {
		l.handed = nil
	}
	return out, err
}

// handOver leaves a refund that is not through to a workflow of its own. A batch
// that is lost before it has written that down finds it again, and changes nothing.
func (c *cancellation) handOver(ctx workflow.Context, l *lane, r activities.OpenRefund) {
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: RefundWorkflowID(r.RefundID), TaskQueue: QueuePayments, ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		TypedSearchAttributes: RefundAttributes(c.in.EventID, r.BuyerID), StaticSummary: "Refund of " + r.BookingID,
	})
	in := activities.CancelRefundInput(c.in.EventID, r.BookingID, c.terms.Reason, c.terms.By)
	in.RefundID = r.RefundID
	err := workflow.ExecuteChildWorkflow(ctx, RefundType, in).GetChildWorkflowExecution().Get(ctx, nil)
	if err == nil {
		c.state.Handed++
	}
	if err == nil || temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		l.handed = append(l.handed, r.RefundID)
	}
}

// await pauses a lane whose provider is away, longer each time.
func (c *cancellation) await(ctx workflow.Context, l *lane, away string) {
	l.away = away
	if away == "" {
		l.pause = 0
		return
	}
	c.tell()
	l.pause = min(max(awaySoon, 2*l.pause), awayLate)
	_, _ = workflow.AwaitWithTimeout(ctx, l.pause, func() bool { return c.closing }) // never cancelled
	l.look = true
}
