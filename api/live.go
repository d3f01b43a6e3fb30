package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"yourticket.example/internal/livemap"
	"yourticket.example/ticket"
)

// LiveDeps is what shows seat maps as they change.
type LiveDeps struct {
	// LiveMap serves streams, and availability from memory. Without it streams
	// are refused as ticket.CodeUnavailable, and availability is read each time.
	LiveMap *livemap.Hub
}

func (s *Server) registerLive(api huma.API) {
	register(s, api, huma.Operation{
		OperationID: "watch-availability", Method: http.MethodGet, Path: "/v1/events/{event_id}/availability/stream",
		Tags: []string{"Catalogue"}, Summary: "The state of every place as it changes (server-sent events)",
		Description: "First an event `snapshot`, the answer of GET availability; then an event `delta` at each change: " +
			"`{\"version\": \"…\", \"changes\": [[index, \"h\"], …]}`. A snapshot may come again, and stands for itself. " +
			"The id of an event is its version; sent as Last-Event-ID it resumes the stream without a gap, at any server. " +
			"A comment comes at least every 15 s. A stream ends after about 14 minutes; come back after the time it hints at.",
		Responses: map[string]*huma.Response{"200": {
			Description: "Snapshot and deltas.",
			Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: "string"}}},
		}},
	}, anyone, s.watchAvailability)
}

type watchAvailabilityInput struct {
	EventPath
	LastEventID string `header:"Last-Event-ID" doc:"The id of the last event that arrived."`
}

func (s *Server) watchAvailability(ctx context.Context, in *watchAvailabilityInput) (*huma.StreamResponse, error) {
	e, err := s.visibleEvent(ctx, in.EventID)
	if err != nil {
		return nil, err
	}
	if s.deps.LiveMap == nil {
		return nil, ticket.Errorf(ticket.CodeUnavailable, "Seat maps are not streamed here; ask for the availability instead.")
	}
	stream, err := s.deps.LiveMap.Watch(ctx, e, in.LastEventID)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		r, w := humachi.Unwrap(hctx)
		stream.Serve(w, r)
	}}, nil
}

// availability gives the state of every place of an event, from memory where it
// is watched.
func (s *Server) availability(ctx context.Context, e *ticket.Event) (*livemap.Answer, error) {
	if s.deps.LiveMap != nil {
		return s.deps.LiveMap.Availability(ctx, e)
	}
	version, seats, err := s.deps.Availability.Snapshot(ctx, e)
	if err != nil {
		return nil, err
	}
	return livemap.NewAnswer(version, seats), nil
}

// getAvailability chooses the form of the answer, and sends nothing that the
// caller has.
func (s *Server) getAvailability(w http.ResponseWriter, r *http.Request) error {
	e, err := s.addressedEvent(r)
	if err != nil {
		return err
	}
	a, err := s.availability(r.Context(), e)
	if err != nil {
		return err
	}
	h := w.Header()
	h["Cache-Control"], h["Vary"] = cachedAs(e), byEncoding
	etag, body := a.ETag, a.Body
	zipped := a.Compresses() && acceptsGzip(r.Header.Get("Accept-Encoding"))
	if zipped {
		etag, body = a.GzipETag, a.Gzip
	}
	h["Etag"] = []string{etag}
	if unchanged(w, r, etag) {
		return nil
	}
	h["Content-Type"] = jsonContent
	if zipped {
		h["Content-Encoding"] = gzipEncoding
	}
	_, _ = w.Write(body()) // the caller may be gone
	return nil
}
