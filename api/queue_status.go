package api

import (
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"

	"yourticket.example/internal/waitingroom"
	"yourticket.example/ticket"
)

// registerQueueStatus adds the one operation that everybody who waits calls
// again and again. It stands in the document like all others, and beside it
// takes the shortest way: one look into memory, bytes that were encoded before.
func (s *Server) registerQueueStatus(api huma.API) {
	schemas := api.OpenAPI().Components.Schemas
	op := huma.Operation{
		OperationID: "get-queue", Method: http.MethodGet, Path: "/v1/events/{event_id}/queue", Tags: []string{"Waiting room"},
		Summary: "How the waiting room stands",
		Description: "The same for everybody, and cacheable for a second; poll_after_ms says when it is worth asking again. " +
			"commitment is the SHA-256 of the draw's seed; once the seed is there, everybody's number can be recomputed from it and entries.",
		Parameters: []*huma.Param{
			{Name: "event_id", In: "path", Required: true, Description: "Id or slug.", Schema: &huma.Schema{Type: "string"}},
			{Name: "If-None-Match", In: "header", Schema: &huma.Schema{Type: "string"}},
		},
		Responses: map[string]*huma.Response{
			"200": jsonResponse("The status.", schemas.Schema(reflect.TypeFor[waitingroom.Status](), true, "QueueStatus")),
			"304": {Description: "Nothing has changed."},
		},
	}
	documentProblems(api, &op)
	s.noteAccess(&op, public)
	api.OpenAPI().AddOperation(&op)
	api.Adapter().Handle(&op, func(ctx huma.Context) {
		r, w := humachi.Unwrap(ctx)
		s.getQueueStatus(w, r)
	})
}

// Values of headers that never change, so that the hottest answer makes none.
var (
	jsonContent  = []string{"application/json"}
	cacheASecond = []string{"public, max-age=1"}
)

// longestEvent is what an id or a slug may have.
const longestEvent = 100

func (s *Server) getQueueStatus(w http.ResponseWriter, r *http.Request) {
	id := chi.URLParam(r, "event_id")
	if len(id) > longestEvent {
		writeProblem(w, s.problem(r.Context(), ticket.Errorf(ticket.CodeNotFound, "There is no such event.")))
		return
	}
	n, err := s.deps.Rooms.Notice(r.Context(), id)
	if err != nil {
		writeProblem(w, s.problem(r.Context(), err))
		return
	}
	h := w.Header()
	h["Etag"] = n.ETagHeader
	h["Cache-Control"] = cacheASecond
	if known := r.Header["If-None-Match"]; len(known) > 0 && matches(known[0], n.ETag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h["Content-Type"] = jsonContent
	h["Content-Length"] = n.LengthHeader
	_, _ = w.Write(n.Body) // the caller may be gone
}
