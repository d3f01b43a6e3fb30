package postgres

// What every sales shard must fulfil at any moment. Each claim is read as of
// one moment, so what a single statement writes is seen whole or not at all.
var (
	// ClaimOneLiveTicket: a place of an event has one live ticket at most.
	ClaimOneLiveTicket = Claim{
		Count: `SELECT count(*) FROM tickets WHERE status IN ('live', 'used')`,
		Broken: `
			SELECT event_id || ' seat ' || seat_index, count(*) || ' live tickets: ' || string_agg(id, ', ' ORDER BY id)
			FROM tickets WHERE status IN ('live', 'used')
			GROUP BY event_id, seat_index HAVING count(*) > 1`,
	}

	// ClaimWhole: a booking that was confirmed has a ticket for each of its
	// places, a refunded one none that lives, and any other none at all.
	ClaimWhole = Claim{
		Count: `SELECT count(*) FROM bookings`,
		Broken: `
			SELECT t.booking_id, 'is ' || COALESCE(max(b.status), 'in no row') || ' and has ' || count(*) || ' tickets'
			FROM tickets t LEFT JOIN bookings b ON b.id = t.booking_id
			WHERE b.confirmed_at IS NULL GROUP BY t.booking_id
			UNION ALL
			SELECT b.id, 'is ' || b.status || ' for seats ' || b.seat_indexes::text || ' and has tickets for '
			       || COALESCE(t.seats::text, 'none') || ', ' || COALESCE(t.live, 0) || ' of them live'
			FROM bookings b
			LEFT JOIN (SELECT booking_id, array_agg(DISTINCT seat_index ORDER BY seat_index) AS seats,
			                  count(*) FILTER (WHERE status IN ('live', 'used')) AS live
			           FROM tickets GROUP BY booking_id) t ON t.booking_id = b.id
			WHERE b.confirmed_at IS NOT NULL
			  AND (t.seats IS DISTINCT FROM (SELECT array_agg(DISTINCT s ORDER BY s) FROM unnest(b.seat_indexes) s)
			       OR b.status = 'refunded' AND t.live > 0 OR b.status = 'confirmed' AND t.live = 0)
			UNION ALL
			SELECT t.id, 'is for event ' || t.event_id || ', its booking for ' || b.event_id
			FROM tickets t JOIN bookings b ON b.id = t.booking_id WHERE t.event_id <> b.event_id`,
	}

	// ClaimFences: a ticket has the fence of its booking, and of two tickets of
	// a place the later one has the higher fence.
	ClaimFences = Claim{
		Count: `SELECT count(*) FROM tickets`,
		Broken: `
			SELECT t.id, 'has fence ' || t.fence || ', its booking ' || b.id || ' has ' || b.fence
			FROM tickets t JOIN bookings b ON b.id = t.booking_id WHERE t.fence <> b.fence
			UNION ALL
			SELECT id, 'of ' || event_id || ' seat ' || seat_index || ' was made under fence ' || fence || ' before ' || before
			       || ' was made under ' || lower
			FROM (SELECT id, event_id, seat_index, fence, created_at, booking_id, lag(fence) OVER place AS lower,
			             lag(id) OVER place AS before, lag(created_at) OVER place AS made, lag(booking_id) OVER place AS other
			      FROM tickets WINDOW place AS (PARTITION BY event_id, seat_index ORDER BY fence, created_at)) t
			WHERE booking_id <> other AND (fence = lower OR created_at < made)`,
	}

	// ClaimStatus: what a row says besides its status is possible under it.
	ClaimStatus = Claim{
		Count: `SELECT count(*) FROM bookings`,
		Broken: `
			SELECT b.id, 'is ' || b.status || CASE
				WHEN b.status IN ('confirmed', 'refunding', 'refunded') AND b.confirmed_at IS NULL THEN ' and was never confirmed'
				WHEN b.status IN ('confirmed', 'refunding', 'refunded') AND p.booking_id IS NULL THEN ' and has no payment'
				WHEN b.confirmed_at < b.created_at THEN ' and was confirmed before it was made'
				WHEN b.status <> 'needs_attention' AND b.confirmed_at IS NOT NULL THEN ' although it was confirmed at ' || b.confirmed_at
				WHEN p.booking_id IS NOT NULL THEN ' and has a payment at ' || p.provider
				WHEN b.next_action IS NOT NULL THEN ' and asks its buyer to act'
				ELSE ' and asks its buyer for nothing' END
			FROM bookings b LEFT JOIN payments p ON p.booking_id = b.id
			WHERE CASE
				WHEN b.status IN ('confirmed', 'refunding', 'refunded')
				THEN b.confirmed_at IS NULL OR b.confirmed_at < b.created_at OR p.booking_id IS NULL
				WHEN b.status = 'needs_attention' THEN false
				WHEN b.confirmed_at IS NOT NULL OR p.booking_id IS NOT NULL THEN true
				ELSE (b.status = 'action_required') <> (b.next_action IS NOT NULL) END`,
	}

	// ClaimBuyers: the count of a buyer's tickets is right and within the limit
	// that held at the last purchase.
	ClaimBuyers = Claim{
		Count: `SELECT count(*) FROM buyer_tickets`,
		Broken: `
			SELECT event_id || ' buyer ' || buyer_id,
			       'has ' || COALESCE(t.n, 0) || ' live tickets, is counted with ' || COALESCE(c.tickets::text, 'none')
			       || ', may have ' || COALESCE(c.maximum::text, 'none')
			FROM buyer_tickets c
			FULL JOIN (SELECT event_id, buyer_id, count(*) AS n FROM tickets WHERE status IN ('live', 'used')
			           GROUP BY event_id, buyer_id) t USING (event_id, buyer_id)
			WHERE COALESCE(c.tickets, 0) <> COALESCE(t.n, 0) OR COALESCE(t.n, 0) > COALESCE(c.maximum, 0)`,
	}

	// ClaimPrices: total, tickets, payment and journal have the prices that were
	// shown at the hold.
	ClaimPrices = Claim{
		Count: `SELECT count(*) FROM bookings`,
		Broken: `
			SELECT id, 'has a total of ' || total || ' and prices and fees of ' || n.sum
			FROM bookings CROSS JOIN LATERAL (
				SELECT COALESCE(sum(x), 0) AS sum FROM unnest(prices || fees) x) n
			WHERE total <> n.sum OR cardinality(prices) <> cardinality(seat_indexes) OR cardinality(fees) <> cardinality(seat_indexes)
			UNION ALL
			SELECT t.id, 'cost ' || t.price || ' + ' || t.fee || ', at the hold it was ' || b.prices[n.place] || ' + ' || b.fees[n.place]
			FROM tickets t JOIN bookings b ON b.id = t.booking_id
			CROSS JOIN LATERAL (SELECT array_position(b.seat_indexes, t.seat_index) AS place) n
			WHERE t.price <> b.prices[n.place] OR t.fee <> b.fees[n.place]
			UNION ALL
			SELECT b.id, 'has a total of ' || b.total || ' ' || b.currency || ' and a payment of ' || p.amount || ' ' || p.currency
			FROM payments p JOIN bookings b ON b.id = p.booking_id WHERE p.amount <> b.total OR p.currency <> b.currency
			UNION ALL
			SELECT b.id, 'has a total of ' || b.total || ' ' || b.currency || ' and is in the journal with ' || j.amount || ' ' || j.currency
			FROM bookings b JOIN journal j ON j.transaction_id = b.id || '/sale' AND j.account LIKE 'receivable:%'
			WHERE j.amount <> b.total OR j.currency <> b.currency`,
	}

	// ClaimJournal: the lines of each transaction sum to zero.
	ClaimJournal = Claim{
		Count: `SELECT count(DISTINCT transaction_id) FROM journal`,
		Broken: `
			SELECT transaction_id, 'sums to ' || sum(amount) || ' ' || currency
			FROM journal GROUP BY transaction_id, currency HAVING sum(amount) <> 0`,
	}

	// ClaimAttempts: a payment is one of the attempts that were written down
	// before a provider was asked.
	ClaimAttempts = Claim{
		Count: `SELECT count(*) FROM bookings`,
		Broken: `
			SELECT b.id, 'is paid by attempt ' || p.attempt || ', and none was begun'
			FROM payments p JOIN bookings b ON b.id = p.booking_id WHERE b.begun_at IS NULL OR p.attempt < 1
			UNION ALL
			SELECT id, 'has no fingerprint of the request that made it' FROM bookings WHERE fingerprint = ''`,
	}

	// ClaimWebhooks counts the deliveries that were acted on; their key says
	// that none was twice.
	ClaimWebhooks = Claim{
		Count:  `SELECT count(*) FROM webhooks`,
		Broken: `SELECT provider, event_id FROM webhooks GROUP BY provider, event_id HAVING count(*) > 1`,
	}
)
