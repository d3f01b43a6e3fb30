package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"yourticket.example/ticket"
)

// constraintErrors says what a broken constraint means to a caller.
var constraintErrors = map[string]*ticket.Error{
	"users_email_key":        ticket.Errorf(ticket.CodeEmailTaken, "There is an account with this email address."),
	"events_venue_id_fkey":   ticket.Invalid("venue_id", "there is no such venue"),
	"events_plan_id_fkey":    ticket.Invalid("plan_id", "there is no such plan"),
	"plans_venue_id_fkey":    ticket.Errorf(ticket.CodeNotFound, "There is no such venue."),
	"events_organizer_fkey":  ticket.Errorf(ticket.CodeUnauthorized, "The account is gone."),
	"venues_created_by_fkey": ticket.Errorf(ticket.CodeUnauthorized, "The account is gone."),
	"plans_created_by_fkey":  ticket.Errorf(ticket.CodeUnauthorized, "The account is gone."),
	"sessions_user_id_fkey":  ticket.Errorf(ticket.CodeUnauthorized, "The account is gone."),
}

// interpret translates a driver's error. An error that was translated before,
// and nil, come back as they are. The driver's error stays in the chain.
func interpret(err error) error {
	if err == nil {
		return nil
	}
	if _, done := errors.AsType[*ticket.Error](err); done {
		return err
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return with(ticket.Errorf(ticket.CodeNotFound, "There is no such thing."), err)
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return interpretServer(pg, err)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || lostConnection(err) {
		return with(unavailable(), err)
	}
	return err
}

func interpretServer(pg *pgconn.PgError, err error) error {
	if known, ok := constraintErrors[pg.ConstraintName]; ok {
		return with(known, err)
	}
	switch {
	case pg.Code == "23505":
		return with(ticket.Errorf(ticket.CodeConflict, "It exists already."), err)
	case pg.Code == "22021" || pg.Code == "22P05":
		return with(ticket.Errorf(ticket.CodeInvalid, "A text holds a character that cannot be stored."), err)
	case retryable(pg.Code):
		return with(unavailable(), err)
	}
	return err
}

// retryable tells the SQLSTATEs after which the same statement may succeed:
// lost connections (08), serialization and deadlock (40), want of resources
// (53), timeouts and cancellation (57, 55P03), and a read-only standby (25006).
func retryable(sqlstate string) bool {
	switch sqlstate {
	case "55P03", "25006":
		return true
	}
	for _, class := range []string{"08", "40", "53", "57"} {
		if strings.HasPrefix(sqlstate, class) {
			return true
		}
	}
	return false
}

func lostConnection(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	// Whatever else the driver could not classify happened on the wire.
	return pgconn.SafeToRetry(err) || pgconn.Timeout(err) || networkError(err)
}

func unavailable() *ticket.Error {
	e := ticket.Errorf(ticket.CodeUnavailable, "The database does not answer at the moment.")
	e.RetryAfterSeconds = 1
	return e
}

// with joins what a caller may be told with what only the log may say.
func with(e *ticket.Error, cause error) error { return fmt.Errorf("%w (%w)", e, cause) }

// wrap translates *errp and names the function that failed and its arguments.
func wrap(errp *error, format string, args ...any) {
	if *errp != nil {
		*errp = fmt.Errorf(format+": %w", append(args, interpret(*errp))...)
	}
}

// notFound says which thing is missing when the error is that no row was found.
func notFound(err error, what, id string) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return ticket.Errorf(ticket.CodeNotFound, "There is no %s %q.", what, id)
	}
	return err
}
