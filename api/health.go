package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"yourticket.example/ticket"
)

// partTimeout is how long a part may take to answer a readiness check.
const partTimeout = 2 * time.Second

// Part is something that the process needs in order to be ready.
type Part struct {
	Name string
	Ping func(context.Context) error
}

// PartState is what a readiness check found of a part.
type PartState struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	// Error is the class of the failure: "timeout" or a code; never its text,
	// since the answer is public.
	Error string `json:"error,omitempty"`
	// Ms is how long the part took to answer.
	Ms int64 `json:"ms"`
}

func (s *Server) mountHealth(router chi.Router) {
	router.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	router.Get("/readyz", s.ready)
	router.Method(http.MethodGet, "/metrics", promhttp.HandlerFor(s.deps.Registry, promhttp.HandlerOpts{
		Timeout: 10 * time.Second, MaxRequestsInFlight: 4,
	}))
}

// ready asks every part at the same time and answers 200 when all are well that
// the process cannot do without, else 503.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	states := make([]PartState, len(s.deps.Parts))
	var wg sync.WaitGroup
	for i, part := range s.deps.Parts {
		wg.Go(func() { states[i] = s.reach(r.Context(), part) })
	}
	wg.Wait()
	status, text := http.StatusOK, "ok"
	for _, st := range states {
		if _, optional := optionalParts[st.Name]; !st.OK && !optional {
			status, text = http.StatusServiceUnavailable, "unavailable"
		}
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, status, map[string]any{"status": text, "parts": states})
}

func (s *Server) reach(ctx context.Context, part Part) PartState {
	ctx, cancel := context.WithTimeout(ctx, partTimeout)
	defer cancel()
	start := time.Now()
	err := part.Ping(ctx)
	state := PartState{Name: part.Name, OK: err == nil, Ms: time.Since(start).Milliseconds()}
	switch {
	case err == nil:
	case errors.Is(err, context.DeadlineExceeded):
		state.Error = "timeout"
	default:
		state.Error = string(ticket.CodeOf(err))
	}
	if err != nil {
		s.log.WarnContext(ctx, "part not reached", "part", part.Name, "error", err.Error())
	}
	return state
}

// writeJSON answers outside of any operation.
func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the caller may be gone; nobody is left to tell
}
