package audit

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"

	"yourticket.example/internal/bestseats"
	"yourticket.example/internal/cdc"
	"yourticket.example/internal/postgres"
	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
)

// Sources are what an audit reads. Catalogue, Sales and Plans are needed; what
// else is nil is not compared, and Missing says why.
type Sources struct {
	Catalogue *postgres.Catalogue
	Sales     *postgres.Sales
	Plans     Plans
	Seats     *redis.Seats
	Queue     *redis.Queue
	Providers map[ticket.Provider]ProviderBooks
	Temporal  client.Client
	// Namespace is that of Temporal's lists.
	Namespace string
	Histories Histories
	Search    Search
	// Missing says of parts why they are not there.
	Missing map[Part]Absence
}

// Part is a system that is read besides PostgreSQL.
type Part string

// The parts.
const (
	PartRedis    Part = "Redis"
	PartTemporal Part = "Temporal"
	PartSearch   Part = "Elasticsearch"
	PartStripe   Part = "Stripe"
	PartPayPal   Part = "PayPal"
)

// Absence is why a part is not read.
type Absence struct {
	Reason string
	// Failed says that it should be there.
	Failed bool
}

// Plans reads seating plans.
type Plans interface {
	Places(ctx context.Context, planID string) (*ticket.Plan, *bestseats.Finder, error)
}

// ProviderBooks are a payment provider's own books.
type ProviderBooks interface {
	// Balances gives the charges that were made since a time, and those that are
	// still open as far as the provider can list them. The books are complete
	// until the time that it returns.
	Balances(ctx context.Context, since time.Time, each func(ticket.ChargeBalance) error) (until time.Time, err error)
	// Balance reads one charge; false when the provider knows none.
	Balance(ctx context.Context, ref, orderRef string) (b ticket.ChargeBalance, found bool, err error)
}

// Search compares documents and stock of events with what they are made from,
// but for changes that are on their way; cdc.Auditor is one.
type Search interface {
	Compare(ctx context.Context) (cdc.Comparison, error)
}

// missingError says that a check needs a part that is not there.
type missingError struct {
	Absence
	part Part
}

func (e missingError) Error() string { return fmt.Sprintf("%s: %s", e.part, e.Reason) }

// without gives the error for a part that is not there.
func (s *Sources) without(p Part) error {
	absence, known := s.Missing[p]
	if !known {
		absence.Reason = "not configured"
	}
	return missingError{absence, p}
}
