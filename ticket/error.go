package ticket

import (
	"errors"
	"fmt"
)

// Code names a kind of failure. It is the last segment of a problem's `type`
// and never changes once published.
type Code string

// The codes that outsiders see. Anything else is CodeInternal, which is logged
// and never described to a caller.
const (
	CodeInternal            Code = "internal"
	CodeInvalid             Code = "invalid-request"
	CodeUnauthorized        Code = "unauthorized"
	CodeForbidden           Code = "forbidden"
	CodeNotFound            Code = "not-found"
	CodeConflict            Code = "conflict"
	CodePreconditionFailed  Code = "precondition-failed"
	CodeTooLarge            Code = "request-too-large"
	CodeUnsupportedMedia    Code = "unsupported-media-type"
	CodeMethodNotAllowed    Code = "method-not-allowed"
	CodeRateLimited         Code = "rate-limited"
	CodeUnavailable         Code = "unavailable"
	CodeEmailTaken          Code = "email-taken"
	CodeBadCredentials      Code = "bad-credentials"
	CodeKeyRequired         Code = "idempotency-key-required"
	CodeKeyReused           Code = "idempotency-key-reused"
	CodeKeyInProgress       Code = "idempotency-in-progress"
	CodeSeatsUnavailable    Code = "seats-unavailable"
	CodeAdmissionRequired   Code = "admission-required"
	CodeTicketLimit         Code = "ticket-limit"
	CodeSoldOut             Code = "sold-out"
	CodeNotOnSale           Code = "not-on-sale"
	CodePaymentDeclined     Code = "payment-declined"
	CodePaymentsUnavailable Code = "payments-unavailable"
	CodeBookingState        Code = "booking-state"
	CodeRefundsClosed       Code = "refunds-closed"
	CodeNotYourTurn         Code = "not-your-turn"
	CodeTurnExpired         Code = "turn-expired"
	CodeAlreadyUsed         Code = "already-used"
	CodeRefunded            Code = "refunded"
	// CodeFrozen: the payment of a ticket is disputed.
	CodeFrozen        Code = "frozen"
	CodeInvalidTicket Code = "invalid-ticket"

	// CodeStaleHold: the hold is no longer the seat's. Inner code, answered as seats-unavailable.
	CodeStaleHold Code = "stale-hold"
	// CodeProviderRefused: a payment provider says no for good (not a buyer's decline).
	CodeProviderRefused Code = "provider-refused"
	// CodeProviderUnavailable: a payment provider did not answer, or not yet; asking again may help.
	CodeProviderUnavailable Code = "provider-unavailable"
)

// FieldError is a fault in one field of a request.
type FieldError struct {
	// Field is the path to the field, such as "seats[2]" or "prices[0].price.amount".
	Field string `json:"field"`
	// Message says what is wrong with it, for a person.
	Message string `json:"message"`
}

// Error is a failure that a caller may be told about.
type Error struct {
	Code    Code
	Message string
	// Fields names the faulty fields, if that is what the failure is about.
	Fields []FieldError
	// Extra holds further members of the problem, such as "unavailable" or "booking_id".
	Extra map[string]any
	// RetryAfterSeconds, when positive, is when asking again may help.
	RetryAfterSeconds int
}

// Error gives code and message on one line.
func (e *Error) Error() string {
	if len(e.Fields) > 0 {
		return fmt.Sprintf("%s: %s (%s: %s)", e.Code, e.Message, e.Fields[0].Field, e.Fields[0].Message)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Message)
}

// Errorf makes an Error with a formatted message.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Invalid makes a CodeInvalid error about one field.
func Invalid(field, format string, args ...any) *Error {
	return &Error{
		Code: CodeInvalid, Message: "The request is not valid.",
		Fields: []FieldError{{Field: field, Message: fmt.Sprintf(format, args...)}},
	}
}

// CodeOf gives the code of an error: that of the Error it wraps, or
// CodeInternal, or "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}
