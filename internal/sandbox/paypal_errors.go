package sandbox

import "net/http"

// paypalError is an error in PayPal's form.
type paypalError struct {
	status      int
	name        string
	message     string
	issue       string
	field       string
	description string
}

func invalid(field, issue, description string) *paypalError {
	return &paypalError{
		status: http.StatusBadRequest, name: "INVALID_REQUEST",
		message: "The request is not well-formed or violates its schema.", issue: issue, field: field, description: description,
	}
}

func unprocessable(issue, field, description string) *paypalError {
	return &paypalError{
		status: http.StatusUnprocessableEntity, name: "UNPROCESSABLE_ENTITY",
		message: "The requested action could not be performed.", issue: issue, field: field, description: description,
	}
}

func noResource() *paypalError {
	return &paypalError{
		status: http.StatusNotFound, name: "RESOURCE_NOT_FOUND", message: "The specified resource does not exist.",
		issue: "INVALID_RESOURCE_ID", description: "No object has this id.",
	}
}

func notAuthenticated() *paypalError {
	return &paypalError{
		status: http.StatusUnauthorized, name: "AUTHENTICATION_FAILURE", message: "Authentication failed: no access token, or an invalid or expired one.",
	}
}

func (e *paypalError) render(w *jsonw, debugID string) {
	w.open()
	w.str("name", e.name)
	w.str("message", e.message)
	w.str("debug_id", debugID)
	w.array("details")
	if e.issue != "" {
		w.open()
		if e.field != "" {
			w.str("field", e.field)
			w.str("location", "body")
		}
		w.str("issue", e.issue)
		w.str("description", e.description)
		w.close()
	}
	w.closeArray()
	w.array("links")
	w.closeArray()
	w.close()
}

// paypalDialect words the answers of exchange.go in PayPal's way.
type paypalDialect struct{ debugID string }

func (d paypalDialect) reply(e *paypalError) reply {
	var w jsonw
	e.render(&w, d.debugID)
	return reply{status: e.status, body: w.b}
}

func (d paypalDialect) broken() reply {
	return d.reply(&paypalError{
		status: http.StatusInternalServerError, name: "INTERNAL_SERVER_ERROR", message: "An internal server error has occurred.",
	})
}

func (d paypalDialect) rateLimited() reply {
	rep := d.reply(&paypalError{
		status: http.StatusTooManyRequests, name: "RATE_LIMIT_REACHED", message: "Too many requests. Blocked due to rate limiting.",
	})
	rep.retryAfter = "1"
	return rep
}

func (d paypalDialect) keyBusy() reply {
	return d.reply(&paypalError{
		status: http.StatusConflict, name: "RESOURCE_CONFLICT", message: "The server has detected a conflict.",
		issue: "PREVIOUS_REQUEST_IN_PROGRESS", description: "A request with this PayPal-Request-Id is still being processed.",
	})
}

func (d paypalDialect) keyMismatch() reply {
	return d.reply(unprocessable("DUPLICATE_REQUEST_ID", "", "This PayPal-Request-Id was first used with another request."))
}
