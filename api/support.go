package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/ticket"
)

// registerSupport adds what support needs beside the Temporal UI, which knows
// accounts by their ids only.
func (s *Server) registerSupport(api huma.API) {
	register(s, api, huma.Operation{
		OperationID: "find-account", Method: http.MethodGet, Path: "/v1/support/accounts", Tags: []string{"Support"},
		Summary:     "The account of an email address",
		Description: "Its id is the search attribute `BuyerId` in the Temporal UI. Who looked is logged.",
	}, only(ticket.RoleSupport), s.findAccount)
}

type findAccountInput struct {
	Email string `query:"email" required:"true" minLength:"3" maxLength:"254" doc:"Whatever its case."`
}

type findAccountOutput struct {
	Body struct {
		ID    string `json:"id"`
		Email string `json:"email"`
		Name  string `json:"name"`
	}
}

func (s *Server) findAccount(ctx context.Context, in *findAccountInput) (*findAccountOutput, error) {
	a, err := s.deps.People.AccountByEmail(ctx, in.Email)
	if ticket.CodeOf(err) == ticket.CodeNotFound {
		return nil, ticket.Errorf(ticket.CodeNotFound, "There is no account with this email address.")
	}
	if err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "support found an account", "by", caller(ctx).ID, "user", a.ID)
	out := &findAccountOutput{}
	out.Body.ID, out.Body.Email, out.Body.Name = a.ID, a.Email, a.Name
	return out, nil
}
