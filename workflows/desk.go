package workflows

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/ticket"
)

// SupportRequest is what support says with an update from the Temporal UI.
type SupportRequest struct {
	// By is who asks, for the record.
	By     string `json:"by"`
	Reason string `json:"reason,omitempty"`
}

// ResolveRequest says how support settled by hand what could not go on.
type ResolveRequest struct {
	By   string `json:"by"`
	Note string `json:"note"`
}

// RefundRequest asks a purchase that is sold and still runs to give money back.
type RefundRequest struct {
	By     string `json:"by"`
	Reason string `json:"reason"`
	// Seats are ids of places; all that are left when there are none.
	Seats []string `json:"seats,omitempty"`
	// Keep keeps the places from the sale; else they go on sale again.
	Keep bool `json:"keep,omitempty"`
}

// RefundStarted names the workflow that gives the money back.
type RefundStarted struct {
	WorkflowID string `json:"workflow_id"`
}

// DeskNote is what somebody of support did to a workflow. It is part of the
// workflow's result and of its current details, so that the record needs no
// reading of events.
type DeskNote struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	Did  string    `json:"did"`
	Note string    `json:"note,omitempty"`
}

// desk is the record of what support did to one workflow.
type desk []DeskNote

func (d *desk) add(ctx workflow.Context, by, did, note string) {
	*d = append(*d, DeskNote{At: clock(ctx), By: by, Did: did, Note: note})
}

// String is the record as it stands below the current details; "" without one.
func (d *desk) String() string {
	lines := make([]string, len(*d))
	for i, n := range *d {
		lines[i] = fmt.Sprintf("\n\n%s UTC: `%s` by %s", n.At.Format("2006-01-02 15:04"), n.Did, n.By)
		if n.Note != "" {
			lines[i] += ": " + n.Note
		}
	}
	return strings.Join(lines, "")
}

// What the dialog of the Temporal UI says of each update.
const (
	notForSupport = "Sent by the API for the buyer; not for support."
	aboutCancel   = `Ends a booking that is not confirmed: {"by": "you@example.com", "reason": "the buyer called"}`
	aboutRetry    = `Tries again what needs attention: {"by": "you@example.com", "reason": "the provider is back"}`
	aboutResolve  = `Ends what needs attention, settled by hand: {"by": "you@example.com", "note": "paid at the box office, receipt 17"}`
	aboutRefund   = `Gives money back once it is taken: {"by": "you@example.com", "reason": "goodwill"}; "seats": ["id"] for some only, "keep": true keeps them from the sale`
	aboutPause    = `Stops calling buyers; nobody loses a place: {"by": "you@example.com", "reason": "wrong prices"}`
	aboutResume   = `Goes on calling buyers: {"by": "you@example.com", "reason": "prices are right"}`
	aboutSetRate  = `Fixes how many buyers a minute are called, 0 leaves it to the sale: {"by": "you@example.com", "per_minute": 100}`
	aboutStatus   = "How it stands, as JSON."
)

// signedBy says who asks, in the form in which the update is told what was wrong.
func signedBy(by string) error {
	if strings.TrimSpace(by) == "" {
		return refused(`say who asks for it (by): {"by": "you@example.com"}`)
	}
	return nil
}

func (r ResolveRequest) check() error {
	if strings.TrimSpace(r.By) == "" || strings.TrimSpace(r.Note) == "" {
		return refused(`say who resolves it (by) and how (note): {"by": "you@example.com", "note": "how it was settled"}`)
	}
	return nil
}

// updateHandler is an update with what lets it through and what support reads of it.
type updateHandler struct {
	name              string
	handle, validator any
	about             string
}

func setUpdateHandlers(ctx workflow.Context, updates ...updateHandler) error {
	for _, u := range updates {
		err := workflow.SetUpdateHandlerWithOptions(ctx, u.name, u.handle,
			workflow.UpdateHandlerOptions{Validator: u.validator, Description: u.about})
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *purchase) mayRefund(r RefundRequest) error {
	switch {
	case p.support.waiting:
		return temporal.NewApplicationError("The booking needs attention: send RetryPayment or Resolve first.", string(ticket.CodeBookingState))
	case p.sealed.IsZero():
		return p.notNow("refunded: nothing was taken. Cancel ends it")
	}
	return signedBy(r.By)
}

// onRefund leaves the refund to a workflow of its own, which waits until there
// is money to give back. Most purchases have ended before anybody asks for one,
// and then support starts that workflow itself.
func (p *purchase) onRefund(ctx workflow.Context, r RefundRequest) (*RefundStarted, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	id := ticket.DeriveRefundID(p.in.BookingID, "update/"+workflow.GetCurrentUpdateInfo(ctx).ID)
	p.notes.add(ctx, r.By, UpdateRefund, r.Reason)
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            RefundWorkflowID(id),
		TaskQueue:             QueuePayments,
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
		TypedSearchAttributes: RefundAttributes(p.in.EventID, p.in.BuyerID),
		StaticSummary:         "Refund of " + p.in.BookingID,
	})
	started := workflow.ExecuteChildWorkflow(ctx, Refund, activities.RefundInput{
		BookingID: p.in.BookingID, RefundID: id, Seats: r.Seats, Reason: r.Reason, By: r.By, Keep: r.Keep, Source: ticket.RefundBySupport,
	}).GetChildWorkflowExecution()
	if err := started.Get(ctx, nil); err != nil && !temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		return nil, err
	}
	return &RefundStarted{WorkflowID: RefundWorkflowID(id)}, nil
}

// places counts seats in words.
func places(n int) string {
	if n == 1 {
		return "1 seat"
	}
	return fmt.Sprintf("%d seats", n)
}

// purchaseLink and listLink are links of the Temporal UI, which fills the
// namespace in.
func purchaseLink(bookingID string) string {
	return "[the purchase](/namespaces/{namespace}/workflows/" + url.PathEscape(PurchaseID(bookingID)) + ")"
}

func listLink(text, key, value string) string {
	return "[" + text + "](/namespaces/{namespace}/workflows?query=" + url.QueryEscape(fmt.Sprintf("%s = %q", key, value)) + ")"
}

// links are where support goes on to from current details.
func links(bookingID, eventID, buyerID string) string {
	out := "\n\n"
	if bookingID != "" {
		out += purchaseLink(bookingID) + " · "
	}
	return out + listLink("all of this buyer", BuyerIDKey.GetName(), buyerID) + " · " + listLink("all of this event", EventIDKey.GetName(), eventID)
}
