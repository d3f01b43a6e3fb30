package workers

import (
	"context"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

// Backlogs asks Temporal how long tasks wait. It is safe for concurrent use.
type Backlogs struct {
	Client    client.Client
	Namespace string
}

// Backlog is the age of the oldest task of a task queue, of whichever of its
// two kinds waits longer. A queue whose last task has been taken has none.
func (b *Backlogs) Backlog(ctx context.Context, queue string) (oldest time.Duration, err error) {
	for _, kind := range []enumspb.TaskQueueType{enumspb.TASK_QUEUE_TYPE_WORKFLOW, enumspb.TASK_QUEUE_TYPE_ACTIVITY} {
		answer, err := b.Client.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
			Namespace: b.Namespace, TaskQueue: &taskqueue.TaskQueue{Name: queue}, TaskQueueType: kind, ReportStats: true,
		})
		if err != nil {
			return 0, err
		}
		if stats := answer.GetStats(); stats.GetApproximateBacklogCount() > 0 {
			oldest = max(oldest, stats.GetApproximateBacklogAge().AsDuration())
		}
	}
	return oldest, nil
}
