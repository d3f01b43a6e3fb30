package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/internal/privacy"
)

// Persons exports and erases accounts; see privacy.Service.
type Persons interface {
	Export(ctx context.Context, userID string) (map[string]json.RawMessage, error)
	Erase(ctx context.Context, userID string, p privacy.Proof) error
}

func (s *Server) registerPrivacy(api huma.API) {
	tags := []string{"Accounts"}
	register(s, api, huma.Operation{
		OperationID: "export-me", Method: http.MethodGet, Path: "/v1/me/export", Tags: tags,
		Summary: "All that is kept of the caller",
		Description: "Account, sessions, bookings, payments, tickets, transfers, check-ins, refunds, disputes, mails, places in waiting rooms, " +
			"and what was organized or operated. Amounts are minor units.",
		Responses: map[string]*huma.Response{"200": jsonResponse("Lists by what they are of; `account` is one.", &huma.Schema{Type: huma.TypeObject})},
	}, loggedIn, s.exportMe)
	register(s, api, huma.Operation{
		OperationID: "erase-me", Method: http.MethodDelete, Path: "/v1/me", Tags: tags, DefaultStatus: http.StatusNoContent,
		Summary: "Erase the caller's account",
		Description: "For good, and at once: nobody can log in to it any more, its tokens end within seconds, name, address and password are gone, " +
			"and the address can be registered anew. What the books must keep is kept under an id that leads to nobody. 409 while a purchase is under way " +
			"or with support (`bookings` names them), while the account organizes coming events, and while it has unused tickets for coming events " +
			"(`tickets`, `events`), unless `leave_tickets` is true.",
	}, loggedIn, s.eraseMe)
}

type exportOutput struct {
	ContentType  string `header:"Content-Type"`
	CacheControl string `header:"Cache-Control"`
	Disposition  string `header:"Content-Disposition"`
	Body         []byte
}

func (s *Server) exportMe(ctx context.Context, _ *struct{}) (*exportOutput, error) {
	found, err := s.deps.Persons.Export(ctx, caller(ctx).ID)
	if err != nil {
		return nil, err
	}
	body, err := json.MarshalIndent(found, "", "  ")
	return &exportOutput{
		ContentType: "application/json", CacheControl: "no-store", Disposition: `attachment; filename="yourticket-account.json"`, Body: body,
	}, err
}

type eraseInput struct {
	Body struct {
		Password     string `json:"password,omitempty" maxLength:"1024" doc:"The account's; required where it has one."`
		Email        string `json:"email,omitempty" maxLength:"254" doc:"The account's own address, in place of a password where it has none (outside issuers)."`
		LeaveTickets bool   `json:"leave_tickets,omitempty" doc:"Erase it although there are unused tickets for coming events; whoever has them printed still gets in."`
	}
}

func (s *Server) eraseMe(ctx context.Context, in *eraseInput) (*struct{}, error) {
	return nil, s.deps.Persons.Erase(ctx, caller(ctx).ID, privacy.Proof{
		Password: in.Body.Password, Email: in.Body.Email, LeaveTickets: in.Body.LeaveTickets,
	})
}
