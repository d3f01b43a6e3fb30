package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// Settlement adds up what an event has earned, in one snapshot of its shard.
// An event that has sold nothing has no statements.
func (s *Sales) Settlement(ctx context.Context, eventID string) (out ticket.Settlement, err error) {
	defer wrap(&err, "postgres.Settlement(%s)", eventID)
	out = ticket.Settlement{EventID: eventID, Statements: []*ticket.Statement{}}
	db, err := s.shard(eventID)
	if err != nil {
		return out, err
	}
	err = pgx.BeginTxFunc(ctx, db, viewOptions, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT now()`).Scan(&out.AsOf); err != nil {
			return err
		}
		sums, err := readSums(ctx, tx, eventID)
		if err != nil {
			return err
		}
		for _, sum := range sums {
			sum.addTo(statementIn(&out, sum.Currency))
		}
		return addCategories(ctx, tx, &out)
	})
	for _, s := range out.Statements {
		finishStatement(s)
	}
	out.AsOf = out.AsOf.UTC()
	return out, err
}

// statementIn gives the settlement's statement in a currency.
func statementIn(out *ticket.Settlement, currency string) *ticket.Statement {
	for _, s := range out.Statements {
		if s.Currency == currency {
			return s
		}
	}
	out.Statements = append(out.Statements, ticket.NewStatement(currency))
	return out.Statements[len(out.Statements)-1]
}

// ledgerSum is what transactions of one kind did to an account.
type ledgerSum struct {
	Currency, Account, Kind string
	Amount                  int64
}

// readSums adds up the journal of an event. A refund that a lost dispute made is
// the dispute's.
func readSums(ctx context.Context, tx pgx.Tx, eventID string) ([]ledgerSum, error) {
	rows, err := tx.Query(ctx, `
		SELECT j.currency, j.account,
		       CASE WHEN j.transaction_id LIKE '%/sale' THEN 'sale'
		            WHEN r.source = 'dispute' OR j.transaction_id LIKE 'dispute/%' THEN 'dispute'
		            WHEN r.id IS NOT NULL THEN 'refund' ELSE 'other' END AS kind,
		       sum(j.amount)::bigint
		FROM journal j LEFT JOIN refunds r ON r.id = split_part(j.transaction_id, '/', 1)
		WHERE j.event_id = $1 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`, eventID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[ledgerSum])
}

// The accounts whose changes make a statement.
const (
	accountOrganizer = "payable:organizer"
	accountFees      = "revenue:fees"
)

// addTo adds the sum to its statement. The organizer's account and our fees are
// credits: what was sold is negative there.
func (l ledgerSum) addTo(s *ticket.Statement) {
	money := ticket.Money{Amount: l.Amount, Currency: l.Currency}
	if n := len(s.Balances); n > 0 && s.Balances[n-1].Account == l.Account {
		s.Balances[n-1].Amount.Amount += l.Amount
	} else {
		s.Balances = append(s.Balances, ticket.AccountBalance{Account: l.Account, Amount: money})
	}
	var face, fees int64
	switch {
	case l.Account == accountOrganizer:
		face = l.Amount
	case l.Account == accountFees:
		fees = l.Amount
	case strings.HasPrefix(l.Account, "expense:"):
		s.ProviderFees = addFee(s.ProviderFees, l.Account[strings.LastIndexByte(l.Account, ':')+1:], money)
		return
	case strings.HasPrefix(l.Account, "disputes:"):
		s.Disputed.Amount += l.Amount
		return
	default:
		return
	}
	switch l.Kind {
	case "sale":
		s.Gross.Add(-face, -fees)
	case "refund":
		s.Refunds.Add(face, fees)
	case "dispute":
		s.Disputes.Add(face, fees)
	default:
		s.Adjustments.Add(face, fees)
	}
}

func addFee(list []ticket.ProviderFees, provider string, fee ticket.Money) []ticket.ProviderFees {
	for i := range list {
		if list[i].Provider == provider {
			list[i].Amount.Amount += fee.Amount
			return list
		}
	}
	return append(list, ticket.ProviderFees{Provider: provider, Amount: fee})
}

// addCategories adds what was sold of each category, by the bookings.
func addCategories(ctx context.Context, tx pgx.Tx, out *ticket.Settlement) error {
	rows, err := tx.Query(ctx, `
		SELECT b.currency, i.category, count(*), sum(i.price)::bigint, sum(i.fee)::bigint
		FROM bookings b, unnest(b.categories, b.prices, b.fees) AS i (category, price, fee)
		WHERE b.event_id = $1 AND b.confirmed_at IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2`, out.EventID)
	if err != nil {
		return err
	}
	var (
		currency, category  string
		tickets, face, fees int64
	)
	_, err = pgx.ForEachRow(rows, []any{&currency, &category, &tickets, &face, &fees}, func() error {
		s := statementIn(out, currency)
		c := ticket.StatementCategory{Category: category, Tickets: tickets, StatementSum: ticket.NewStatement(currency).Gross}
		c.Add(face, fees)
		s.Categories = append(s.Categories, c)
		return nil
	})
	return err
}

// finishStatement adds up what follows from the rest.
func finishStatement(s *ticket.Statement) {
	off := []ticket.StatementSum{s.Refunds, s.Disputes, s.Adjustments}
	s.NetToOrganizer.Amount, s.OurFees.Amount = s.Gross.Face.Amount, s.Gross.Fees.Amount
	for _, o := range off {
		s.NetToOrganizer.Amount -= o.Face.Amount
		s.OurFees.Amount -= o.Fees.Amount
	}
	for _, c := range s.Categories {
		s.Difference.Amount += c.Total.Amount
	}
	s.Difference.Amount -= s.Gross.Total.Amount
	s.Balances = slices.DeleteFunc(s.Balances, func(b ticket.AccountBalance) bool { return b.Amount.Amount == 0 })
}
