package main

import (
	"context"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"google.golang.org/protobuf/proto"

	"yourticket.example/e2e/system"
	"yourticket.example/workflows"
)

// history is what Temporal keeps of a purchase.
type history struct {
	Events int `json:"events"`
	Bytes  int `json:"bytes"`
	// Steps and Upserts count local activities and changes of search attributes.
	Steps   int      `json:"local_activities"`
	Upserts int      `json:"search_attribute_upserts"`
	Types   []string `json:"types"`
}

// String gives the figures on one line.
func (h history) String() string {
	return fmt.Sprintf("%d events, %d bytes, %d local activities", h.Events, h.Bytes, h.Steps)
}

// weigh buys tickets, holds and cancels some, runs an empty workflow, and reads
// what Temporal keeps of each.
func (b *bench) weigh(ctx context.Context, r *report) error {
	s, err := b.newSale(ctx)
	if err != nil {
		return err
	}
	paid, _, err := s.book(ctx, system.Visa, "confirmed")
	if err != nil {
		return err
	}
	held, buyer, err := s.book(ctx, nil, "held")
	if err != nil {
		return err
	}
	if _, err := buyer.Cancel(ctx, held.ID); err != nil {
		return err
	}
	if r.History, err = b.readHistory(ctx, workflows.PurchaseID(paid.ID)); err != nil {
		return err
	}
	if r.HoldHistory, err = b.readHistory(ctx, workflows.PurchaseID(held.ID)); err != nil {
		return err
	}
	r.FloorHistory, err = b.weighFloor(ctx, r.History)
	return err
}

// readHistory reads a workflow's history to its end.
func (b *bench) readHistory(ctx context.Context, workflowID string) (history, error) {
	var h history
	events := b.system.TemporalSDK.GetWorkflowHistory(ctx, workflowID, "", true, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			return h, fmt.Errorf("history of %s: %w", workflowID, err)
		}
		h.Events++
		h.Bytes += proto.Size(e)
		h.Types = append(h.Types, e.GetEventType().String())
		switch e.GetEventType() {
		case enumspb.EVENT_TYPE_MARKER_RECORDED:
			if e.GetMarkerRecordedEventAttributes().GetMarkerName() == "LocalActivity" {
				h.Steps++
			}
		case enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
			h.Upserts++
		default:
		}
	}
	return h, nil
}
