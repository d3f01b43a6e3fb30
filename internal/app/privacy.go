package app

import (
	"context"
	"log/slog"

	"yourticket.example/api"
	"yourticket.example/internal/auth"
	"yourticket.example/internal/privacy"
)

// newPersons makes what exports and erases accounts, and what keeps the tokens of
// erased ones out, before what verifies tokens.
func (s *stores) newPersons(background context.Context, tokens api.Verifier, passwords *auth.Passwords) (*privacy.Service, *auth.Living) {
	living := auth.NewLiving(tokens, s.catalogue)
	persons := &privacy.Service{Catalogue: s.catalogue, Sales: s.sales, Passwords: passwords, Ended: living.End}
	go living.Follow(background, func(err error) { slog.Warn("erased accounts", "error", err) })
	go persons.Run(background)
	return persons, living
}
