package main

import (
	"context"
	"fmt"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

// clusterName is Temporal's name for this, the only, cluster.
const clusterName = "active"

// startServer prepares the store, starts the server's four services, and
// returns once the namespace answers with its search attributes. It puts the
// ports it took into o.
func startServer(ctx context.Context, o *options) (temporal.Server, error) {
	ports, err := claimPorts(ctx, o)
	if err != nil {
		return nil, err
	}
	stores, err := openStores(*o)
	if err != nil {
		return nil, err
	}
	if err := stores.createNamespace(o.namespace); err != nil {
		return nil, err
	}
	s, err := newServer(*o, ports, stores)
	if err != nil {
		return nil, err
	}
	if err := s.Start(); err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	if err := ensureNamespace(ctx, *o); err != nil {
		_ = s.Stop() // The first error is the one to report.
		return nil, err
	}
	return s, nil
}

// claimPorts fills in the ports of o that are 0 and returns one for each service.
func claimPorts(ctx context.Context, o *options) (map[primitives.ServiceName]int, error) {
	var err error
	if o.port, err = claimPort(ctx, o.ip, o.port, "the frontend"); err != nil {
		return nil, err
	}
	if o.ui {
		if o.uiPort, err = claimPort(ctx, o.ip, o.uiPort, "the web UI"); err != nil {
			return nil, err
		}
	}
	ports := map[primitives.ServiceName]int{primitives.FrontendService: o.port}
	for _, s := range []primitives.ServiceName{primitives.HistoryService, primitives.MatchingService, primitives.WorkerService} {
		if ports[s], err = claimPort(ctx, o.ip, 0, string(s)); err != nil {
			return nil, err
		}
	}
	return ports, nil
}

func newServer(o options, ports map[primitives.ServiceName]int, stores stores) (temporal.Server, error) {
	logger := log.NewZapLogger(log.BuildZapLogger(log.Config{Level: o.logLevel}))
	hosts := map[primitives.ServiceName]static.Hosts{}
	for service, port := range ports {
		hosts[service] = static.SingleLocalHost(fmt.Sprintf("%s:%d", o.ip, port))
	}
	s, err := temporal.NewServer(
		temporal.WithConfig(serverConfig(o, ports, stores)),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts),
		temporal.WithLogger(logger),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper {
			return authorization.NewNoopClaimMapper()
		}),
		temporal.WithDynamicConfigClient(dynamicconfig.StaticClient(dynamicValues())),
	)
	if err != nil {
		return nil, fmt.Errorf("configuring the server: %w", err)
	}
	return s, nil
}

func serverConfig(o options, ports map[primitives.ServiceName]int, stores stores) *config.Config {
	services := map[string]config.Service{}
	for service, port := range ports {
		services[string(service)] = config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: o.ip}}
	}
	return &config.Config{
		Global: config.Global{
			Membership: config.Membership{BroadcastAddress: o.ip},
			PProf:      config.PProf{Port: o.pprofPort, Host: o.ip},
		},
		Persistence: config.Persistence{
			DefaultStore:     "main",
			VisibilityStore:  "visibility",
			NumHistoryShards: int32(o.shards),
			DataStores: map[string]config.DataStore{
				"main":       {SQL: stores.main},
				"visibility": {SQL: stores.visibility},
			},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: o.address()},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services:            services,
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
		}},
		PublicClient: config.PublicClient{HostPort: o.address()},
	}
}
