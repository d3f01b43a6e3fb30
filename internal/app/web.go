package app

import (
	"net/url"
	"strings"

	"yourticket.example/internal/config"
)

// paymentSandbox gives the address of what stands in for Stripe, or "" where
// Stripe itself is asked: only there the storefront offers test cards.
func paymentSandbox(cfg config.Config) string {
	u, err := url.Parse(cfg.StripeAPIURL.Reveal())
	if err != nil || u.Host == "" || u.Hostname() == "stripe.com" || strings.HasSuffix(u.Hostname(), ".stripe.com") {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
