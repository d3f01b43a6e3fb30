package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/ticket"
)

// registerVenueReads adds what shows venues and plans. Their ids cannot be
// guessed and what they show is shown by every event, so that a page may show a
// plan as an image without a token; lists are for organizers.
func (s *Server) registerVenueReads(api huma.API) {
	tags := []string{"Organizers"}
	lists := only(ticket.RoleOrganizer, ticket.RoleSupport, ticket.RoleFinance)
	register(s, api, huma.Operation{
		OperationID: "list-venues", Method: http.MethodGet, Path: "/v1/venues", Tags: tags,
		Summary: "Venues that the caller has added, newest first", Description: "With `all=true` those of everybody: any organizer may use any venue.",
	}, lists, s.listVenues)
	register(s, api, huma.Operation{
		OperationID: "get-venue", Method: http.MethodGet, Path: "/v1/venues/{venue_id}", Tags: tags, Summary: "A venue",
	}, public, s.getVenue)
	register(s, api, huma.Operation{
		OperationID: "list-plans", Method: http.MethodGet, Path: "/v1/venues/{venue_id}/plans", Tags: tags,
		Summary: "The seating plans of a venue, newest first",
	}, lists, s.listPlans)
	register(s, api, huma.Operation{
		OperationID: "get-plan", Method: http.MethodGet, Path: "/v1/venues/{venue_id}/plans/{plan_id}", Tags: tags,
		Summary: "A seating plan in short", Description: "A plan never changes. Its file is at `file`, its picture at `svg`.",
	}, public, s.getPlan)
	register(s, api, huma.Operation{
		OperationID: "get-plan-file", Method: http.MethodGet, Path: "/v1/venues/{venue_id}/plans/{plan_id}/file", Tags: tags,
		Summary: "A seating plan's file as it was handed in",
		Responses: map[string]*huma.Response{
			"200": jsonResponse("A pretix seating-plan file.", &huma.Schema{Type: huma.TypeObject}), "304": {Description: "The caller's copy is good."},
		},
	}, public, s.getPlanFile)
	register(s, api, huma.Operation{
		OperationID: "get-plan-svg", Method: http.MethodGet, Path: "/v1/venues/{venue_id}/plans/{plan_id}.svg", Tags: tags,
		Summary: "A seating plan as a picture (SVG)",
		Description: "Areas, seats in the colours of their categories, the names of zones and rows, standing areas with their capacity, and a legend. " +
			"It needs no token, so that it can stand in a page as an image; it never changes.",
		Responses: map[string]*huma.Response{
			"200": {Description: "The picture.", Content: map[string]*huma.MediaType{"image/svg+xml": {Schema: &huma.Schema{Type: huma.TypeString}}}},
			"304": {Description: "The caller's copy is good."},
		},
	}, public, s.getPlanSVG)
}

// VenuePath is the path parameter of operations on a venue.
type VenuePath struct {
	VenueID string `path:"venue_id" maxLength:"100" pattern:"^[a-z0-9_]+$"`
}

// PlanPath is the path parameters of operations on a plan.
type PlanPath struct {
	VenuePath
	PlanID string `path:"plan_id" maxLength:"100" pattern:"^[a-z0-9_]+$"`
}

// forEver is what caches are told of what never changes.
const forEver = "public, max-age=31536000, immutable"

// idCursor is a place in a list that is ordered by id.
type idCursor struct {
	ID string `json:"id"`
}

type listVenuesInput struct {
	Page
	All bool `query:"all" doc:"Those of everybody."`
}

type listVenuesOutput struct {
	Body struct {
		Items      []ticket.Venue `json:"items"`
		NextCursor string         `json:"next_cursor,omitempty" doc:"Gives the next page; absent on the last one."`
	}
}

func (s *Server) listVenues(ctx context.Context, in *listVenuesInput) (*listVenuesOutput, error) {
	var after idCursor
	if err := readCursor(in.Cursor, &after); err != nil {
		return nil, err
	}
	by := caller(ctx).ID
	if in.All {
		by = ""
	}
	list, err := s.deps.Catalogue.Venues(ctx, by, after.ID, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &listVenuesOutput{}
	out.Body.Items, out.Body.NextCursor = page(list, in.Limit, func(v ticket.Venue) any { return idCursor{ID: v.ID} })
	return out, nil
}

// page cuts a list that was read with one item more than is given, and makes the
// cursor of the next page when there is one.
func page[T any](list []T, limit int, at func(last T) any) (items []T, next string) {
	if len(list) > limit {
		list = list[:limit]
		next = writeCursor(at(list[limit-1]))
	}
	if list == nil {
		list = []T{}
	}
	return list, next
}

type getVenueOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         ticket.Venue
}

func (s *Server) getVenue(ctx context.Context, in *struct{ VenuePath }) (*getVenueOutput, error) {
	v, err := s.deps.Catalogue.Venue(ctx, in.VenueID)
	return &getVenueOutput{CacheControl: "public, max-age=60", Body: v}, err
}

type listPlansInput struct {
	VenuePath
	Page
}

type listPlansOutput struct {
	Body struct {
		Items      []planBody `json:"items"`
		NextCursor string     `json:"next_cursor,omitempty" doc:"Gives the next page; absent on the last one."`
	}
}

func (s *Server) listPlans(ctx context.Context, in *listPlansInput) (*listPlansOutput, error) {
	var after idCursor
	if err := readCursor(in.Cursor, &after); err != nil {
		return nil, err
	}
	if _, err := s.deps.Catalogue.Venue(ctx, in.VenueID); err != nil {
		return nil, err
	}
	list, err := s.deps.Catalogue.PlansOf(ctx, in.VenueID, after.ID, in.Limit+1)
	if err != nil {
		return nil, err
	}
	bodies := make([]planBody, len(list))
	for i := range list {
		bodies[i] = newPlanBody(list[i])
	}
	out := &listPlansOutput{}
	out.Body.Items, out.Body.NextCursor = page(bodies, in.Limit, func(p planBody) any { return idCursor{ID: p.ID} })
	return out, nil
}

// planBody is a seating plan without its places.
type planBody struct {
	ID         string    `json:"id"`
	VenueID    string    `json:"venue_id"`
	Name       string    `json:"name"`
	Capacity   int       `json:"capacity" doc:"Seats and standing places together."`
	Categories []string  `json:"categories" doc:"Each needs a price in an event."`
	CreatedAt  time.Time `json:"created_at"`
	File       string    `json:"file" doc:"Where its file is."`
	SVG        string    `json:"svg" doc:"Where its picture is."`
}

func newPlanBody(p ticket.StoredPlan) planBody {
	path := "/v1/venues/" + p.VenueID + "/plans/" + p.ID
	return planBody{
		ID: p.ID, VenueID: p.VenueID, Name: p.Name, Capacity: p.Capacity, Categories: p.Categories,
		CreatedAt: p.CreatedAt.UTC(), File: path + "/file", SVG: path + ".svg",
	}
}

type getPlanOutput struct {
	ETag         string `header:"ETag"`
	CacheControl string `header:"Cache-Control"`
	Body         planBody
}

func (s *Server) getPlan(ctx context.Context, in *struct{ PlanPath }) (*getPlanOutput, error) {
	p, err := s.deps.Catalogue.PlanInfo(ctx, in.PlanID)
	if err == nil && p.VenueID != in.VenueID {
		err = noPlan(in.PlanPath)
	}
	if err != nil {
		return nil, err
	}
	return &getPlanOutput{ETag: `"` + p.ID + `"`, CacheControl: forEver, Body: newPlanBody(p)}, nil
}

func noPlan(p PlanPath) error {
	return ticket.Errorf(ticket.CodeNotFound, "There is no plan %q of the venue %q.", p.PlanID, p.VenueID)
}

// cachedPlanInput asks for a part of a plan that the caller may have already.
type cachedPlanInput struct {
	PlanPath
	IfNoneMatch    string `header:"If-None-Match"`
	AcceptEncoding string `header:"Accept-Encoding" hidden:"true"`
}

func (s *Server) getPlanSVG(ctx context.Context, in *cachedPlanInput) (*cachedOutput, error) {
	d, err := s.deps.Events.Drawing(ctx, in.PlanID)
	if err == nil && d.VenueID != in.VenueID {
		err = noPlan(in.PlanPath)
	}
	if err != nil {
		return nil, err
	}
	out := &cachedOutput{
		Status: http.StatusOK, ETag: d.ETag, ContentType: "image/svg+xml", Vary: "Accept-Encoding", CacheControl: forEver, Body: d.SVG,
	}
	if acceptsGzip(in.AcceptEncoding) {
		out.ETag, out.ContentEncoding, out.Body = d.GzipETag, "gzip", d.SVGGzip
	}
	return out.unlessKnown(in.IfNoneMatch), nil
}

func (s *Server) getPlanFile(ctx context.Context, in *cachedPlanInput) (*cachedOutput, error) {
	out := &cachedOutput{Status: http.StatusOK, ETag: `"` + in.PlanID + `-file"`, ContentType: "application/json", CacheControl: forEver}
	p, err := s.deps.Catalogue.PlanInfo(ctx, in.PlanID)
	if err == nil && p.VenueID != in.VenueID {
		err = noPlan(in.PlanPath)
	}
	if err != nil || matches(in.IfNoneMatch, out.ETag) {
		return out.unlessKnown(in.IfNoneMatch), err
	}
	leave, err := s.readsPlan(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	p, err = s.deps.Events.PlanFile(ctx, in.PlanID)
	out.Body = p.Document
	return out, err
}

// readsPlan lets two at a time read whole plans: the largest take some hundred
// megabytes while they are read.
func (s *Server) readsPlan(ctx context.Context) (leave func(), err error) {
	select {
	case s.plans <- struct{}{}:
		return func() { <-s.plans }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
