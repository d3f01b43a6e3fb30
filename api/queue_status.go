package api

import (
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/internal/waitingroom"
)

// registerQueueStatus adds the one operation that everybody who waits calls
// again and again: one look into memory, bytes that were encoded before.
func (s *Server) registerQueueStatus(api huma.API) {
	schemas := api.OpenAPI().Components.Schemas
	s.direct(api, huma.Operation{
		OperationID: "get-queue", Path: "/v1/events/{event_id}/queue", Tags: []string{"Waiting room"},
		Summary: "How the waiting room stands",
		Description: "The same for everybody, and cacheable for a second; poll_after_ms says when it is worth asking again. " +
			"commitment is the SHA-256 of the draw's seed; once the seed is there, everybody's number can be recomputed from it and entries.",
		Parameters: []*huma.Param{eventAddress, ifNoneMatch},
		Responses: map[string]*huma.Response{
			"200": taggedResponse("The status.", schemas.Schema(reflect.TypeFor[waitingroom.Status](), true, "QueueStatus")),
			"304": {Description: "Nothing has changed."},
		},
	}, public, s.getQueueStatus)
}

func (s *Server) getQueueStatus(w http.ResponseWriter, r *http.Request) error {
	id, err := addressed(r)
	if err != nil {
		return err
	}
	n, err := s.deps.Rooms.Notice(r.Context(), id)
	if err != nil {
		return err
	}
	h := w.Header()
	h["Etag"], h["Cache-Control"] = n.ETagHeader, cacheASecond
	if unchanged(w, r, n.ETag) {
		return nil
	}
	h["Content-Type"], h["Content-Length"] = jsonContent, n.LengthHeader
	_, _ = w.Write(n.Body) // the caller may be gone
	return nil
}
