package system

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/api/workflowservice/v1"

	"yourticket.example/ticket"
)

// Settle waits until nothing of the events (of all, without any) is under way
// any more: no workflow runs and every booking is confirmed or ended. The error
// names what is still open.
func (s *System) Settle(ctx context.Context, within time.Duration, events ...*Event) error {
	return s.settle(ctx, within, "('Purchase', 'SettleCharge', 'Refund', 'CancelEvent', 'ReviewCharge')", events)
}

// SettleBookings waits like Settle, but not for charges that were never
// answered to be found out.
func (s *System) SettleBookings(ctx context.Context, within time.Duration, events ...*Event) error {
	return s.settle(ctx, within, "('Purchase')", events)
}

func (s *System) settle(ctx context.Context, within time.Duration, types string, events []*Event) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for quietOnce := false; ; {
		open, err := s.open(ctx, types, events)
		if err == nil && len(open) == 0 {
			if quietOnce { // visibility follows the workflows a little later
				return nil
			}
			quietOnce = true
		} else {
			quietOnce = false
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not settled after %s: %w %s", within, ctx.Err(), describe(open, err))
		case <-time.After(150 * time.Millisecond):
		}
	}
}

func describe(open []string, err error) string {
	if err != nil {
		return err.Error()
	}
	return strings.Join(open, "; ")
}

// open lists the workflows that run and the bookings that are not final.
func (s *System) open(ctx context.Context, types string, events []*Event) ([]string, error) {
	query := "ExecutionStatus = 'Running' AND WorkflowType IN " + types
	if len(events) > 0 {
		query += " AND EventId IN (" + strings.Join(quoted(events), ", ") + ")"
	}
	list, err := s.TemporalSDK.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query})
	if err != nil {
		return nil, err
	}
	var open []string
	for _, e := range list.GetExecutions() {
		open = append(open, e.GetExecution().GetWorkflowId()+" runs")
	}
	for _, db := range s.Shards {
		rows, err := db.Query(ctx, `SELECT id, status FROM bookings
			WHERE status <> $1 AND (cardinality($2::text[]) = 0 OR event_id = ANY($2))`, ticket.BookingConfirmed, eventIDs(events))
		if err != nil {
			return nil, err
		}
		var (
			id     string
			status ticket.BookingStatus
		)
		_, err = pgx.ForEachRow(rows, []any{&id, &status}, func() error {
			if !final(status) {
				open = append(open, fmt.Sprintf("booking %s is %s", id, status))
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return open, nil
}

func eventIDs(events []*Event) []string {
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = e.ID
	}
	return ids
}

func quoted(events []*Event) []string {
	out := eventIDs(events)
	for i, id := range out {
		out[i] = "'" + id + "'"
	}
	return out
}

// Check compares what Postgres, Redis, the providers and the API say of the
// events, and lists every contradiction. Without events it compares all
// bookings, but no seat maps. It is meant for events that have settled; what is
// held may stay held.
func (s *System) Check(ctx context.Context, events ...*Event) ([]string, error) {
	findings, b, err := s.check(ctx, events)
	if err != nil {
		return nil, err
	}
	ledger, err := s.Ledger(ctx, "")
	return append(findings, checkMoney(b, ledger, len(events) == 0)...), err
}

// CheckBookings compares like Check, but leaves the providers out.
func (s *System) CheckBookings(ctx context.Context, events ...*Event) ([]string, error) {
	findings, _, err := s.check(ctx, events)
	return findings, err
}

func (s *System) check(ctx context.Context, events []*Event) ([]string, books, error) {
	b, err := s.readBooks(ctx, events)
	if err != nil {
		return nil, b, err
	}
	findings := slices.Concat(b.findings, checkBookings(b))
	for _, e := range events {
		wrong, err := s.checkSeats(ctx, b, e)
		if err != nil {
			return nil, b, err
		}
		findings = append(findings, wrong...)
	}
	return findings, b, nil
}

// checkBookings: confirmed whole or not at all, and paid.
func checkBookings(b books) []string {
	var out []string
	for id, r := range b.bookings {
		wanted := slices.Sorted(slices.Values(r.Seats))
		switch {
		case r.Status == string(ticket.BookingNeedsAttention):
			out = append(out, fmt.Sprintf("booking %s needs attention", id))
		case r.sold() && !slices.Equal(wanted, slices.Sorted(slices.Values(slices.Concat(r.Tickets, r.Ended)))):
			out = append(out, fmt.Sprintf("booking %s is %s for seats %v but has tickets for %v and had some for %v", id, r.Status, wanted, r.Tickets, r.Ended))
		case r.sold() && (r.Status == string(ticket.BookingRefunded)) != (len(r.Tickets) == 0):
			out = append(out, fmt.Sprintf("booking %s is %s and has %d tickets left", id, r.Status, len(r.Tickets)))
		case r.sold() && r.Kept != r.Live:
			out = append(out, fmt.Sprintf("booking %s is %s with live tickets for %d, and the journal has taken %d", id, r.Status, r.Live, r.Kept))
		case r.Status == string(ticket.BookingConfirmed) && (r.Paid != "captured" || r.Charged != r.Total):
			out = append(out, fmt.Sprintf("booking %s over %d is confirmed, its payment at %q is %q over %d", id, r.Total, r.Provider, r.Paid, r.Charged))
		}
	}
	return out
}

// checkMoney: captured less refunded is the total of a confirmed booking, at
// the provider that its payment names, and nothing for any other; and nothing
// stays authorized. All says that the books hold every booking, so that one
// that only a provider knows is a fault.
func checkMoney(b books, ledger Ledger, all bool) []string {
	var out []string
	paid := map[string]int64{}
	for _, sum := range ledger.Summary {
		r, known := b.bookings[sum.BookingID]
		if !known && !all {
			continue // of another event
		}
		want, most := int64(0), int64(0)
		if known && r.sold() && r.Provider == sum.Provider {
			want, most = r.Live-r.Apart, r.Total
			paid[sum.BookingID] = sum.Net
		}
		if sum.Net != want {
			out = append(out, fmt.Sprintf("%s has taken %d (captured %d, refunded %d) of booking %s (%s), which owes it %d",
				sum.Provider, sum.Net, sum.Captured, sum.Refunded, sum.BookingID, statusOf(r, known), want))
		}
		if sum.Captured > most {
			out = append(out, fmt.Sprintf("%s has captured %d of booking %s, more than its total of %d", sum.Provider, sum.Captured, sum.BookingID, most))
		}
		if sum.Authorized != 0 && (!known || r.final()) {
			out = append(out, fmt.Sprintf("%s still reserves %d of booking %s (%s)", sum.Provider, sum.Authorized, sum.BookingID, statusOf(r, known)))
		}
	}
	for id, r := range b.bookings {
		if _, ok := paid[id]; r.sold() && !ok && r.Total > 0 {
			out = append(out, fmt.Sprintf("booking %s is confirmed for %d and no provider has its money", id, r.Total))
		}
	}
	return out
}

func statusOf(r row, known bool) string {
	if !known {
		return "not in the books"
	}
	return r.Status
}

// checkSeats compares the map that the API shows, the one in Redis and the
// books of one event.
func (s *System) checkSeats(ctx context.Context, b books, e *Event) ([]string, error) {
	answer, err := s.Anonymous().Availability(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	var shown struct{ Version, Seats string }
	if err := json.Unmarshal(answer.Body, &shown); err != nil || shown.Seats == "" {
		return []string{fmt.Sprintf("the availability of event %s is %s", e.ID, answer)}, nil
	}
	tag := "{" + e.ID + "}:"
	live, err := s.RedisDB.Get(ctx, tag+"seats").Result()
	if err != nil {
		return nil, err
	}
	free, err := s.RedisDB.HGet(ctx, tag+"meta", "available").Int()
	if err != nil {
		return nil, err
	}
	counts, err := s.RedisDB.HGetAll(ctx, tag+"buyers").Result()
	if err != nil {
		return nil, err
	}
	holds, err := s.RedisDB.HKeys(ctx, tag+"holds").Result()
	if err != nil {
		return nil, err
	}
	want := b.seats(e.ID, len(e.Seats))
	var out []string
	if live != want {
		out = append(out, fmt.Sprintf("Redis and Postgres differ on event %s:\n  redis    %s\n  postgres %s", e.ID, live, want))
	}
	if shown.Seats != live {
		out = append(out, fmt.Sprintf("the availability of event %s is not what Redis has:\n  shown %s\n  redis %s", e.ID, shown.Seats, live))
	}
	if n := strings.Count(live, "a"); n != free {
		out = append(out, fmt.Sprintf("Redis counts %d free places of event %s; its map has %d", free, e.ID, n))
	}
	return append(append(out, checkBuyers(b, e.ID, counts)...), checkHolds(b, e.ID, holds)...), nil
}

// checkBuyers: what Redis counts for each buyer is what the buyer holds and owns.
func checkBuyers(b books, eventID string, counts map[string]string) []string {
	want := map[string]int{}
	for _, r := range b.bookings {
		if r.EventID != eventID {
			continue
		}
		want[r.BuyerID] += len(r.Tickets)
		if r.holds() {
			want[r.BuyerID] += len(r.Seats)
		}
	}
	var out []string
	for buyer, n := range want {
		if counts[buyer] != strconv.Itoa(n) && (n != 0 || counts[buyer] != "") {
			out = append(out, fmt.Sprintf("Redis counts %q places of buyer %s at event %s, Postgres %d", counts[buyer], buyer, eventID, n))
		}
	}
	for buyer, n := range counts {
		if _, ok := want[buyer]; !ok {
			out = append(out, fmt.Sprintf("Redis counts %s places of buyer %s at event %s, Postgres none", n, buyer, eventID))
		}
	}
	return out
}

// checkHolds: every hold in Redis belongs to a booking that waits.
func checkHolds(b books, eventID string, holds []string) []string {
	var out []string
	for _, id := range holds {
		if r, ok := b.bookings[id]; !ok || !r.holds() {
			out = append(out, fmt.Sprintf("Redis has a hold of booking %s at event %s, which is %s in Postgres", id, eventID, statusOf(r, ok)))
		}
	}
	return out
}
