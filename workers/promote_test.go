package workers_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"yourticket.example/activities"
	"yourticket.example/internal/parts/partstest"
	"yourticket.example/workers"
)

// A rollout starts the fleets of its build one after the other; until all are
// there, new workflows go on starting on the build before.
func TestABuildIsPromotedWhole(t *testing.T) {
	t.Parallel()
	c, err := client.Dial(client.Options{HostPort: partstest.TemporalServer(t).URL})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	run := func(build string, fleets ...string) {
		t.Helper()
		built, err := workers.Build(c, fleets, workers.Deps{
			PatientPayments: &activities.Payments{}, Refunds: &activities.Refunds{}, Sales: &activities.Sales{}, BuildID: build,
		})
		require.NoError(t, err)
		for _, w := range built {
			require.NoError(t, w.Start())
			t.Cleanup(w.Stop)
		}
	}
	promote := func(build string, within time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), within)
		defer cancel()
		return workers.PromoteWhole(ctx, c, build)
	}
	current := func() string {
		t.Helper()
		d, err := c.WorkerDeploymentClient().GetHandle(workers.DeploymentName).Describe(t.Context(), client.WorkerDeploymentDescribeOptions{})
		require.NoError(t, err)
		return d.Info.RoutingConfig.CurrentVersion.BuildID
	}
	run("one", "payments", "sales")
	// The server learns of each queue by itself, a moment later.
	require.NoError(t, promote("one", time.Minute))
	require.Eventually(t, func() bool { return len(queues(t, c, "one")) == 4 }, time.Minute, 100*time.Millisecond)

	run("two", "payments")
	require.ErrorContains(t, promote("two", 12*time.Second), "no worker of the build has polled the queue sales yet")
	require.Equal(t, "one", current())

	run("two", "sales")
	require.NoError(t, promote("two", time.Minute))
	require.Equal(t, "two", current())
	require.NoError(t, promote("two", time.Minute), "again does nothing")
	require.NoError(t, promote("one", time.Minute), "and back")
	require.Equal(t, "one", current())
	require.Error(t, promote("three", time.Second), "nobody works for it")
}

// queues are the task queues, of both types, that the server knows of a build.
func queues(t *testing.T, c client.Client, build string) []client.WorkerDeploymentTaskQueueInfo {
	t.Helper()
	v, err := c.WorkerDeploymentClient().GetHandle(workers.DeploymentName).DescribeVersion(t.Context(), client.WorkerDeploymentDescribeVersionOptions{BuildID: build})
	require.NoError(t, err)
	return v.Info.TaskQueuesInfos
}
