package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/e2e/cputime"
	"yourticket.example/e2e/system"
	"yourticket.example/workflows"
)

// The empty workflow: what a purchase would cost if its steps did nothing.
const (
	floorQueue  = "bench-floor"
	floorUpdate = workflows.UpdateBegin
)

// floorInput has the size of a purchase's input.
type floorInput struct {
	ID      string `json:"id"`
	Steps   int    `json:"steps"`
	Upserts int    `json:"upserts"`
	Padding string `json:"padding"`
}

// floorWork has the update, the steps and the search attributes of a purchase.
func floorWork(ctx workflow.Context, in floorInput) (string, error) {
	done := false
	err := workflow.SetUpdateHandler(ctx, floorUpdate, func(ctx workflow.Context) (string, error) {
		return in.Padding, workflow.Await(ctx, func() bool { return done })
	})
	if err != nil {
		return "", err
	}
	local := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{ScheduleToCloseTimeout: 5 * time.Second})
	for range in.Steps {
		if err := workflow.ExecuteLocalActivity(local, floorStep, in.Padding).Get(local, nil); err != nil {
			return "", err
		}
	}
	for range in.Upserts {
		if err := workflow.UpsertTypedSearchAttributes(ctx, workflows.BookingStatusKey.ValueSet("confirmed"), workflows.AmountMinorKey.ValueSet(10500),
			workflows.PaymentProviderKey.ValueSet("stripe")); err != nil {
			return "", err
		}
	}
	done = true
	return in.Padding, workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}

// floorStep does nothing.
func floorStep(_ context.Context, padding string) (string, error) { return padding, nil }

// workFloor is the worker's process: it works until ctx ends.
func workFloor(ctx context.Context, address string) error {
	c, err := client.DialContext(ctx, client.Options{HostPort: address})
	if err != nil {
		return err
	}
	defer c.Close()
	w := worker.New(c, floorQueue, worker.Options{
		MaxConcurrentWorkflowTaskPollers: 16, MaxConcurrentWorkflowTaskExecutionSize: 512, MaxConcurrentLocalActivityExecutionSize: 512,
	})
	w.RegisterWorkflow(floorWork)
	w.RegisterActivity(floorStep)
	if err := w.Start(); err != nil {
		return err
	}
	<-ctx.Done()
	w.Stop()
	return nil
}

// startFloorWorker runs this very program as the worker's process.
func startFloorWorker(address string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "-floor-worker", address)
	return cmd, system.StartBound(cmd)
}

// runFloor does one empty purchase.
func (b *bench) runFloor(ctx context.Context, steps, upserts int) (id string, err error) {
	in := floorInput{ID: "floor/" + rand.Text(), Steps: steps, Upserts: upserts, Padding: padding}
	c := b.system.TemporalSDK
	start := c.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID: in.ID, TaskQueue: floorQueue, WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE, StaticSummary: "2 × Concert",
		TypedSearchAttributes: temporal.NewSearchAttributes(
			workflows.EventIDKey.ValueSet("ev_floor"), workflows.BuyerIDKey.ValueSet("us_floor"), workflows.BookingStatusKey.ValueSet("held")),
	}, floorWork, in)
	handle, err := c.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateID: "begin", UpdateName: floorUpdate, WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	if err != nil {
		return in.ID, err
	}
	var answer string
	return in.ID, handle.Get(ctx, &answer)
}

// padding gives the empty purchase's payloads about the size of the real ones.
const padding = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" +
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// floor measures the empty workflow.
func (b *bench) floor(ctx context.Context, buyers int, like history) (loaded, error) {
	say("%d buyers run the empty workflow", buyers)
	watched := []cputime.Process{{Name: "temporal", Pid: b.system.Temporal.Pid()}, {Name: "worker", Pid: b.worker.Process.Pid}}
	if b.system.TemporalDB != nil {
		watched = append(watched, cputime.Process{Name: "temporal-db", Pid: b.system.TemporalDB.Pid()})
	}
	return drive(ctx, b.settings, buyers, watched, func(ctx context.Context) error {
		_, err := b.runFloor(ctx, like.Steps, like.Upserts)
		return err
	})
}

// weighFloor reads the history of one empty purchase.
func (b *bench) weighFloor(ctx context.Context, like history) (history, error) {
	if like.Steps == 0 {
		return history{}, errors.New("a purchase has no local activities: there is no empty workflow of its shape")
	}
	id, err := b.runFloor(ctx, like.Steps, like.Upserts)
	if err != nil {
		return history{}, fmt.Errorf("the empty workflow: %w", err)
	}
	return b.readHistory(ctx, id)
}
