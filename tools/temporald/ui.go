package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"
)

// uiConfig is the web UI as support gets it: it shows everything, sends updates
// and starts workflows, but cannot terminate, reset or pause one, singly or in
// bulk, because each of these leaves seats and money behind. Developers have
// the temporal command line for that.
func uiConfig(o options) *uiconfig.Config {
	return &uiconfig.Config{
		Host:                      o.ip,
		Port:                      o.uiPort,
		TemporalGRPCAddress:       o.address(),
		DefaultNamespace:          o.namespace,
		EnableUI:                  true,
		DisableNewsFetch:          true,
		HideLogs:                  true,
		CORS:                      uiconfig.CORS{CookieInsecure: true},
		WorkflowTerminateDisabled: true,
		WorkflowResetDisabled:     true,
		WorkflowPauseDisabled:     true,
		BatchActionsDisabled:      true,
		Codec: uiconfig.Codec{
			Endpoint:            o.codecURL,
			IncludeCredentials:  o.codecURL != "",
			DefaultErrorMessage: "This history is sealed. Log in on the codec server's page with an account of the role support, then reload.",
			DefaultErrorLink:    o.codecURL,
		},
	}
}

// startUI serves the web UI and returns once it answers.
func startUI(ctx context.Context, o options) (*uiserver.Server, error) {
	ui := uiserver.NewServer(server_options.WithConfigProvider(uiConfig(o)))
	failed := make(chan error, 1)
	go func() { failed <- ui.Start() }()

	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		if answers(ctx, o.uiURL()) {
			return ui, nil
		}
		select {
		case err := <-failed:
			return nil, fmt.Errorf("the web UI stopped: %w", err)
		case <-ctx.Done():
			return nil, fmt.Errorf("the web UI does not answer: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// client asks whether the UI answers.
var client = &http.Client{Timeout: 5 * time.Second}

func answers(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	r, err := client.Do(req)
	if err != nil {
		return false
	}
	_ = r.Body.Close() // Only the status matters.
	return r.StatusCode == http.StatusOK
}
