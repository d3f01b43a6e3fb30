package workers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
)

// Promote makes a build the current one, so that new workflows start on it.
// Without force it does so only when there is no current build yet: a rollout
// promotes explicitly, a first start by itself. It waits until the server has
// seen the build's workers.
func Promote(ctx context.Context, c client.Client, buildID string, force bool) error {
	return retry(ctx, buildID, func(ctx context.Context) error {
		return promote(ctx, c, buildID, force)
	})
}

// PromoteWhole makes a build the current one once its workers poll every task
// queue that those of the current build do: a build whose fleets are not all
// there would leave tasks with nobody to do them.
func PromoteWhole(ctx context.Context, c client.Client, buildID string) error {
	return retry(ctx, buildID, func(ctx context.Context) error {
		if err := missingQueues(ctx, c, buildID); err != nil {
			return err
		}
		return promote(ctx, c, buildID, true)
	})
}

// missingQueues fails while the build lacks a queue of the current one's.
func missingQueues(ctx context.Context, c client.Client, buildID string) error {
	handle := c.WorkerDeploymentClient().GetHandle(DeploymentName)
	next, err := handle.DescribeVersion(ctx, client.WorkerDeploymentDescribeVersionOptions{BuildID: buildID})
	if err != nil {
		return err
	}
	info, err := handle.Describe(ctx, client.WorkerDeploymentDescribeOptions{})
	if err != nil || info.Info.RoutingConfig.CurrentVersion == nil {
		return err
	}
	current, err := handle.DescribeVersion(ctx, client.WorkerDeploymentDescribeVersionOptions{BuildID: info.Info.RoutingConfig.CurrentVersion.BuildID})
	if err != nil {
		return err
	}
	for _, queue := range current.Info.TaskQueuesInfos {
		if !slices.Contains(next.Info.TaskQueuesInfos, queue) {
			return fmt.Errorf("no worker of the build has polled the queue %s yet", queue.Name)
		}
	}
	return nil
}

// promoteTry bounds one try: a question about a build that the server is just
// learning of may wait for an answer that the next one gets at once.
const promoteTry = 5 * time.Second

func retry(ctx context.Context, buildID string, try func(context.Context) error) error {
	var reason error // why it did not work before time was over
	for {
		once, cancel := context.WithTimeout(ctx, promoteTry)
		err := try(once)
		cancel()
		if err == nil {
			return nil
		}
		if reason == nil || ctx.Err() == nil {
			reason = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("make build %q current: %w", buildID, errors.Join(ctx.Err(), reason))
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func promote(ctx context.Context, c client.Client, buildID string, force bool) error {
	handle := c.WorkerDeploymentClient().GetHandle(DeploymentName)
	info, err := handle.Describe(ctx, client.WorkerDeploymentDescribeOptions{})
	if _, missing := errors.AsType[*serviceerror.NotFound](err); missing {
		return fmt.Errorf("the server has not seen a worker of the deployment yet: %w", err)
	}
	if err != nil {
		return err
	}
	current := info.Info.RoutingConfig.CurrentVersion
	if current != nil && (current.BuildID == buildID || !force) {
		return nil
	}
	_, err = handle.SetCurrentVersion(ctx, client.WorkerDeploymentSetCurrentVersionOptions{
		BuildID: buildID, ConflictToken: info.ConflictToken, IgnoreMissingTaskQueues: true,
	})
	return err
}
