package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/workflows"
)

// The floor: one workflow by Update-with-Start, as many local activities as a
// purchase has, its search attributes and its summary, and nothing in it.
const (
	floorQueue = "floor"
	floorSteps = 5
)

func nothing(context.Context) error { return nil }

func floorWorkflow(ctx workflow.Context) error {
	done := false
	err := workflow.SetUpdateHandler(ctx, workflows.UpdateBegin, func(ctx workflow.Context) error {
		return workflow.Await(ctx, func() bool { return done })
	})
	if err != nil {
		return err
	}
	steps := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Second})
	for range floorSteps {
		if err := workflow.ExecuteLocalActivity(steps, nothing).Get(steps, nil); err != nil {
			return err
		}
	}
	done = true
	err = workflow.UpsertTypedSearchAttributes(ctx, workflows.BookingStatusKey.ValueSet("confirmed"),
		workflows.PaymentProviderKey.ValueSet("stripe"), workflows.AmountMinorKey.ValueSet(10500))
	if err != nil {
		return err
	}
	return workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}

func runFloorWorker(ctx context.Context, address string) error {
	c, err := client.DialContext(ctx, client.Options{HostPort: address, Logger: quiet{}})
	if err != nil {
		return err
	}
	defer c.Close()
	w := worker.New(c, floorQueue, worker.Options{MaxConcurrentWorkflowTaskPollers: 16, MaxConcurrentLocalActivityExecutionSize: 512})
	w.RegisterWorkflow(floorWorkflow)
	w.RegisterActivity(nothing)
	if err := w.Start(); err != nil {
		return err
	}
	<-ctx.Done()
	w.Stop()
	return nil
}

// floor measures empty workflows; the load generator takes the API's part.
func (b *bench) floor(ctx context.Context, buyers int, length time.Duration) (measure, error) {
	var n atomic.Int64
	return b.loop(ctx, "floor", buyers, length, func(ctx context.Context) error {
		id := fmt.Sprintf("floor/%s", uuid.NewString())
		start := b.TemporalSDK.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
			ID: id, TaskQueue: floorQueue, StaticSummary: "2 × Concert",
			WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
			WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
			TypedSearchAttributes: temporal.NewSearchAttributes(
				workflows.EventIDKey.ValueSet(b.event.ID), workflows.BuyerIDKey.ValueSet(b.clients[0].UserID),
				workflows.BookingStatusKey.ValueSet("held")),
		}, floorWorkflow)
		handle, err := b.TemporalSDK.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
			StartWorkflowOperation: start,
			UpdateOptions: client.UpdateWorkflowOptions{
				UpdateID: "begin", UpdateName: workflows.UpdateBegin, WaitForStage: client.WorkflowUpdateStageCompleted,
			},
		})
		if err != nil {
			return err
		}
		n.Add(1)
		return handle.Get(ctx, nil)
	})
}

// quiet is a logger that says nothing.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
