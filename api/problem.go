package api

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strconv"

	"yourticket.example/ticket"
)

// problemBase precedes a code in a problem's type.
const problemBase = "https://yourticket.example/problems/"

// codeTimeout: the caller did not send its body in time.
const codeTimeout ticket.Code = "request-timeout"

// answers is the one table from a code to what outsiders see. A code that is
// not here is answered as internal.
var answers = map[ticket.Code]struct {
	status int
	title  string
}{
	ticket.CodeInternal:            {http.StatusInternalServerError, "Something went wrong on our side"},
	ticket.CodeInvalid:             {http.StatusUnprocessableEntity, "The request is not valid"},
	ticket.CodeUnauthorized:        {http.StatusUnauthorized, "A valid access token is needed"},
	ticket.CodeForbidden:           {http.StatusForbidden, "The account may not do this"},
	ticket.CodeNotFound:            {http.StatusNotFound, "There is no such thing"},
	ticket.CodeConflict:            {http.StatusConflict, "The request conflicts with the present state"},
	ticket.CodePreconditionFailed:  {http.StatusPreconditionFailed, "It was changed in the meantime"},
	ticket.CodeTooLarge:            {http.StatusRequestEntityTooLarge, "The request is too large"},
	ticket.CodeUnsupportedMedia:    {http.StatusUnsupportedMediaType, "The body must be JSON"},
	ticket.CodeMethodNotAllowed:    {http.StatusMethodNotAllowed, "The method is not allowed here"},
	ticket.CodeRateLimited:         {http.StatusTooManyRequests, "Too many requests"},
	ticket.CodeUnavailable:         {http.StatusServiceUnavailable, "The service is not available at the moment"},
	ticket.CodeEmailTaken:          {http.StatusConflict, "The email address is taken"},
	ticket.CodeBadCredentials:      {http.StatusUnauthorized, "The credentials are wrong"},
	ticket.CodeKeyRequired:         {http.StatusBadRequest, "An Idempotency-Key is needed"},
	ticket.CodeKeyReused:           {http.StatusUnprocessableEntity, "The Idempotency-Key was used for another request"},
	ticket.CodeKeyInProgress:       {http.StatusConflict, "The first request with this Idempotency-Key is still running"},
	ticket.CodeSeatsUnavailable:    {http.StatusConflict, "Seats are not available"},
	ticket.CodeStaleHold:           {http.StatusConflict, "Seats are not available"},
	ticket.CodeAdmissionRequired:   {http.StatusForbidden, "The event has a waiting room"},
	ticket.CodeTicketLimit:         {http.StatusUnprocessableEntity, "Too many tickets for one buyer"},
	ticket.CodeSoldOut:             {http.StatusConflict, "The event is sold out"},
	ticket.CodeNotOnSale:           {http.StatusConflict, "The event is not on sale"},
	ticket.CodePaymentDeclined:     {http.StatusPaymentRequired, "The payment was declined"},
	ticket.CodePaymentsUnavailable: {http.StatusServiceUnavailable, "No payment provider answers"},
	ticket.CodeBookingState:        {http.StatusConflict, "The booking's status does not allow this"},
	ticket.CodeRefundsClosed:       {http.StatusConflict, "The time for giving tickets back is over"},
	ticket.CodeNotYourTurn:         {http.StatusTooEarly, "It is not your turn yet"},
	ticket.CodeTurnExpired:         {http.StatusGone, "The turn has passed"},
	ticket.CodeAlreadyUsed:         {http.StatusConflict, "The ticket was used already"},
	ticket.CodeRefunded:            {http.StatusGone, "The ticket was refunded"},
	ticket.CodeFrozen:              {http.StatusConflict, "The payment of the ticket is disputed"},
	ticket.CodeInvalidTicket:       {http.StatusUnprocessableEntity, "The ticket is not valid"},
	codeTimeout:                    {http.StatusRequestTimeout, "The request took too long to arrive"},
}

// outerCodes replaces codes that are ours alone by what outsiders are told.
var outerCodes = map[ticket.Code]ticket.Code{
	ticket.CodeStaleHold:           ticket.CodeSeatsUnavailable,
	ticket.CodeProviderUnavailable: ticket.CodePaymentsUnavailable,
}

// Problem is a failure as RFC 9457 writes it, with errors for faulty fields and
// whatever further members its code has.
type Problem struct {
	Type     string              `json:"type" format:"uri" doc:"Names the kind of failure; ends in its code and never changes."`
	Title    string              `json:"title" doc:"The kind of failure in words."`
	Status   int                 `json:"status" doc:"The HTTP status."`
	Detail   string              `json:"detail,omitempty" doc:"What happened this time."`
	Instance string              `json:"instance,omitempty" doc:"Names this occurrence by its request id."`
	Errors   []ticket.FieldError `json:"errors,omitempty" doc:"The faulty fields of the request."`

	_     struct{} `additionalProperties:"true"`
	code  ticket.Code
	extra map[string]any
	// retryAfter is the Retry-After header in seconds; 0 leaves it out.
	retryAfter int
}

// malformed is a fault in a path, a query, a header or in the JSON itself,
// which is answered with 400 where a fault in the body's content is 422.
type malformed struct{ fault *ticket.Error }

// Error gives the fault on one line.
func (m malformed) Error() string { return m.fault.Error() }

// Unwrap gives the error that names the field.
func (m malformed) Unwrap() error { return m.fault }

// malformedParam makes a malformed error about a parameter or header.
func malformedParam(name, format string, args ...any) error {
	return malformed{ticket.Invalid(name, format, args...)}
}

// newProblem describes an error to a caller. What is no ticket.Error, or has a
// code that is not in the table, becomes internal and says nothing of its cause.
func newProblem(err error, requestID string) *Problem {
	e, ok := errors.AsType[*ticket.Error](err)
	if !ok {
		e = ticket.Errorf(ticket.CodeInternal, "")
	}
	code := e.Code
	if outer, inner := outerCodes[code]; inner {
		code = outer
	}
	answer, known := answers[code]
	if !known || code == ticket.CodeInternal {
		code, answer = ticket.CodeInternal, answers[ticket.CodeInternal]
		e = ticket.Errorf(code, "The request failed; the request id helps to find out why.")
	}
	p := &Problem{
		Type: problemBase + string(code), Title: answer.title, Status: answer.status, Detail: e.Message,
		Errors: e.Fields, code: code, extra: e.Extra, retryAfter: e.RetryAfterSeconds,
	}
	if _, bad := errors.AsType[malformed](err); bad {
		p.Status = http.StatusBadRequest
	}
	if requestID != "" {
		p.Instance = "urn:yourticket:request:" + requestID
	}
	if p.Status == http.StatusServiceUnavailable && p.retryAfter == 0 {
		p.retryAfter = 1
	}
	return p
}

// Error gives code and detail on one line.
func (p *Problem) Error() string { return string(p.code) + ": " + p.Detail }

// GetStatus gives the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is that of RFC 9457, whatever was negotiated.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders gives the headers that belong to the problem.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{"Cache-Control": {"no-store"}}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	switch p.code {
	case ticket.CodePreconditionFailed:
		if tag, ok := p.extra["etag"].(string); ok {
			h.Set("ETag", tag)
		}
	case ticket.CodeUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="yourticket", error="invalid_token"`)
	case ticket.CodeBadCredentials:
		h.Set("WWW-Authenticate", `Bearer realm="yourticket"`)
	}
	return h
}

// MarshalJSON writes the members of RFC 9457 and the code's own beside them.
func (p *Problem) MarshalJSON() ([]byte, error) {
	type plain Problem
	if len(p.extra) == 0 {
		return json.Marshal((*plain)(p))
	}
	members := maps.Clone(p.extra)
	base, err := json.Marshal((*plain)(p))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(base, &members); err != nil {
		return nil, err
	}
	return json.Marshal(members)
}

// writeProblem answers a request with the problem, outside of any operation.
func writeProblem(w http.ResponseWriter, p *Problem) {
	maps.Copy(w.Header(), p.GetHeaders())
	w.Header().Set("Content-Type", p.ContentType(""))
	w.Header().Del("ETag")
	w.WriteHeader(p.Status)
	body, err := json.Marshal(p)
	if err != nil {
		return // the status says what matters
	}
	_, _ = w.Write(body) // the caller may be gone; nobody is left to tell
}
