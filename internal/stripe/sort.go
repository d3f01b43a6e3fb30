package stripe

import (
	"context"
	"errors"
	"net/http"
	"time"

	stripego "github.com/stripe/stripe-go/v76"

	"yourticket.example/ticket"
)

// class is what is known after one call.
type class int

const (
	answered  class = iota // a result, or a refusal that will not change
	untouched              // Stripe certainly did nothing
	running                // another call with this key is still at work
	unknown                // it may have happened
)

// The codes of charges that came to no answer about the money.
const (
	codeUnreachable = "unreachable"
	codeRateLimited = "rate_limited"
	codeCredentials = "credentials"
	codeNoReply     = "no_reply"
	codeTimeout     = "timeout"
	codeServerError = "server_error"
	codeInProgress  = "in_progress"
	codeKeyReused   = "idempotency_key_reused"
)

// fault is what went wrong with one call; its zero value is none.
type fault struct {
	class class
	code  string
	// err is Stripe's own error, if it was one.
	err *stripego.Error
	// final says that asking again with the same key tells nothing new.
	final bool
}

// sorted turns what a call returned into what is known.
func (p *Provider) sorted(rec *record, err error) fault {
	if err == nil {
		return fault{}
	}
	if !rec.sent.Load() {
		return fault{class: untouched, code: codeUnreachable}
	}
	stripeErr, _ := errors.AsType[*stripego.Error](err)
	switch {
	case rec.status == http.StatusTooManyRequests:
		return fault{class: untouched, code: codeRateLimited, err: stripeErr}
	case rec.status == http.StatusUnauthorized || rec.status == http.StatusForbidden:
		p.log.Error("Stripe refuses our API key", "status", rec.status)
		return fault{class: untouched, code: codeCredentials, err: stripeErr, final: true}
	case rec.status == http.StatusConflict:
		return fault{class: running, code: codeInProgress, err: stripeErr}
	case rec.status >= http.StatusInternalServerError:
		return fault{class: unknown, code: codeServerError, err: stripeErr, final: rec.replayed}
	case stripeErr == nil && errors.Is(err, context.DeadlineExceeded):
		return fault{class: unknown, code: codeTimeout}
	case stripeErr == nil:
		return fault{class: unknown, code: codeNoReply}
	case stripeErr.Type == stripego.ErrorTypeIdempotency:
		return fault{class: unknown, code: codeKeyReused, err: stripeErr, final: true}
	}
	return fault{class: answered, code: reasonOf(stripeErr), err: stripeErr}
}

// failed tells whether the call ended in anything but a result.
func (f fault) failed() bool { return f.code != "" }

// is tells whether Stripe named this code.
func (f fault) is(code stripego.ErrorCode) bool { return f.err != nil && f.err.Code == code }

// asError words a fault for a caller that can only be told no or not yet.
func (f fault) asError(doing string) error {
	if f.class == answered {
		return ticket.Errorf(ticket.CodeProviderRefused, "Stripe refuses to %s: %s.", doing, f.code)
	}
	e := ticket.Errorf(ticket.CodeProviderUnavailable, "Stripe did not %s: %s.", doing, f.code)
	if f.code == codeRateLimited {
		e.RetryAfterSeconds = 1
	}
	return e
}

// notYet says that Stripe answers but is not done. Unlike a provider in
// trouble it says when asking again may help.
func notYet(wait time.Duration, format string, args ...any) error {
	e := ticket.Errorf(ticket.CodeProviderUnavailable, format, args...)
	e.RetryAfterSeconds = max(1, int(wait.Round(time.Second)/time.Second))
	return e
}

// reasonOf gives the most exact code that Stripe gave.
func reasonOf(e *stripego.Error) string {
	switch {
	case e.DeclineCode != "":
		return string(e.DeclineCode)
	case e.Code != "":
		return string(e.Code)
	}
	return string(e.Type)
}
