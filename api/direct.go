package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"

	"yourticket.example/internal/auth"
	"yourticket.example/ticket"
)

// direct adds a GET that a crowd calls again and again. It stands in the document
// like all others, and beside it takes the shortest way: its handler reads the
// request and writes the answer itself, most often bytes that were encoded
// before. Nobody needs an account for it; a handler that tells some callers more
// looks at their token itself, where there is more to tell.
func (s *Server) direct(api huma.API, op huma.Operation, who access, handle func(http.ResponseWriter, *http.Request) error) {
	op.Method = http.MethodGet
	documentProblems(api, &op)
	documentAccess(&op, who)
	s.noteAccess(&op, who)
	api.OpenAPI().AddOperation(&op)
	api.Adapter().Handle(&op, func(ctx huma.Context) {
		r, w := humachi.Unwrap(ctx)
		if err := handle(w, r); err != nil {
			writeProblem(w, s.problem(r.Context(), err))
		}
	})
}

// Values of headers that never change, so that the hottest answers make none.
var (
	jsonContent  = []string{"application/json"}
	cacheASecond = []string{"public, max-age=1"}
	cacheNot     = []string{"private, no-store"}
	byEncoding   = []string{"Accept-Encoding"}
	gzipEncoding = []string{"gzip"}
	neverSniff   = []string{"nosniff"}
	noContent    = []string{"default-src 'none'; frame-ancestors 'none'"}
	noReferrer   = []string{"no-referrer"}
	httpsOnly    = []string{"max-age=31536000"}
	neverStored  = []string{"no-store"}
	longestEvent = 100
	eventAddress = &huma.Param{Name: "event_id", In: "path", Required: true, Description: "Id or slug.", Schema: &huma.Schema{
		Type: "string", MaxLength: &longestEvent, Pattern: "^[a-z0-9_-]+$",
	}}
	ifNoneMatch = &huma.Param{Name: "If-None-Match", In: "header", Schema: &huma.Schema{Type: "string"}}
)

// taggedResponse documents JSON that callers keep and ask for again by its entity tag.
func taggedResponse(description string, schema *huma.Schema) *huma.Response {
	text := &huma.Header{Schema: &huma.Schema{Type: huma.TypeString}}
	r := jsonResponse(description, schema)
	r.Headers = map[string]*huma.Header{"ETag": text, "Cache-Control": text}
	return r
}

// addressed gives the id or slug of the event in a request's path.
func addressed(r *http.Request) (string, error) {
	id := chi.URLParam(r, "event_id")
	sane := id != "" && len(id) <= longestEvent
	for _, c := range []byte(id) {
		sane = sane && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_')
	}
	if !sane {
		return "", malformedParam("event_id", "must be an event's id or slug: at most %d of a-z, 0-9, - and _", longestEvent)
	}
	return id, nil
}

// addressedEvent reads the event in a request's path. A token is looked at only
// for what the public does not see.
func (s *Server) addressedEvent(r *http.Request) (*ticket.Event, error) {
	id, err := addressed(r)
	if err != nil {
		return nil, err
	}
	e, err := s.visibleEvent(r.Context(), id)
	if ticket.CodeOf(err) == ticket.CodeNotFound {
		if user, refused := s.bearer(r.Context(), r.Header.Get("Authorization")); refused == nil {
			return s.visibleEvent(auth.WithUser(r.Context(), user), id)
		}
	}
	return e, err
}

// unchanged answers 304 to a caller who has what the entity tag names.
func unchanged(w http.ResponseWriter, r *http.Request, etag string) bool {
	known := r.Header["If-None-Match"]
	if len(known) == 0 || !matches(known[0], etag) {
		return false
	}
	w.WriteHeader(http.StatusNotModified)
	return true
}

// cachedAs says who may keep an answer about an event: nobody, of one that only
// its organizer sees.
func cachedAs(e *ticket.Event) []string {
	if e.Status == ticket.EventDraft {
		return cacheNot
	}
	return cacheASecond
}
