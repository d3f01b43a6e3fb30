package workers

import (
	"context"
	"log/slog"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// Replayer replays stored histories on the workflows of this build.
type Replayer struct {
	client   client.Client
	replayer worker.WorkflowReplayer
	types    []string
}

// NewReplayer makes a Replayer of the workflows of all fleets. The converter
// opens what histories hold.
func NewReplayer(c client.Client, payloads converter.DataConverter) (*Replayer, error) {
	replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{
		DisableRegistrationAliasing: true, DataConverter: payloads,
	})
	if err != nil {
		return nil, err
	}
	r := &Replayer{client: c, replayer: replayer}
	for _, f := range fleets {
		f.register(onlyWorkflows{r: r}, Deps{})
	}
	return r, nil
}

// Types are the workflow types of this build.
func (r *Replayer) Types() []string { return r.types }

// Replay replays one history, whole or as far as it has come. An error says
// that this build would decide otherwise, or that the history cannot be read.
func (r *Replayer) Replay(ctx context.Context, workflowID, runID string) error {
	var h history.History
	events := r.client.GetWorkflowHistory(ctx, workflowID, runID, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			return err
		}
		h.Events = append(h.Events, e)
	}
	// What is wrong is in the error; the log would have it with a stack.
	return r.replayer.ReplayWorkflowHistory(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), &h)
}

// onlyWorkflows takes the workflows of a fleet and lets its activities be.
type onlyWorkflows struct {
	worker.Registry // nil: a fleet registers in no other way
	r               *Replayer
}

func (o onlyWorkflows) RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions) {
	o.r.types = append(o.r.types, options.Name)
	o.r.replayer.RegisterWorkflowWithOptions(w, options)
}

func (onlyWorkflows) RegisterActivity(any) {}
