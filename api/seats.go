package api

import (
	"context"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/internal/catalogue"
	"yourticket.example/ticket"
)

func (s *Server) registerSeats(api huma.API) {
	schemas := api.OpenAPI().Components.Schemas
	register(s, api, huma.Operation{
		OperationID: "get-seatmap", Method: http.MethodGet, Path: "/v1/events/{event_id}/seatmap", Tags: []string{"Catalogue"},
		Summary: "The seating plan", Description: "It never changes; seats are in the order of their indexes.",
		Responses: map[string]*huma.Response{
			"200": jsonResponse("The seating plan.", schemas.Schema(reflect.TypeFor[catalogue.SeatMap](), true, "SeatMap")),
			"304": {Description: "The caller's copy is good."},
		},
	}, anyone, s.getSeatMap)
	s.direct(api, huma.Operation{
		OperationID: "get-availability", Path: "/v1/events/{event_id}/availability", Tags: []string{"Catalogue"},
		Summary: "The state of every place", Parameters: []*huma.Param{eventAddress, ifNoneMatch},
		Responses: map[string]*huma.Response{
			"200": taggedResponse("The state of every place.", schemas.Schema(reflect.TypeFor[availabilityBody](), true, "SeatAvailability")),
			"304": {Description: "Nothing has changed."},
		},
	}, anyone, s.getAvailability)
}

// availabilityBody documents what getAvailability writes by hand.
type availabilityBody struct {
	Version string `json:"version" doc:"Changes whenever a place does."`
	Seats   string `json:"seats" doc:"One character a place, in the order of index: a available, h held, s sold, b blocked."`
}

// cachedInput is a read whose answer the caller may have already.
type cachedInput struct {
	EventPath
	IfNoneMatch    string `header:"If-None-Match"`
	AcceptEncoding string `header:"Accept-Encoding" hidden:"true"`
}

// cachedOutput is bytes that were encoded before, or 304.
type cachedOutput struct {
	Status          int
	ETag            string `header:"ETag"`
	CacheControl    string `header:"Cache-Control"`
	ContentType     string `header:"Content-Type"`
	ContentEncoding string `header:"Content-Encoding" hidden:"true"`
	Vary            string `header:"Vary" hidden:"true"`
	Body            []byte
}

// unlessKnown answers 304 without a body when the caller has this version.
func (o *cachedOutput) unlessKnown(ifNoneMatch string) *cachedOutput {
	if matches(ifNoneMatch, o.ETag) {
		o.Status, o.Body, o.ContentType, o.ContentEncoding = http.StatusNotModified, nil, "", ""
	}
	return o
}

func (s *Server) getSeatMap(ctx context.Context, in *cachedInput) (*cachedOutput, error) {
	e, err := s.visibleEvent(ctx, in.EventID)
	if err != nil {
		return nil, err
	}
	plan, err := s.deps.Events.Plan(ctx, e.PlanID)
	if err != nil {
		return nil, err
	}
	out := &cachedOutput{
		Status: http.StatusOK, ETag: plan.ETag, ContentType: "application/json", Vary: "Accept-Encoding",
		CacheControl: "public, max-age=31536000, immutable", Body: plan.SeatMap,
	}
	if e.Status == ticket.EventDraft {
		out.CacheControl = "private, no-store"
	}
	if acceptsGzip(in.AcceptEncoding) {
		out.ETag, out.ContentEncoding, out.Body = plan.GzipETag, "gzip", plan.SeatMapGzip
	}
	return out.unlessKnown(in.IfNoneMatch), nil
}

// acceptsGzip tells whether an Accept-Encoding header allows gzip.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		q, given := strings.CutPrefix(strings.TrimSpace(params), "q=")
		weight, err := strconv.ParseFloat(q, 64)
		return !given || err != nil || weight > 0
	}
	return false
}
