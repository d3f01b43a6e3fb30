package privacy

import (
	"context"
	"encoding/json"
	"maps"
	"time"

	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// Export gives all that is kept of an account, by what it is; each a list but
// account. CodeUnauthorized when the account is gone.
func (s *Service) Export(ctx context.Context, userID string) (map[string]json.RawMessage, error) {
	if _, err := s.Catalogue.Account(ctx, userID); ticket.CodeOf(err) == ticket.CodeNotFound {
		return nil, ticket.Errorf(ticket.CodeUnauthorized, "The account is gone.")
	} else if err != nil {
		return nil, err
	}
	out, err := s.Catalogue.ExportUser(ctx, userID)
	if err != nil {
		return nil, err
	}
	sold, err := s.Sales.ExportUser(ctx, userID)
	if err != nil {
		return nil, err
	}
	maps.Copy(out, sold)
	if out["events"], err = s.eventNames(ctx, sold["bookings"], sold["tickets"]); err != nil {
		return nil, err
	}
	out["exported_at"], err = json.Marshal(time.Now().UTC())
	return out, err
}

// eventNames says what the events are called that the lists name.
func (s *Service) eventNames(ctx context.Context, lists ...json.RawMessage) (json.RawMessage, error) {
	type event struct {
		ID       string    `json:"event_id"`
		Name     string    `json:"name"`
		StartsAt time.Time `json:"starts_at"`
	}
	known := map[string]bool{}
	for _, list := range lists {
		var rows []event
		if err := json.Unmarshal(list, &rows); err != nil {
			return nil, err
		}
		for _, row := range rows {
			known[row.ID] = true
		}
	}
	ids := make([]string, 0, len(known))
	for id := range known {
		ids = append(ids, id)
	}
	var times map[string]postgres.EventTime
	times, err := s.Catalogue.EventTimes(ctx, ids)
	if err != nil {
		return nil, err
	}
	events := []event{}
	for id, at := range times {
		events = append(events, event{ID: id, Name: at.Name, StartsAt: at.StartsAt.UTC()})
	}
	return json.Marshal(events)
}
