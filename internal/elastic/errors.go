package elastic

import (
	"encoding/json"
	"fmt"
	"net/http"

	"yourticket.example/ticket"
)

// Refusal is what Elasticsearch says of a request that it does not carry out.
type Refusal struct { //nolint:errname // it is an answer first
	Status int
	// Type names the cause, such as "search_context_missing_exception".
	Type   string
	Reason string
}

// Error gives the refusal on one line.
func (r *Refusal) Error() string { return fmt.Sprintf("status %d: %s: %s", r.Status, r.Type, r.Reason) }

// sorted gives a failed answer its code: CodeUnavailable for what may pass
// (overload, no shard to ask, a node that leaves), CodeNotFound and CodeConflict
// for what they say, CodeInvalid for any other request that is refused, and
// CodeInternal for the rest, which is a fault of ours or of the set-up.
func sorted(status int, body []byte) error {
	refusal := &Refusal{Status: status}
	var answer struct {
		Error struct {
			Type      string `json:"type"`
			Reason    string `json:"reason"`
			RootCause []struct {
				Type   string `json:"type"`
				Reason string `json:"reason"`
			} `json:"root_cause"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &answer) == nil {
		refusal.Type, refusal.Reason = answer.Error.Type, answer.Error.Reason
		if roots := answer.Error.RootCause; len(roots) > 0 {
			refusal.Type, refusal.Reason = roots[0].Type, roots[0].Reason
		}
	}
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return with(unavailable("it cannot answer"), refusal)
	case http.StatusNotFound:
		return with(ticket.Errorf(ticket.CodeNotFound, "The index has no such thing."), refusal)
	case http.StatusConflict:
		return with(ticket.Errorf(ticket.CodeConflict, "The index has a newer version."), refusal)
	case http.StatusUnauthorized, http.StatusForbidden:
		return refusal
	}
	if status < http.StatusInternalServerError {
		return with(ticket.Errorf(ticket.CodeInvalid, "The search was refused."), refusal)
	}
	return refusal
}

func unavailable(why string) *ticket.Error {
	e := ticket.Errorf(ticket.CodeUnavailable, "Search is not available at the moment: %s.", why)
	e.RetryAfterSeconds = 1
	return e
}

// with joins what a caller may be told with what only the log may say.
func with(e *ticket.Error, cause error) error { return fmt.Errorf("%w (%w)", e, cause) }

// wrap names the function that failed and its arguments.
func wrap(errp *error, format string, args ...any) {
	if *errp != nil {
		*errp = fmt.Errorf(format+": %w", append(args, *errp)...)
	}
}
