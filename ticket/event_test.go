package ticket_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/ticket"
)

func TestWhenBuyersMayGiveTicketsBack(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)
	day := 24
	in := func(hours int) time.Time { return now.Add(time.Duration(hours) * time.Hour) }
	for name, tt := range map[string]struct {
		event ticket.Event
		want  ticket.Code
	}{
		"never":           {ticket.Event{Status: ticket.EventScheduled, StartsAt: in(48)}, ticket.CodeForbidden},
		"early enough":    {ticket.Event{Status: ticket.EventScheduled, StartsAt: in(48), Refunds: ticket.RefundPolicy{UntilHours: &day}}, ""},
		"too late":        {ticket.Event{Status: ticket.EventScheduled, StartsAt: in(12), Refunds: ticket.RefundPolicy{UntilHours: &day}}, ticket.CodeForbidden},
		"after the start": {ticket.Event{Status: ticket.EventScheduled, StartsAt: in(-1), Refunds: ticket.RefundPolicy{UntilHours: &day}}, ticket.CodeForbidden},
		"while postponed": {ticket.Event{Status: ticket.EventPostponed, StartsAt: in(48)}, ""},
		"while postponed, the old date being past":  {ticket.Event{Status: ticket.EventPostponed, StartsAt: in(-48)}, ""},
		"while postponed, before the deadline":      {ticket.Event{Status: ticket.EventPostponed, StartsAt: in(-48), RefundsUntil: in(1)}, ""},
		"while postponed, after the deadline":       {ticket.Event{Status: ticket.EventPostponed, StartsAt: in(48), RefundsUntil: in(-1)}, ticket.CodeRefundsClosed},
		"on sale again, before the deadline":        {ticket.Event{Status: ticket.EventScheduled, StartsAt: in(48), RefundsUntil: in(1)}, ""},
		"on sale again, after the deadline":         {ticket.Event{Status: ticket.EventScheduled, StartsAt: in(48), RefundsUntil: in(-1)}, ticket.CodeRefundsClosed},
		"on sale again, by its policy":              {ticket.Event{Status: ticket.EventScheduled, StartsAt: in(48), RefundsUntil: in(-1), Refunds: ticket.RefundPolicy{UntilHours: &day}}, ""},
		"after the new start, before the deadline":  {ticket.Event{Status: ticket.EventScheduled, StartsAt: in(-1), RefundsUntil: in(1)}, ticket.CodeForbidden},
		"canceled, whatever else has been the case": {ticket.Event{Status: ticket.EventCanceled, StartsAt: in(-48), RefundsUntil: in(-1)}, ""},
	} {
		require.Equal(t, tt.want, ticket.CodeOf(tt.event.RefundsBuyers(now)), name)
	}
}
