package e2e_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/system"
	"yourticket.example/ticket"
)

const (
	oneLiveIndex = `CREATE UNIQUE INDEX tickets_one_live_a_seat ON tickets (event_id, seat_index) WHERE status IN ('live', 'used')`
	copyTicket   = `INSERT INTO tickets (id, booking_id, event_id, buyer_id, seat_index, status, price, fee, fence)
		SELECT 'ti_planted', booking_id, event_id, buyer_id, seat_index, 'live', 0, 0, fence FROM tickets WHERE booking_id = $1`
	deadTicket = `INSERT INTO tickets (id, booking_id, event_id, buyer_id, seat_index, status, price, fee, fence)
		SELECT 'ti_planted', id, event_id, buyer_id, seat_indexes[1], 'refunded', prices[1], fees[1], fence FROM bookings WHERE id = $1`
	dropTicket = `DELETE FROM tickets WHERE id = 'ti_planted' AND booking_id = $1`
)

// plants are faults that can be mended. Some break more than one promise: what
// is wrong with a ticket is wrong with its area, too.
func (s *audited) plants() []plant {
	change := func(name string, want int, plant, mend, id string) plant {
		return statements{name: name, want: []int{want}, plant: plant, mend: mend, id: id}.in(s)
	}
	out := []plant{
		change("the index that keeps seats from being sold twice is gone", 1, `DROP INDEX tickets_one_live_a_seat`, oneLiveIndex, ""),
		change("a ticket of a booking that was canceled", 2, deadTicket, dropTicket, s.canceled.ID),
		change("a ticket under another fence than its booking", 4,
			`UPDATE tickets SET fence = fence + 1 WHERE booking_id = $1`, `UPDATE tickets SET fence = fence - 1 WHERE booking_id = $1`, s.visa.ID),
		change("a canceled booking that asks its buyer to act", 5,
			`UPDATE bookings SET next_action = '{}' WHERE id = $1`, `UPDATE bookings SET next_action = NULL WHERE id = $1`, s.canceled.ID),
		change("a terminal status that became another", 5,
			`UPDATE bookings SET status = 'expired' WHERE id = $1`, `UPDATE bookings SET status = 'canceled' WHERE id = $1`, s.canceled.ID),
		change("a booking of no request", 8,
			`UPDATE bookings SET fingerprint = '' WHERE id = $1`, `UPDATE bookings SET fingerprint = 'f' WHERE id = $1`, s.visa.ID),
		change("a miscounted buyer", 10,
			`UPDATE buyer_tickets SET tickets = tickets + 1 WHERE buyer_id = (SELECT buyer_id FROM bookings WHERE id = $1)`,
			`UPDATE buyer_tickets SET tickets = tickets - 1 WHERE buyer_id = (SELECT buyer_id FROM bookings WHERE id = $1)`, s.visa.ID),
		change("a total that is not the sum of its prices", 13,
			`UPDATE bookings SET total = total + 1 WHERE id = $1`, `UPDATE bookings SET total = total - 1 WHERE id = $1`, s.visa.ID),
		change("a capture that the journal does not have", 15,
			`UPDATE journal SET transaction_id = 'x' || transaction_id, account = 'x' || account WHERE transaction_id = $1 || '/capture'`,
			`UPDATE journal SET transaction_id = substr(transaction_id, 2), account = substr(account, 2) WHERE transaction_id = 'x' || $1 || '/capture'`,
			s.vaulted.ID),
		change("a journal line that is a cent off", 20,
			`UPDATE journal SET amount = amount + 1 WHERE transaction_id = $1 || '/sale' AND account = 'payable:organizer'`,
			`UPDATE journal SET amount = amount - 1 WHERE transaction_id = $1 || '/sale' AND account = 'payable:organizer'`, s.visa.ID),
	}
	return append(append(append(out, s.plantsInBooks()...), s.plantsInRedis()...), s.plantsInRooms()...)
}

// statements is a fault that one statement plants and another mends.
type statements struct {
	name, plant, mend, id string
	want                  []int
}

func (p statements) in(s *audited) plant {
	run := func(statement string) func(*testing.T) {
		return func(t *testing.T) {
			if p.id == "" {
				s.sql(t, s.hall, statement)
				return
			}
			s.sql(t, s.hall, statement, p.id)
		}
	}
	return plant{name: p.name, want: p.want, set: run(p.plant), unset: run(p.mend)}
}

func (s *audited) plantsInBooks() []plant {
	shards := func(t *testing.T, statement string) {
		for _, db := range s.Shards {
			_, err := db.Exec(t.Context(), statement)
			require.NoError(t, err)
		}
	}
	buyer := func(t *testing.T) (id string) {
		shard, _ := ticket.ShardOf(s.pit.ID)
		require.NoError(t, s.Shards[shard].QueryRow(t.Context(), `SELECT buyer_id FROM bookings WHERE id = $1`, s.pit.ID).Scan(&id))
		return id
	}
	return []plant{
		{
			name: "a place in the pit that was sold twice", want: []int{1, 3, 13},
			set: func(t *testing.T) {
				s.sql(t, s.hall, `DROP INDEX tickets_one_live_a_seat`)
				s.sql(t, s.hall, copyTicket, s.pit.ID)
				s.sql(t, s.hall, `UPDATE buyer_tickets SET tickets = tickets + 1 WHERE buyer_id = $1`, buyer(t))
				s.redis(t, "HINCRBY", "#buyers", buyer(t), 1)
			},
			unset: func(t *testing.T) {
				s.sql(t, s.hall, dropTicket, s.pit.ID)
				s.sql(t, s.hall, oneLiveIndex)
				s.sql(t, s.hall, `UPDATE buyer_tickets SET tickets = tickets - 1 WHERE buyer_id = $1`, buyer(t))
				s.redis(t, "HINCRBY", "#buyers", buyer(t), -1)
			},
		},
		{
			name: "a webhook that two shards took for new", want: []int{9},
			set: func(t *testing.T) {
				shards(t, `INSERT INTO webhooks (provider, event_id) VALUES ('stripe', 'evt_planted')`)
			},
			unset: func(t *testing.T) { shards(t, `DELETE FROM webhooks WHERE event_id = 'evt_planted'`) },
		},
		{
			name: "a block on a place that is sold", want: []int{16},
			set: func(t *testing.T) {
				s.sql(t, s.hall, `INSERT INTO blocks (event_id, seat_index) VALUES ($1, 0)`, s.hall.ID)
			},
			unset: func(t *testing.T) { s.sql(t, s.hall, `DELETE FROM blocks WHERE event_id = $1`, s.hall.ID) },
		},
	}
}

func (s *audited) plantsInRedis() []plant {
	var fence, record, deadline string
	return []plant{
		{
			name: "fences that began anew", want: []int{4},
			set: func(t *testing.T) {
				fence = s.redis(t, "HGET", "#meta", "fence")
				s.redis(t, "HSET", "#meta", "fence", "0")
			},
			unset: func(t *testing.T) { s.redis(t, "HSET", "#meta", "fence", fence) },
		},
		{
			name: "a hold that nobody ends", want: []int{14},
			set: func(t *testing.T) {
				record, deadline = s.redis(t, "HGET", "#holds", s.held.ID), s.redis(t, "ZSCORE", "#expiry", s.held.ID)
				s.redis(t, "ZADD", "#expiry", "1000", s.held.ID)
				s.redis(t, "HSET", "#holds", s.held.ID, "nobody|1000|1|7")
				s.sql(t, s.hall, `UPDATE bookings SET hold_expires_at = hold_expires_at - interval '1 hour' WHERE id = $1`, s.held.ID)
				s.redis(t, "HINCRBY", "#buyers", "nobody", 1)
				s.redis(t, "HINCRBY", "#buyers", s.buyerOf(t, s.held.ID), -1)
			},
			unset: func(t *testing.T) {
				s.redis(t, "ZADD", "#expiry", deadline, s.held.ID)
				s.redis(t, "HSET", "#holds", s.held.ID, record)
				s.sql(t, s.hall, `UPDATE bookings SET hold_expires_at = hold_expires_at + interval '1 hour' WHERE id = $1`, s.held.ID)
				s.redis(t, "HDEL", "#buyers", "nobody")
				s.redis(t, "HINCRBY", "#buyers", s.buyerOf(t, s.held.ID), 1)
			},
		},
		{
			name: "a place that Redis shows as sold, and a repair", want: []int{16},
			set: func(t *testing.T) {
				s.redis(t, "SETRANGE", "#seats", 15, "s")
				s.redis(t, "HINCRBY", "#meta", "available", -1)
			},
			unset: s.repair,
		},
		{
			name: "a free place that Redis does not count, and a repair", want: []int{16},
			set:   func(t *testing.T) { s.redis(t, "HINCRBY", "#meta", "available", -1) },
			unset: s.repair,
		},
		{
			name: "a change on the stream that the map did not take, and a repair", want: []int{17},
			set:   func(t *testing.T) { s.redis(t, "XADD", "#changes", "*", "a", "0") },
			unset: s.repair,
		},
	}
}

func (s *audited) buyerOf(t *testing.T, bookingID string) (id string) {
	t.Helper()
	shard, _ := ticket.ShardOf(bookingID)
	require.NoError(t, s.Shards[shard].QueryRow(t.Context(), `SELECT buyer_id FROM bookings WHERE id = $1`, bookingID).Scan(&id))
	return id
}

// repair makes the audit mend what it found, and be content then.
func (s *audited) repair(t *testing.T) {
	t.Helper()
	report, broken := s.audit(t, "--repair")
	require.Empty(t, broken, said(report))
	require.Len(t, report.Repairs, 1)
	require.Equal(t, s.hall.ID, report.Repairs[0].ID)
	require.Empty(t, report.Repairs[0].Error)
}

func (s *audited) plantsInRooms() []plant {
	buyer := func(t *testing.T) string { return s.buyerOf(t, s.admitted.ID) }
	return []plant{
		{
			name: "a booking whose buyer was never admitted", want: []int{11},
			set: func(t *testing.T) {
				s.catalogue(t, `UPDATE waiting_rooms SET created_at = created_at - interval '1 hour' WHERE event_id = $1`, s.club.ID)
				s.catalogue(t, `UPDATE queue_entries SET buyer_id = 'x' || buyer_id WHERE buyer_id = $1`, buyer(t))
				s.catalogue(t, `UPDATE queue_admissions SET buyer_id = 'x' || buyer_id WHERE buyer_id = $1`, buyer(t))
			},
			unset: func(t *testing.T) {
				s.catalogue(t, `UPDATE waiting_rooms SET created_at = created_at + interval '1 hour' WHERE event_id = $1`, s.club.ID)
				s.catalogue(t, `UPDATE queue_entries SET buyer_id = substr(buyer_id, 2) WHERE buyer_id = 'x' || $1`, buyer(t))
				s.catalogue(t, `UPDATE queue_admissions SET buyer_id = substr(buyer_id, 2) WHERE buyer_id = 'x' || $1`, buyer(t))
			},
		},
		{
			name: "a number that the draw did not give", want: []int{12},
			set: func(t *testing.T) {
				s.catalogue(t, `UPDATE queue_entries SET entry = entry + 1000 WHERE buyer_id = $1`, buyer(t))
			},
			unset: func(t *testing.T) {
				s.catalogue(t, `UPDATE queue_entries SET entry = entry - 1000 WHERE buyer_id = $1`, buyer(t))
			},
		},
		{
			name: "a seed that is not the one that was committed to", want: []int{12},
			set: func(t *testing.T) {
				s.catalogue(t, `UPDATE waiting_rooms SET seed = set_byte(seed, 0, (get_byte(seed, 0) + 1) % 256) WHERE event_id = $1`, s.club.ID)
			},
			unset: func(t *testing.T) {
				s.catalogue(t, `UPDATE waiting_rooms SET seed = set_byte(seed, 0, (get_byte(seed, 0) + 255) % 256) WHERE event_id = $1`, s.club.ID)
			},
		},
		{
			name: "a turn that left a number out", want: []int{12},
			set: func(t *testing.T) {
				s.catalogue(t, `INSERT INTO queue_turns (event_id, first, last, turns) VALUES ($1, 500, 500, 1)`, s.club.ID)
			},
			unset: func(t *testing.T) {
				s.catalogue(t, `DELETE FROM queue_turns WHERE event_id = $1 AND first = 500`, s.club.ID)
			},
		},
		{
			name: "a disputed ticket that still lets in", want: []int{15},
			set: func(t *testing.T) {
				s.sql(t, s.hall, `UPDATE tickets SET frozen = false WHERE booking_id = $1`, s.disputed.ID)
			},
			unset: func(t *testing.T) {
				s.sql(t, s.hall, `UPDATE tickets SET frozen = true WHERE booking_id = $1`, s.disputed.ID)
			},
		},
		{
			name: "a dispute that the journal does not have", want: []int{15},
			set: func(t *testing.T) {
				s.sql(t, s.hall, `UPDATE journal SET booking_id = 'x' || booking_id WHERE booking_id = $1 AND transaction_id LIKE 'dispute/%/opened'`, s.disputed.ID)
			},
			unset: func(t *testing.T) {
				s.sql(t, s.hall, `UPDATE journal SET booking_id = substr(booking_id, 2) WHERE booking_id = 'x' || $1`, s.disputed.ID)
			},
		},
		{
			name: "money that is reserved for a booking that ended", want: []int{15},
			set:   func(t *testing.T) { s.charge = s.intent(t, s.canceled.ID, "7", 500) },
			unset: func(t *testing.T) { s.cancelIntent(t, s.charge) },
		},
	}
}

// lasting plants what no statement mends, one on top of the other, and looks
// at what each adds. Nobody hears of what is done at the providers any more.
func (s *audited) lasting(t *testing.T) {
	s.unheard(t)
	twice := s.intent(t, s.visa.ID, "1", 500)
	s.cancelIntent(t, twice)
	_, broken := s.audit(t)
	require.Equal(t, []int{8}, broken, "a second charge for one attempt")

	early := s.intent(t, s.canceled.ID, "1", 500)
	s.captureIntent(t, early)
	s.refundIntent(t, early, 500)
	_, broken = s.audit(t)
	require.Equal(t, []int{7, 8}, broken, "a capture without seats, given back")

	kept := s.intent(t, s.canceled.ID, "2", 500)
	s.captureIntent(t, kept)
	_, broken = s.audit(t)
	require.Equal(t, []int{6, 7, 8, 15}, broken, "a capture without seats, kept")
	s.refundIntent(t, kept, 500)

	s.pretends(t, ticket.BookingFailed)
	_, broken = s.audit(t)
	require.Equal(t, []int{7, 8, 19}, broken, "a history of another program")

	s.pretends(t, ticket.BookingConfirmed)
	_, broken = s.audit(t)
	require.Equal(t, []int{7, 8, 18, 19}, broken, "a confirmation that was lost")
}

// reported is when PayPal's report has what was done: it is asked for in whole seconds.
const reported = 1100 * time.Millisecond

// unheard does at the providers what our books then do not know, and has them
// mended by what the product does when it hears of it.
func (s *audited) unheard(t *testing.T) {
	for _, b := range []system.Booking{s.visa, s.vaulted} {
		id, err := s.DisputePayment(t.Context(), b.Payment.Provider, b.ID, 0)
		require.NoError(t, err)
		time.Sleep(reported)
		report, broken := s.audit(t)
		require.Equal(t, []int{15}, broken, "a dispute at %s: %s", b.Payment.Provider, said(report))
		require.NoError(t, s.DecideDispute(t.Context(), id, "won"))
		time.Sleep(reported)
		report, broken = s.audit(t)
		require.Empty(t, broken, "a dispute that was won: %s", said(report))
	}
}
