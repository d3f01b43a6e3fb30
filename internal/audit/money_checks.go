package audit

import (
	"context"

	"yourticket.example/internal/postgres"
)

func netIsZeroOrLive(ctx context.Context, a *audit, f *Finding) error {
	if err := a.guards(ctx, f, "payments_pkey"); err != nil {
		return err
	}
	if err := a.fromMoney(ctx, f); err != nil {
		return err
	}
	a.money.describe(f)
	return nil
}

func capturedAfterCommit(ctx context.Context, a *audit, f *Finding) error {
	return a.fromMoney(ctx, f)
}

func oneBookingAKey(ctx context.Context, a *audit, f *Finding) error {
	if err := a.guards(ctx, f, "bookings_pkey"); err != nil {
		return err
	}
	missing, err := a.Catalogue.MissingGuards(ctx, "idempotency_keys_pkey")
	if err != nil {
		return err
	}
	for _, name := range missing {
		f.breach("catalogue", "is without a valid %s", name)
	}
	f.note("A booking's id is a hash of buyer and key; the key itself is not kept. Seen: that each booking was made, and each of its attempts charged, once.")
	if err := a.claims(ctx, f, postgres.ClaimAttempts); err != nil {
		return err
	}
	if err := a.fromMoney(ctx, f); err != nil {
		return err
	}
	return f.skip(a.onePurchaseABooking(ctx, f))
}

func allSettled(ctx context.Context, a *audit, f *Finding) error {
	if err := a.claims(ctx, f, postgres.ClaimLedger); err != nil {
		return err
	}
	if err := a.claims(ctx, f, postgres.ClaimDisputes); err != nil {
		return err
	}
	if err := a.fromMoney(ctx, f); err != nil {
		return err
	}
	a.money.describe(f)
	return nil
}
