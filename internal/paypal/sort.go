package paypal

import (
	"context"
	"errors"
	"net/http"
	"time"

	pp "github.com/plutov/paypal/v4"

	"yourticket.example/ticket"
)

// class is what is known after one call.
type class int

const (
	answered  class = iota // a result, or a refusal that will not change
	untouched              // PayPal certainly did nothing
	running                // another call with this request id is still at work
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

// Issues that PayPal names in a refusal.
const (
	issueInProgress       = "PREVIOUS_REQUEST_IN_PROGRESS"
	issueKeyReused        = "DUPLICATE_REQUEST_ID"
	issueDuplicateInvoice = "DUPLICATE_INVOICE_ID"
	issueAuthorized       = "ORDER_ALREADY_AUTHORIZED"
	issueNotApproved      = "ORDER_NOT_APPROVED"
	issueActionRequired   = "PAYER_ACTION_REQUIRED"
	issueTokenUnknown     = "TOKEN_ID_NOT_FOUND"
	issueCaptured         = "AUTHORIZATION_ALREADY_CAPTURED"
	issueVoidedBefore     = "PREVIOUSLY_VOIDED"
	issueVoided           = "AUTHORIZATION_VOIDED"
	issueExpired          = "AUTHORIZATION_EXPIRED"
	issueRefunded         = "CAPTURE_FULLY_REFUNDED"
)

// declines are the issues that are the buyer's matter.
var declines = map[string]bool{
	"INSTRUMENT_DECLINED": true, "PAYER_CANNOT_PAY": true, "TRANSACTION_REFUSED": true, "TRANSACTION_LIMIT_EXCEEDED": true,
	"PAYER_ACCOUNT_LOCKED_OR_CLOSED": true, "PAYER_ACCOUNT_RESTRICTED": true, "PAYMENT_DENIED": true, "CARD_EXPIRED": true,
	"TOKEN_EXPIRED": true, "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED": true, "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING": true,
	"BILLING_AGREEMENT_NOT_ACTIVE": true, "AGREEMENT_ALREADY_CANCELLED": true,
}

// fault is what went wrong with one call; its zero value is none.
type fault struct {
	class class
	code  string
	// status is that of PayPal's refusal.
	status int
	// final says that asking again with the same request id tells nothing new.
	final bool
}

// failed tells whether the call ended in anything but a result.
func (f fault) failed() bool { return f.code != "" }

// missing tells whether PayPal does not know the object.
func (f fault) missing() bool { return f.class == answered && f.status == http.StatusNotFound }

// sorted turns what a call returned into what is known.
func (p *Provider) sorted(rec *record, err error) fault {
	refusal, _ := errors.AsType[*pp.ErrorResponse](err)
	issue := issueOf(refusal)
	switch {
	case rec.denied != nil:
		return p.withoutToken(rec.denied)
	case err == nil, rec.status == http.StatusNoContent:
		return fault{}
	case !rec.sent.Load():
		return fault{class: untouched, code: codeUnreachable}
	case rec.status == http.StatusTooManyRequests:
		return fault{class: untouched, code: codeRateLimited}
	case rec.status == http.StatusUnauthorized || rec.status == http.StatusForbidden:
		p.log.Error("PayPal refuses our credentials", "status", rec.status, "issue", issue)
		return fault{class: untouched, code: codeCredentials, final: true}
	case issue == issueInProgress || rec.status == http.StatusConflict:
		return fault{class: running, code: codeInProgress}
	case rec.status >= http.StatusInternalServerError:
		return fault{class: unknown, code: codeServerError}
	case issue == issueKeyReused:
		return fault{class: unknown, code: codeKeyReused, final: true}
	case refusal != nil && issue != "":
		return fault{class: answered, code: issue, status: rec.status}
	case errors.Is(err, context.DeadlineExceeded):
		return fault{class: unknown, code: codeTimeout}
	}
	return fault{class: unknown, code: codeNoReply}
}

// withoutToken sorts a call that was never sent because no token could be had.
func (p *Provider) withoutToken(err error) fault {
	failure, _ := errors.AsType[*tokenError](err)
	switch {
	case failure == nil:
	case failure.status == http.StatusTooManyRequests:
		return fault{class: untouched, code: codeRateLimited}
	case failure.status >= 400 && failure.status < 500:
		p.log.Error("PayPal refuses our credentials", "status", failure.status)
		return fault{class: untouched, code: codeCredentials, final: true}
	}
	return fault{class: untouched, code: codeUnreachable}
}

// issueOf gives the most exact name of a refusal.
func issueOf(e *pp.ErrorResponse) string {
	switch {
	case e == nil:
		return ""
	case len(e.Details) > 0 && e.Details[0].Issue != "":
		return e.Details[0].Issue
	}
	return e.Name
}

// asError words a fault for a caller that can only be told no or not yet.
func (f fault) asError(doing string) error {
	if f.class == answered {
		return ticket.Errorf(ticket.CodeProviderRefused, "PayPal refuses to %s: %s.", doing, f.code)
	}
	e := ticket.Errorf(ticket.CodeProviderUnavailable, "PayPal did not %s: %s.", doing, f.code)
	if f.code == codeRateLimited {
		e.RetryAfterSeconds = 1
	}
	return e
}

// notYet says that PayPal answers but is not done. Unlike a provider in
// trouble it says when asking again may help.
func notYet(wait time.Duration, message string) error {
	e := ticket.Errorf(ticket.CodeProviderUnavailable, "%s", message)
	e.RetryAfterSeconds = max(1, int(wait.Round(time.Second)/time.Second))
	return e
}
