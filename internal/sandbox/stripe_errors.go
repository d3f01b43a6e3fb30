package sandbox

import (
	"fmt"
	"net/http"
)

const (
	stripeInvalid     = "invalid_request_error"
	stripeCard        = "card_error"
	stripeAPIFault    = "api_error"
	stripeIdempotency = "idempotency_error"

	codeMissing         = "resource_missing"
	codeParamMissing    = "parameter_missing"
	codeParamUnknown    = "parameter_unknown"
	codeBadInteger      = "parameter_invalid_integer"
	codeTooSmall        = "amount_too_small"
	codeTooLarge        = "amount_too_large"
	codeUnexpectedState = "payment_intent_unexpected_state"
	codeAuthFailure     = "payment_intent_authentication_failure"
	codeAuthRequired    = "authentication_required"
)

// stripeError is an error in Stripe's form. It doubles as an intent's last_payment_error.
type stripeError struct {
	Status  int    `json:"s,omitempty"`
	Type    string `json:"ty"`
	Code    string `json:"co,omitempty"`
	Decline string `json:"de,omitempty"`
	Message string `json:"ms"`
	Param   string `json:"pa,omitempty"`
	Charge  string `json:"ch,omitempty"`
	Method  string `json:"pm,omitempty"`
	intent  *intent
	// executed says that the request got past the check of its parameters, so that its key remembers it.
	executed bool
}

func badParam(code, param, format string, args ...any) *stripeError {
	return &stripeError{
		Status: http.StatusBadRequest, Type: stripeInvalid, Code: code, Param: param,
		Message: fmt.Sprintf(format, args...),
	}
}

func missingParam(param string) *stripeError {
	return badParam(codeParamMissing, param, "Missing required param: %s.", param)
}

// noSuch is the answer for an unknown id: 404 when the path names it, 400 when a parameter does.
func noSuch(status int, object, param, id string) *stripeError {
	e := badParam(codeMissing, param, "No such %s: '%s'", object, id)
	e.Status = status
	return e
}

func wrongState(p *intent, verb string) *stripeError {
	e := badParam(codeUnexpectedState, "", "This PaymentIntent could not be %s because it has a status of %s.", verb, p.Status)
	e.intent = p
	e.executed = true
	return e
}

func stateConflict(code, format string, args ...any) *stripeError {
	e := badParam(code, "", format, args...)
	e.executed = true
	return e
}

// body renders the error as Stripe answers it.
func (e *stripeError) body(w *jsonw) {
	w.open()
	w.openKey("error")
	e.fields(w)
	if e.intent != nil {
		w.key("payment_intent")
		e.intent.render(w, nil)
	}
	w.close()
	w.close()
}

// fields writes what an error and a last_payment_error have in common.
func (e *stripeError) fields(w *jsonw) {
	if e.Charge != "" {
		w.str("charge", e.Charge)
	}
	if e.Code != "" {
		w.str("code", e.Code)
	}
	if e.Decline != "" {
		w.str("decline_code", e.Decline)
	}
	w.str("message", e.Message)
	if e.Param != "" {
		w.str("param", e.Param)
	}
	if e.Method != "" {
		w.key("payment_method")
		renderMethod(w, e.Method)
	}
	w.str("type", e.Type)
}

// stripeDialect words the answers of exchange.go in Stripe's way.
type stripeDialect struct{}

func (d stripeDialect) reply(e *stripeError) reply {
	var w jsonw
	e.body(&w)
	return reply{status: e.Status, body: w.b}
}

func (d stripeDialect) broken() reply {
	return d.reply(&stripeError{Status: http.StatusInternalServerError, Type: stripeAPIFault, Message: "Something went wrong on our side."})
}

func (d stripeDialect) rateLimited() reply {
	e := badParam("rate_limit", "", "Too many requests were sent too quickly.")
	e.Status = http.StatusTooManyRequests
	rep := d.reply(e)
	rep.retryAfter = "1"
	return rep
}

func (d stripeDialect) keyBusy() reply {
	return d.reply(&stripeError{
		Status: http.StatusConflict, Type: stripeIdempotency, Code: "idempotency_key_in_use",
		Message: "Another request with this idempotency key is still in progress.",
	})
}

func (d stripeDialect) keyMismatch() reply {
	return d.reply(&stripeError{
		Status: http.StatusBadRequest, Type: stripeIdempotency,
		Message: "This idempotency key was first used with another endpoint or other parameters.",
	})
}
