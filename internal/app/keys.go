package app

import (
	"context"
	"time"

	"yourticket.example/internal/auth"
	"yourticket.example/internal/config"
	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// RotateKey makes a new signing key for a purpose (ticket.KeyPurpose).
func RotateKey(ctx context.Context, cfg config.Config, purpose string) error {
	pool, err := postgres.Open(ctx, cfg.DatabaseURL.Reveal(), postgres.Options{MaxConns: 1, Name: "yourticket keys"})
	if err != nil {
		return err
	}
	defer pool.Close()
	keys, err := auth.OpenKeys(ctx, postgres.NewCatalogue(pool), time.Now)
	if err != nil {
		return err
	}
	return keys.Rotate(ctx, ticket.KeyPurpose(purpose))
}
