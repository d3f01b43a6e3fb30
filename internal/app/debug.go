package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"yourticket.example/internal/config"
)

// serveProfiles answers /debug/pprof on an address of its own, when one is
// configured, until ctx ends. It is never part of the public API.
func serveProfiles(ctx context.Context, cfg config.Config) error {
	if cfg.DebugListen == "" {
		return nil
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", cfg.DebugListen)
	if err != nil {
		return fmt.Errorf("DEBUG_LISTEN: %w", err)
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() }) // profiles need no draining
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			slog.Warn("profiles", "error", err)
		}
	}()
	return nil
}
