package audit

import (
	"context"

	"yourticket.example/internal/postgres"
)

func oneLiveTicket(ctx context.Context, a *audit, f *Finding) error {
	if err := a.guards(ctx, f, "tickets_one_live_a_seat", "tickets_pkey"); err != nil {
		return err
	}
	return a.claims(ctx, f, postgres.ClaimOneLiveTicket)
}

func wholeOrNot(ctx context.Context, a *audit, f *Finding) error {
	return a.claims(ctx, f, postgres.ClaimWhole)
}

func pricesHeld(ctx context.Context, a *audit, f *Finding) error {
	f.note("What the event's prices were at the hold is known from the booking only: they may have changed since.")
	if err := a.claims(ctx, f, postgres.ClaimPrices); err != nil {
		return err
	}
	return a.fromMoney(ctx, f)
}

func buyersWithinLimit(ctx context.Context, a *audit, f *Finding) error {
	if err := a.guards(ctx, f, "buyer_tickets_pkey", "buyer_tickets_limit"); err != nil {
		return err
	}
	f.note("The limit is the one that held at the buyer's last purchase: the organizer may have changed it since.")
	return a.claims(ctx, f, postgres.ClaimBuyers)
}

func journalBalances(ctx context.Context, a *audit, f *Finding) error {
	if err := a.guards(ctx, f, "journal_pkey"); err != nil {
		return err
	}
	return a.claims(ctx, f, postgres.ClaimJournal)
}

func webhooksOnce(ctx context.Context, a *audit, f *Finding) error {
	if err := a.guards(ctx, f, "webhooks_pkey"); err != nil {
		return err
	}
	f.note("Seen: that no delivery was taken for new twice, on any shard. What it led to is compared by 6, 15 and 20.")
	if err := a.claims(ctx, f, postgres.ClaimWebhooks); err != nil {
		return err
	}
	return a.Sales.WebhooksOnTwoShards(ctx, func(provider, event string) error {
		f.breach(provider+" "+event, "was taken for new on two shards")
		return nil
	})
}
