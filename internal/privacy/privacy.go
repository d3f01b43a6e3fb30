package privacy

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"time"

	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// Catalogue keeps accounts.
type Catalogue interface {
	// Account reads an account with its password's hash; CodeNotFound when there
	// is none, or it was erased.
	Account(ctx context.Context, id string) (ticket.Account, error)
	// EraseUser takes person, password and sessions from an account.
	EraseUser(ctx context.Context, id string) error
	// Unscrubbed lists accounts that were erased a while ago and are not scrubbed.
	Unscrubbed(ctx context.Context, age time.Duration) ([]string, error)
	UserScrubbed(ctx context.Context, id string) error
	ExportUser(ctx context.Context, id string) (map[string]json.RawMessage, error)
	// Organizes counts the events of an organizer that are still to come.
	Organizes(ctx context.Context, id string, since time.Time) (int, error)
	EventTimes(ctx context.Context, ids []string) (map[string]postgres.EventTime, error)
}

// Sales keeps what accounts have bought.
type Sales interface {
	Obligations(ctx context.Context, userID string) (postgres.Obligations, error)
	// ScrubUser forgets what is personal of an erased account on all shards.
	ScrubUser(ctx context.Context, userID string) error
	ExportUser(ctx context.Context, userID string) (map[string]json.RawMessage, error)
}

// Passwords checks them.
type Passwords interface {
	Check(ctx context.Context, password, hash string) (bool, error)
}

// Service exports and erases accounts.
type Service struct {
	Catalogue Catalogue
	Sales     Sales
	Passwords Passwords
	// Ended is told of accounts that are no more, so that their tokens end; it may
	// be nil.
	Ended func(userID string)
}

// Proof is what an account's owner says to have it erased.
type Proof struct {
	// Password of the account; one without a password is named by its Email.
	Password, Email string
	// LeaveTickets gives up access to unused tickets of coming events.
	LeaveTickets bool
}

const (
	// eventLasts is how long after its start an event counts as still to come.
	eventLasts = 24 * time.Hour
	// mendAfter is how long whoever erases an account has before another goes on.
	mendAfter = time.Minute
	scrubTime = 10 * time.Second
)

// Erase erases the account. CodeUnauthorized when it is gone, CodeInvalid or
// CodeBadCredentials when the proof is missing or wrong, CodeConflict while
// something keeps it from being erased.
func (s *Service) Erase(ctx context.Context, userID string, p Proof) error {
	account, err := s.Catalogue.Account(ctx, userID)
	if ticket.CodeOf(err) == ticket.CodeNotFound {
		return ticket.Errorf(ticket.CodeUnauthorized, "The account is gone.")
	}
	if err != nil {
		return err
	}
	if err := s.prove(ctx, account, p); err != nil {
		return err
	}
	if err := s.mayErase(ctx, account, p); err != nil {
		return err
	}
	if err := s.Catalogue.EraseUser(ctx, userID); err != nil {
		return err
	}
	if s.Ended != nil {
		s.Ended(userID)
	}
	if err := s.scrub(ctx, userID); err != nil { // it is erased: the rest is done by Mend
		slog.WarnContext(ctx, "an erased account is scrubbed later", "user_id", userID, "error", err.Error())
	}
	return nil
}

// prove makes sure that the owner means it, and is the owner.
func (s *Service) prove(ctx context.Context, a ticket.Account, p Proof) error {
	if a.PasswordHash == "" {
		if !strings.EqualFold(strings.TrimSpace(p.Email), a.Email) {
			return ticket.Invalid("email", "must be the account's own address, since it has no password")
		}
		return nil
	}
	if p.Password == "" {
		return ticket.Invalid("password", "is required")
	}
	match, err := s.Passwords.Check(ctx, p.Password, a.PasswordHash)
	if err == nil && !match {
		err = ticket.Errorf(ticket.CodeBadCredentials, "The password is another.")
	}
	return err
}

// mayErase refuses while a purchase is under way or with support, and while
// something would be lost that nobody said may be.
func (s *Service) mayErase(ctx context.Context, a ticket.Account, p Proof) error {
	owed, err := s.Sales.Obligations(ctx, a.ID)
	if err != nil {
		return err
	}
	if len(owed.Bookings) > 0 {
		e := ticket.Errorf(ticket.CodeConflict, "A purchase is under way, or support is at work on one: cancel it or wait for its end.")
		e.Extra = map[string]any{"bookings": owed.Bookings}
		return e
	}
	organizes, err := s.Catalogue.Organizes(ctx, a.ID, time.Now().Add(-eventLasts))
	if err != nil {
		return err
	}
	if organizes > 0 {
		return ticket.Errorf(ticket.CodeConflict, "The account organizes %d events that are still to come: cancel them first.", organizes)
	}
	if p.LeaveTickets {
		return nil
	}
	return s.noTicketsLeft(ctx, owed)
}

// noTicketsLeft refuses while there are unused tickets for coming events.
func (s *Service) noTicketsLeft(ctx context.Context, owed postgres.Obligations) error {
	ids := make([]string, 0, len(owed.Tickets))
	for id := range owed.Tickets {
		ids = append(ids, id)
	}
	times, err := s.Catalogue.EventTimes(ctx, ids)
	if err != nil {
		return err
	}
	tickets, coming := 0, []string{}
	for _, id := range ids {
		if at, ok := times[id]; ok && at.Status != ticket.EventCanceled && time.Now().Before(at.StartsAt.Add(eventLasts)) {
			tickets += owed.Tickets[id]
			coming = append(coming, id)
		}
	}
	if tickets == 0 {
		return nil
	}
	e := ticket.Errorf(ticket.CodeConflict, "There are %d unused tickets for coming events. They stay valid, but without the account nobody can "+
		"show, resend, transfer or refund them: say leave_tickets to erase it all the same.", tickets)
	e.Extra = map[string]any{"tickets": tickets, "events": coming}
	return e
}

func (s *Service) scrub(ctx context.Context, userID string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), scrubTime)
	defer cancel()
	if err := s.Sales.ScrubUser(ctx, userID); err != nil {
		return err
	}
	return s.Catalogue.UserScrubbed(ctx, userID)
}

// Mend scrubs accounts whose erasure was broken off.
func (s *Service) Mend(ctx context.Context) error {
	ids, err := s.Catalogue.Unscrubbed(ctx, mendAfter)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.scrub(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// Run mends every minute until ctx ends.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(mendAfter)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := s.Mend(ctx); err != nil && ctx.Err() == nil {
				slog.WarnContext(ctx, "erased accounts wait to be scrubbed", "error", err.Error())
			}
		}
	}
}
