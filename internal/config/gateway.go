package config

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"yourticket.example/internal/ratelimit"
)

// Gateway is the configuration of what stands before the services.
type Gateway struct {
	// RateLimits are changes to the default limits, see ratelimit.Parse: "off",
	// or name=quota/window pairs.
	RateLimits string `name:"rate-limits" env:"RATE_LIMITS" placeholder:"off|NAME=QUOTA/WINDOW,..." help:"Changes to rate limits, such as bookings-account=5/1m; off for none."`
	// TrustedProxies are the proxies whose X-Forwarded-For is believed: how many
	// stand before the process, or their networks. None by default.
	TrustedProxies string `name:"trusted-proxies" env:"TRUSTED_PROXIES" placeholder:"N|CIDR,..." help:"Proxies whose X-Forwarded-For is believed: their number, or their networks."`
	// ServiceURLs are where services run that this process does not serve; one
	// that has several instances is named several times.
	ServiceURLs string `name:"service-urls" env:"SERVICE_URLS" placeholder:"SERVICE=URL,..." help:"Where services run that run elsewhere, such as events=http://10.0.0.5:8080."`

	// OIDCIssuer is an outside issuer whose tokens are accepted for OIDCAudience.
	OIDCIssuer   URL    `name:"oidc-issuer" env:"OIDC_ISSUER" placeholder:"URL" help:"Outside issuer whose access tokens are accepted."`
	OIDCAudience string `name:"oidc-audience" env:"OIDC_AUDIENCE" placeholder:"NAME" help:"Audience that its tokens must name."`
	// OIDCRoleClaim is the claim with a caller's roles, OIDCRoles what they are
	// called here: theirs=ours pairs; without any the names are the same.
	OIDCRoleClaim string            `name:"oidc-role-claim" env:"OIDC_ROLE_CLAIM" default:"roles" help:"Claim that holds the roles; dots lead into objects."`
	OIDCRoles     map[string]string `name:"oidc-roles" env:"OIDC_ROLES" mapsep:"," placeholder:"THEIRS=OURS,..." help:"Roles here for roles there (default: the same names)."`
	// TokenIssuer is the issuer of our own tokens: the address below which others,
	// such as AWS API Gateway, find /.well-known/openid-configuration.
	TokenIssuer URL `name:"token-issuer" env:"TOKEN_ISSUER" placeholder:"URL" help:"Issuer of our access tokens, where their discovery document is (default: a name only)."`
	// OIDCOnly refuses our own tokens.
	OIDCOnly bool `name:"oidc-only" env:"OIDC_ONLY" help:"Accept no other tokens than the outside issuer's."`
}

func (g Gateway) fields() []field {
	return []field{
		{"RATE_LIMITS", g.RateLimits, func(value string) error { _, err := ratelimit.Parse(value); return err }},
		{"TRUSTED_PROXIES", g.TrustedProxies, proxies},
		{"SERVICE_URLS", g.ServiceURLs, serviceURLs},
		{"OIDC_ISSUER", g.OIDCIssuer.Reveal(), func(value string) error {
			if g.OIDCAudience == "" {
				return errors.New("needs OIDC_AUDIENCE, too")
			}
			return schemes("https", "http")(value)
		}},
		{"OIDC_AUDIENCE", g.OIDCAudience, oneWord},
		{"TOKEN_ISSUER", g.TokenIssuer.Reveal(), schemes("https", "http")},
	}
}

func proxies(value string) error {
	if n, err := strconv.Atoi(value); err == nil && n >= 0 && n <= 10 {
		return nil
	}
	for item := range strings.SplitSeq(value, ",") {
		_, noAddr := netip.ParseAddr(strings.TrimSpace(item))
		_, noNet := netip.ParsePrefix(strings.TrimSpace(item))
		if noAddr != nil && noNet != nil {
			return errors.New("must be a number of proxies, or their networks such as 10.0.0.0/8")
		}
	}
	return nil
}

func serviceURLs(value string) error {
	for item := range strings.SplitSeq(value, ",") {
		name, address, _ := strings.Cut(strings.TrimSpace(item), "=")
		if name == "" || schemes("http", "https")(address) != nil {
			return errors.New("must be service=http://host:port, separated by commas")
		}
	}
	return nil
}
