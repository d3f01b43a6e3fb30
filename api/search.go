package api

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/internal/search"
	"yourticket.example/ticket"
)

// SearchDeps is what searches are answered from.
type SearchDeps struct {
	Search Search
}

// Search finds events; see search.Service.
type Search interface {
	Search(ctx context.Context, q ticket.SearchQuery, cursor string, prepare search.Prepare) (*search.Answer, error)
	Suggest(ctx context.Context, text string) (list []ticket.Suggestion, limited bool, err error)
}

// registerSearch adds the operations of the search service: a search that is in
// memory costs little more than its parameters.
func (s *Server) registerSearch(api huma.API) {
	s.counts = newFreeCounts(s.deps.Availability, s.now)
	schemas := api.OpenAPI().Components.Schemas
	text := &huma.Schema{Type: "string"}
	tags := []string{"Catalogue"}
	s.direct(api, huma.Operation{
		OperationID: "search-events", Path: "/v1/search", Tags: tags, Summary: "Find events",
		Description: "Events that are announced and have not started. The words of q may have typos, lack accents, and the last may be a beginning. " +
			"city, genre and artist must be equal but for case and accents. Times are RFC 3339, or dates (UTC), both included. Prices are " +
			"face prices in minor units, and fit when any category does. Each facet counts as if its own filter were not set; months ignore from and to. " +
			"degraded: the search index is away, and a simpler search answers. Answers are three seconds old at most while the catalogue changes.",
		Parameters: searchParameters,
		Responses: map[string]*huma.Response{
			"200": jsonResponse("What was found.", schemas.Schema(reflect.TypeFor[searchBody](), true, "SearchResults")),
		},
	}, public, s.search)
	s.direct(api, huma.Operation{
		OperationID: "suggest", Path: "/v1/search/suggest", Tags: tags, Summary: "Complete what somebody types",
		Description: "Artists, events, cities and venues of events to come whose words begin so. The id is that of an event or a venue.",
		Parameters:  []*huma.Param{{Name: "q", In: "query", Required: true, Schema: text}},
		Responses: map[string]*huma.Response{
			"200": jsonResponse("The suggestions.", schemas.Schema(reflect.TypeFor[suggestBody](), true, "Suggestions")),
		},
	}, public, s.suggest)
}

// searchBody is what was found.
type searchBody struct {
	Items      []searchItem        `json:"items"`
	Facets     ticket.SearchFacets `json:"facets"`
	Total      int                 `json:"total" doc:"Everything that was found, on all pages."`
	NextCursor string              `json:"next_cursor,omitempty" doc:"Gives the next page; absent on the last one."`
	Degraded   bool                `json:"degraded" doc:"The search index is away; what is given may be older or simpler."`
}

// searchItem is an event as lists have it, and what of it was looked for.
type searchItem struct {
	EventBody
	Highlight map[string]string `json:"highlight" doc:"By field: HTML with what matches inside of <em>, all else escaped."`
}

type suggestBody struct {
	Items    []ticket.Suggestion `json:"items"`
	Degraded bool                `json:"degraded"`
}

func (s *Server) search(w http.ResponseWriter, r *http.Request) error {
	q, cursor, err := readSearch(r.URL.RawQuery)
	if err != nil {
		return err
	}
	answer, err := s.deps.Search.Search(r.Context(), q, cursor, s.prepareSearch)
	if err != nil {
		return err
	}
	h := w.Header()
	h["Content-Type"], h["Cache-Control"], h["Content-Length"] = jsonContent, cacheASecond, answer.Length
	_, _ = w.Write(answer.Body) //nolint:gosec // JSON, and whatever HTML is in it escaped; the caller may be gone
	return nil
}

func (s *Server) suggest(w http.ResponseWriter, r *http.Request) error {
	values, err := readQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	list, limited, err := s.deps.Search.Suggest(r.Context(), values.Get("q"))
	if err != nil {
		return err
	}
	if list == nil {
		list = []ticket.Suggestion{}
	}
	w.Header()["Cache-Control"] = []string{"public, max-age=10"}
	writeJSON(w, http.StatusOK, suggestBody{Items: list, Degraded: limited})
	return nil
}
