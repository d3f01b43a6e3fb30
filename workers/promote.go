package workers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
)

// Promote makes a build the current one, so that new workflows start on it.
// Without force it does so only when there is no current build yet: a rollout
// promotes explicitly, a first start by itself. It waits until the server has
// seen the build's workers.
func Promote(ctx context.Context, c client.Client, buildID string, force bool) error {
	handle := c.WorkerDeploymentClient().GetHandle(DeploymentName)
	for {
		err := promote(ctx, handle, buildID, force)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("make build %q current: %w", buildID, errors.Join(ctx.Err(), err))
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func promote(ctx context.Context, handle client.WorkerDeploymentHandle, buildID string, force bool) error {
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
