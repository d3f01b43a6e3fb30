// Command histories stores finished workflow histories for the replay tests:
// one file for each shape (type, final status, sequence of events) that it finds
// on the Temporal server of TEMPORAL_ADDRESS. Run it on the last released
// commit, never on the branch under test.
//
//	. .yourticket/dev.env && go run ./e2e/histories --out workflows/testdata/replay
package main

import (
	"context"
	"flag"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"
)

func main() {
	out := flag.String("out", "workflows/testdata/replay", "folder to write to")
	query := flag.String("query", "ExecutionStatus = 'Completed'", "which workflows to look at")
	flag.Parse()
	if err := run(context.Background(), *out, *query); err != nil {
		fmt.Fprintln(os.Stderr, "histories:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out, query string) error {
	c, err := client.DialContext(ctx, client.Options{
		HostPort: os.Getenv("TEMPORAL_ADDRESS"), Namespace: os.Getenv("TEMPORAL_NAMESPACE"),
	})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	seen := map[string]bool{}
	var page []byte
	for {
		list, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query, NextPageToken: page})
		if err != nil {
			return err
		}
		for _, e := range list.GetExecutions() {
			if err := store(ctx, c, e, out, seen); err != nil {
				return err
			}
		}
		if page = list.GetNextPageToken(); len(page) == 0 {
			return nil
		}
	}
}

// store writes a history unless one of its shape was written before.
func store(ctx context.Context, c client.Client, e *workflowpb.WorkflowExecutionInfo, out string, seen map[string]bool) error {
	history := &historypb.History{}
	shape := []string{e.GetType().GetName(), strings.Trim(string(e.GetSearchAttributes().GetIndexedFields()["BookingStatus"].GetData()), `"`)}
	events := c.GetWorkflowHistory(ctx, e.GetExecution().GetWorkflowId(), e.GetExecution().GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return err
		}
		history.Events = append(history.Events, event)
		shape = append(shape, event.GetEventType().String())
	}
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(strings.Join(shape, "\n"))) // a hash does not fail
	name := strings.ToLower(strings.Trim(strings.Join([]string{shape[0], shape[1]}, "-"), "-"))
	name = fmt.Sprintf("%s-%d-%08x.json", name, len(history.GetEvents()), hash.Sum32())
	if seen[name] || strings.HasPrefix(e.GetType().GetName(), "temporal-sys") {
		return nil
	}
	seen[name] = true
	text, err := protojson.MarshalOptions{Indent: " "}.Marshal(history)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, name), text, 0o644)
}
