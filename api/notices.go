package api

import (
	"context"
	"fmt"
	"time"

	"yourticket.example/ticket"
)

// OpenNotices are those that are still to be told.
type OpenNotices interface {
	OpenNotices(ctx context.Context) ([]ticket.Notice, error)
	EndNotice(ctx context.Context, id string) error
}

// Teller has everybody told who has a ticket. Told again it reaches only those
// who have got one since.
type Teller interface {
	TellPostponement(ctx context.Context, n ticket.Notice) (told int, err error)
}

// noteMove has the holders of tickets told of another date, with the change
// itself. A draft has none.
func (s *Server) noteMove(ctx context.Context, was, is *ticket.Event) error {
	moved := !was.StartsAt.Equal(is.StartsAt)
	postponed := is.Status == ticket.EventPostponed && was.Status != ticket.EventPostponed
	if was.Status == ticket.EventDraft || is.Status == ticket.EventCanceled || !moved && !postponed {
		return nil
	}
	n := ticket.Notice{ID: fmt.Sprintf("%s/moved/%d", is.ID, is.Version), EventID: is.ID, Note: is.StatusReason}
	if moved {
		n.Before = &was.StartsAt
	}
	return s.deps.Catalogue.AddNotice(ctx, n)
}

// tellMove tells what is open of an event; what fails is told within minutes.
func (s *Server) tellMove(ctx context.Context, e *ticket.Event) {
	open, err := s.deps.Catalogue.OpenNotices(ctx)
	for _, n := range open {
		if n.EventID == e.ID && err == nil {
			_, err = s.deps.SalesBooks.TellPostponement(ctx, n)
		}
	}
	if err != nil {
		s.log.WarnContext(ctx, "holders of tickets are not told yet", "event", e.ID, "error", err)
	}
}

// tellFor is how long a notice stays open, for the sake of purchases that were
// under way when it was made.
const tellFor = 20 * time.Minute

// TellAll tells all that is to be told.
func TellAll(ctx context.Context, store OpenNotices, sales Teller, now time.Time) error {
	open, err := store.OpenNotices(ctx)
	if err != nil {
		return err
	}
	for _, n := range open {
		if _, err := sales.TellPostponement(ctx, n); err != nil {
			return err
		}
		if now.Sub(n.MadeAt) > tellFor {
			if err := store.EndNotice(ctx, n.ID); err != nil {
				return err
			}
		}
	}
	return nil
}
