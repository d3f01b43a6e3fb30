package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"yourticket.example/api"
	"yourticket.example/internal/auth"
	"yourticket.example/internal/config"
	"yourticket.example/internal/ratelimit"
	"yourticket.example/ticket"
)

// gatewayDeps makes what stands before the services. Limits hold where the
// gateway is served; a service behind it would count its callers twice.
func (s *stores) gatewayDeps(cfg config.Config, services []string) (deps api.GatewayDeps, err error) {
	if deps.Trusted, err = api.ParseTrustedProxies(cfg.TrustedProxies); err != nil {
		return deps, fmt.Errorf("TRUSTED_PROXIES: %w", err)
	}
	if deps.Upstreams, err = api.ParseUpstreams(cfg.ServiceURLs); err != nil {
		return deps, fmt.Errorf("SERVICE_URLS: %w", err)
	}
	policies, err := ratelimit.Parse(cfg.RateLimits)
	if err != nil {
		return deps, fmt.Errorf("RATE_LIMITS: %w", err)
	}
	if policies != nil && (len(services) == 0 || slices.Contains(services, "gateway")) {
		deps.Limits, err = ratelimit.New(ratelimit.Options{Policies: policies, Redis: s.redisDB, Registerer: s.registry})
	}
	return deps, err
}

// verifier accepts our own tokens, and those of an outside issuer when one is
// configured.
func (s *stores) verifier(cfg config.Config, accounts *auth.Service) (api.Verifier, error) {
	if cfg.OIDCIssuer.IsZero() {
		return accounts, nil
	}
	var roles map[string]ticket.Role
	for theirs, ours := range cfg.OIDCRoles {
		if !slices.Contains(ticket.Roles, ticket.Role(ours)) {
			return nil, fmt.Errorf("OIDC_ROLES: there is no role %q; there are %v", ours, ticket.Roles)
		}
		if roles == nil {
			roles = map[string]ticket.Role{}
		}
		roles[theirs] = ticket.Role(ours)
	}
	outside, err := auth.NewOIDC(auth.OIDCOptions{
		Issuer: cfg.OIDCIssuer.Reveal(), Audience: cfg.OIDCAudience, RoleClaim: cfg.OIDCRoleClaim, Roles: roles, Provision: s.provision,
	})
	if err != nil {
		return nil, fmt.Errorf("OIDC_ISSUER: %w", err)
	}
	own := accounts.Tokens
	if cfg.OIDCOnly {
		own = nil
	}
	return auth.NewEither(own, outside), nil
}

// provision makes sure that an outside issuer's account exists here. One whose
// email is not verified, or belongs to another account, gets an address that
// nobody can have.
func (s *stores) provision(ctx context.Context, u ticket.User) error {
	_, err := s.catalogue.User(ctx, u.ID)
	if ticket.CodeOf(err) != ticket.CodeNotFound {
		return err
	}
	nowhere := u.ID + "@accounts.invalid"
	u.Email, u.Name = cmp.Or(u.Email, nowhere), cmp.Or(u.Name, "Account")
	err = s.catalogue.CreateUser(ctx, ticket.Account{User: u})
	if ticket.CodeOf(err) == ticket.CodeEmailTaken && u.Email != nowhere {
		u.Email = nowhere
		err = s.catalogue.CreateUser(ctx, ticket.Account{User: u})
	}
	if err == nil {
		return nil
	}
	if _, there := s.catalogue.User(ctx, u.ID); there == nil {
		return nil // another request made it meanwhile
	}
	return err
}
