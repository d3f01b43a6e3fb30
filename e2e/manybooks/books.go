package manybooks

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yourticket.example/e2e/system"
	"yourticket.example/ticket"
)

// save writes our side: bookings and payments as purchases leave them.
func (p *plants) save(ctx context.Context, s *system.System) error {
	if len(s.Shards) != shards {
		return fmt.Errorf("the system has %d shards, %d are needed", len(s.Shards), shards)
	}
	for n, db := range s.Shards {
		var mine []paid
		for _, t := range p.ours {
			if shard, _ := ticket.ShardOf(t.booking); shard == n {
				mine = append(mine, t)
			}
		}
		if err := saveShard(ctx, db, mine); err != nil {
			return err
		}
	}
	return nil
}

func saveShard(ctx context.Context, db *pgxpool.Pool, mine []paid) error {
	bookings := []string{
		"id", "event_id", "buyer_id", "status", "fingerprint", "seat_indexes", "categories", "prices", "fees", "total", "currency", "fence",
		"hold_expires_at", "created_at", "confirmed_at",
	}
	payments := []string{
		"booking_id", "provider", "attempt", "status", "fallback", "ref", "capture_ref", "amount", "currency", "created_at", "captured_at",
	}
	conn, err := db.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `SET statement_timeout = 0`); err != nil {
		return err
	}
	_, err = conn.CopyFrom(ctx, pgx.Identifier{"bookings"}, bookings, pgx.CopyFromSlice(len(mine), func(i int) ([]any, error) {
		t := mine[i]
		return []any{
			t.booking, t.event, "us_many", "confirmed", "f", []int32{int32(i)}, []string{"A"}, []int64{t.amount}, []int64{0}, t.amount, "EUR", int64(i),
			t.at, t.at, t.at,
		}, nil
	}))
	if err != nil {
		return err
	}
	_, err = conn.CopyFrom(ctx, pgx.Identifier{"payments"}, payments, pgx.CopyFromSlice(len(mine), func(i int) ([]any, error) {
		t := mine[i]
		return []any{t.booking, string(t.provider), 1, "captured", false, t.ref, t.captureRef, t.amount, "EUR", t.at, t.at}, nil
	}))
	if err == nil {
		_, err = conn.Exec(ctx, `ANALYZE`)
	}
	return err
}

// journal counts the fees that were booked, and the transactions that do not sum
// to zero.
func journal(ctx context.Context, s *system.System) (fees, unbalanced int64, err error) {
	for _, db := range s.Shards {
		var f, u int64
		err := db.QueryRow(ctx, `
			SELECT count(*) FILTER (WHERE transaction_id LIKE 'fee/%'), count(*) FILTER (WHERE sum <> 0)
			FROM (SELECT transaction_id, sum(amount) FROM journal GROUP BY 1) t`).Scan(&f, &u)
		if err != nil {
			return 0, 0, err
		}
		fees, unbalanced = fees+f, unbalanced+u
	}
	return fees, unbalanced, nil
}
