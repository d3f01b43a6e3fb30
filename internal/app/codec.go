package app

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"go.temporal.io/sdk/converter"

	"yourticket.example/api"
	"yourticket.example/internal/auth"
	"yourticket.example/internal/codecserver"
	"yourticket.example/internal/config"
	"yourticket.example/internal/payloadcodec"
	"yourticket.example/internal/postgres"
)

// dataConverter turns values into payloads, sealed when keys are configured.
func dataConverter(cfg config.Config) (converter.DataConverter, error) {
	codec, err := payloads(cfg)
	if err != nil || codec == nil {
		return converter.GetDefaultDataConverter(), err
	}
	return codec.Converter(), nil
}

// payloads is nil when no keys are configured.
func payloads(cfg config.Config) (*payloadcodec.Codec, error) {
	keys, err := payloadcodec.ParseKeys(cfg.PayloadKeys.Reveal())
	if err != nil {
		return nil, fmt.Errorf("PAYLOAD_KEYS: %w", err)
	}
	if len(keys) == 0 {
		return nil, nil
	}
	return payloadcodec.New(keys)
}

// CodecOptions say where the codec server listens, and for which UI.
type CodecOptions struct {
	Listen string
	// Origins are the addresses of the Temporal UI.
	Origins []string
	OnReady func(addr string)
}

// codecAccounts accept what the API accepts.
type codecAccounts struct {
	*auth.Service
	verify api.Verifier
}

// Verify implements codecserver.Accounts.
func (a codecAccounts) Verify(ctx context.Context, token string) (auth.User, error) {
	return a.verify.Verify(ctx, token)
}

// RunCodec opens sealed histories for support until ctx ends.
func RunCodec(ctx context.Context, cfg config.Config, o CodecOptions) error {
	codec, err := payloads(cfg)
	if err != nil {
		return err
	}
	pool, err := postgres.Open(ctx, cfg.DatabaseURL.Reveal(), postgres.Options{MaxConns: 4, Name: "yourticket codec"})
	if err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	defer pool.Close()
	s := &stores{catalogue: postgres.NewCatalogue(pool)}
	accounts, err := auth.New(ctx, s.catalogue, nil, auth.WithIssuer(cfg.TokenIssuer.Reveal()))
	if err != nil {
		return err
	}
	go accounts.Keys.Follow(ctx, func(error) {}) // keys that are known stay valid
	verify, err := s.verifier(cfg, accounts)
	if err != nil {
		return err
	}
	server, err := codecserver.New(codecserver.Options{
		Codec: codec, Accounts: codecAccounts{accounts, verify}, Origins: o.Origins, Namespace: cfg.TemporalNamespace,
	})
	if err != nil {
		return err
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", o.Listen, err)
	}
	return serve(ctx, &http.Server{Handler: server, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second}, listener, o.OnReady)
}
