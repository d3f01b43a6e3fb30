package api

import (
	"context"
	"errors"
	"log/slog"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

// Sales starts the sales of events with a waiting room, and tells them news.
type Sales interface {
	// Announce starts the event's sale where there is none yet. Events without a
	// waiting room need none.
	Announce(ctx context.Context, e *ticket.Event) error
	// Changed says that an event is another than before; it starts a sale that
	// has become needed.
	Changed(ctx context.Context, e *ticket.Event) error
}

// TemporalSales are the sales of a Temporal namespace.
type TemporalSales struct{ Client client.Client }

// saleCall bounds a call to Temporal about a sale.
const saleCall = 5 * time.Second

// Announce implements Sales.
func (t TemporalSales) Announce(ctx context.Context, e *ticket.Event) error {
	if !sells(e) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, saleCall)
	defer cancel()
	_, err := t.Client.ExecuteWorkflow(ctx, startSale(e.ID), workflows.OnSaleType, workflows.OnSaleInput{EventID: e.ID})
	return saleAway(err)
}

// Changed implements Sales.
func (t TemporalSales) Changed(ctx context.Context, e *ticket.Event) error {
	ctx, cancel := context.WithTimeout(ctx, saleCall)
	defer cancel()
	if sells(e) {
		_, err := t.Client.SignalWithStartWorkflow(ctx, workflows.OnSaleID(e.ID), workflows.SignalEventChanged, nil,
			startSale(e.ID), workflows.OnSaleType, workflows.OnSaleInput{EventID: e.ID})
		return saleAway(err)
	}
	return t.signal(ctx, e.ID, workflows.SignalEventChanged)
}

// Wake tells a sale that somebody has come for whom nobody waited. It returns
// at once: a sale that does not hear it wakes by itself within seconds.
func (t TemporalSales) Wake(ctx context.Context, eventID string) {
	go func() {
		ctx, cancel := context.WithTimeout(ctx, saleCall)
		defer cancel()
		if err := t.signal(ctx, eventID, workflows.SignalWake); err != nil {
			slog.WarnContext(ctx, "a sale sleeps on", "event", eventID, "error", err)
		}
	}()
}

func (t TemporalSales) signal(ctx context.Context, eventID, name string) error {
	err := t.Client.SignalWorkflow(ctx, workflows.OnSaleID(eventID), "", name, nil)
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return nil
	}
	return saleAway(err)
}

func sells(e *ticket.Event) bool {
	return e.WaitingRoom.Enabled && (e.Status == ticket.EventScheduled || e.Status == ticket.EventPostponed)
}

// startSale starts a sale unless one is going on. One that has ended may be
// started again: it finds out by itself whether there is anything to do.
func startSale(eventID string) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID:                       workflows.OnSaleID(eventID),
		TaskQueue:                workflows.QueueSales,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		TypedSearchAttributes:    workflows.OnSaleAttributes(eventID),
		StaticSummary:            "Sale of " + eventID,
	}
}

func saleAway(err error) error {
	if err == nil {
		return nil
	}
	e := ticket.Errorf(ticket.CodeUnavailable, "The sale cannot be reached at the moment. Send the same request again.")
	e.RetryAfterSeconds = 2
	return errors.Join(e, err)
}

// UpcomingEvents lists events that are announced, by start.
type UpcomingEvents interface {
	UpcomingEvents(ctx context.Context, now time.Time, after ticket.EventCursor, limit int) ([]*ticket.Event, error)
}

// AnnounceAll starts the sale of every upcoming event that needs one and has
// none: what a process does when it starts, and now and then, so that no event
// depends on one request having got through. It says how many it saw to.
func AnnounceAll(ctx context.Context, store UpcomingEvents, sales Sales, now time.Time) (int, error) {
	seen := 0
	for after := (ticket.EventCursor{}); ; {
		page, err := store.UpcomingEvents(ctx, now, after, 200)
		if err != nil || len(page) == 0 {
			return seen, err
		}
		for _, e := range page {
			if !sells(e) {
				continue
			}
			if err := sales.Announce(ctx, e); err != nil {
				return seen, err
			}
			seen++
		}
		last := page[len(page)-1]
		after = ticket.EventCursor{StartsAt: last.StartsAt, ID: last.ID}
	}
}
