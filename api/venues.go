package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/internal/seatingplan"
	"yourticket.example/ticket"
)

// maxPlanBytes is how large a seating plan's file may be.
const maxPlanBytes = 32 << 20

func (s *Server) registerVenues(api huma.API) {
	tags := []string{"Organizers"}
	register(s, api, huma.Operation{
		OperationID: "create-venue", Method: http.MethodPost, Path: "/v1/venues", Tags: tags,
		Summary: "Add a venue", DefaultStatus: http.StatusCreated,
	}, only(ticket.RoleOrganizer), s.createVenue)
	register(s, api, huma.Operation{
		OperationID: "create-plan", Method: http.MethodPost, Path: "/v1/venues/{venue_id}/plans", Tags: tags,
		Summary: "Add a seating plan to a venue", DefaultStatus: http.StatusCreated,
		Description: "The body is a pretix seating-plan file, version 0.0.1 of its JSON schema; `standing` may list zones " +
			"without seats as {name, category, capacity}. A file that is not valid is refused with the path to each fault.",
		MaxBodyBytes: maxPlanBytes, BodyReadTimeout: time.Minute, SkipValidateBody: true,
	}, only(ticket.RoleOrganizer), s.createPlan)
	documentPlan(api)
	s.registerVenueReads(api)
}

// documentPlan describes the body of create-plan, which huma takes for mere
// bytes because its handler reads it itself.
func documentPlan(api huma.API) {
	post := api.OpenAPI().Paths["/v1/venues/{venue_id}/plans"].Post
	post.RequestBody.Content["application/json"].Schema = api.OpenAPI().Components.Schemas.Schema(
		reflect.TypeFor[seatingplan.File](), true, "SeatingPlan")
}

// schemaName names a type in the contract. Those of a plan's file get a prefix:
// its seats are not what is sold.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.PkgPath() == reflect.TypeFor[seatingplan.File]().PkgPath() {
		return "Plan" + name
	}
	return name
}

type createVenueInput struct {
	IdempotencyKey
	Body struct {
		Name    string  `json:"name" minLength:"1" maxLength:"200"`
		City    string  `json:"city" minLength:"1" maxLength:"200"`
		Country string  `json:"country" pattern:"^[A-Z]{2}$" patternDescription:"an ISO 3166-1 alpha-2 code" example:"DE"`
		Lat     float64 `json:"lat" minimum:"-90" maximum:"90" doc:"Degrees north."`
		Lon     float64 `json:"lon" minimum:"-180" maximum:"180" doc:"Degrees east."`
	}
}

type venueOutput struct {
	Location string `header:"Location"`
	Body     ticket.Venue
}

func (s *Server) createVenue(ctx context.Context, in *createVenueInput) (*venueOutput, error) {
	b := in.Body
	var f faults
	f.line("name", &b.Name, 200)
	f.line("city", &b.City, 200)
	f.country("country", b.Country)
	if err := f.err(); err != nil {
		return nil, err
	}
	return once(ctx, s, in.request("create-venue", in.Body), func(ctx context.Context) (*venueOutput, error) {
		v := ticket.Venue{
			ID: ticket.NewID(ticket.KindVenue, 0), Name: b.Name, City: b.City, Country: b.Country, Lat: b.Lat, Lon: b.Lon,
		}
		return &venueOutput{Body: v, Location: "/v1/venues/" + v.ID}, s.recorded(ctx, func(ctx context.Context) (ticket.Change, error) {
			return ticket.Change{SubjectID: v.ID, What: ticket.ChangeVenueCreated, After: asJSON(v)}, s.deps.Catalogue.CreateVenue(ctx, v, caller(ctx).ID)
		})
	})
}

type createPlanInput struct {
	IdempotencyKey
	VenuePath
	RawBody []byte `contentType:"application/json"`
}

type planOutput struct {
	Location string `header:"Location"`
	Body     planBody
}

func (s *Server) createPlan(ctx context.Context, in *createPlanInput) (*planOutput, error) {
	file, err := s.parsePlan(ctx, in.RawBody)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(in.RawBody)
	request := in.request("create-plan/"+in.VenueID, hex.EncodeToString(sum[:]))
	return once(ctx, s, request, func(ctx context.Context) (*planOutput, error) {
		id := ticket.NewID(ticket.KindPlan, 0)
		places := file.Plan(id)
		plan := ticket.StoredPlan{
			ID: id, VenueID: in.VenueID, Name: file.Name, Capacity: len(places.Seats), CreatedAt: s.now().Truncate(time.Microsecond),
			Categories: places.Categories(), Document: in.RawBody, CreatedBy: caller(ctx).ID,
		}
		body := newPlanBody(plan)
		return &planOutput{Body: body, Location: "/v1/venues/" + in.VenueID + "/plans/" + id}, s.recorded(ctx, func(ctx context.Context) (ticket.Change, error) {
			return ticket.Change{SubjectID: id, What: ticket.ChangePlanCreated, After: asJSON(body)}, s.deps.Catalogue.CreatePlan(ctx, plan)
		})
	})
}

// parsePlan reads a file.
func (s *Server) parsePlan(ctx context.Context, document []byte) (*seatingplan.File, error) {
	leave, err := s.readsPlan(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	file, err := seatingplan.Parse(document)
	if err != nil {
		return nil, err
	}
	if file.Places() == 0 {
		return nil, ticket.Invalid("zones", "the plan has no place to sell")
	}
	return file, nil
}
