package main

import (
	"go.temporal.io/server/common/dynamicconfig"
)

// unlimited is well above what one machine can do, so that no rate limit of
// the server ever shows up as latency in a measurement.
const unlimited = 100_000

// dynamicValues are the settings that differ from the server's defaults: its
// rate limits, which are made for shared clusters, and the features that
// YourTicket relies on, named so that no default can take them away.
func dynamicValues() map[dynamicconfig.Key]any {
	values := map[dynamicconfig.Key]any{
		dynamicconfig.EnableDeploymentVersions.Key():                           true,
		dynamicconfig.EnableEagerWorkflowStart.Key():                           true,
		dynamicconfig.FrontendEnableWorkerVersioningWorkflowAPIs.Key():         true,
		dynamicconfig.FrontendEnableUpdateWorkflowExecution.Key():              true,
		dynamicconfig.FrontendEnableUpdateWorkflowExecutionAsyncAccepted.Key(): true,
	}
	for _, key := range []dynamicconfig.Key{
		dynamicconfig.FrontendRPS.Key(),
		dynamicconfig.FrontendMaxNamespaceRPSPerInstance.Key(),
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(),
		dynamicconfig.FrontendGlobalWorkerDeploymentReadRPS.Key(),
		dynamicconfig.FrontendMaxConcurrentLongRunningRequestsPerInstance.Key(),
		dynamicconfig.FrontendPersistenceMaxQPS.Key(),
		dynamicconfig.MatchingRPS.Key(),
		dynamicconfig.MatchingPersistenceMaxQPS.Key(),
		dynamicconfig.HistoryRPS.Key(),
		dynamicconfig.HistoryPersistenceMaxQPS.Key(),
		dynamicconfig.VisibilityPersistenceMaxReadQPS.Key(),
		dynamicconfig.VisibilityPersistenceMaxWriteQPS.Key(),
		dynamicconfig.TimerProcessorMaxPollRPS.Key(),
		dynamicconfig.TransferProcessorMaxPollRPS.Key(),
		dynamicconfig.VisibilityProcessorMaxPollRPS.Key(),
	} {
		values[key] = unlimited
	}
	return values
}
