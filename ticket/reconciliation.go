package ticket

import "time"

// ReconciliationStatus is how far a reconciliation is.
type ReconciliationStatus string

// The statuses of a reconciliation.
const (
	ReconciliationRunning ReconciliationStatus = "running"
	ReconciliationDone    ReconciliationStatus = "done"
	ReconciliationFailed  ReconciliationStatus = "failed"
)

// ReconciliationResult says how a movement stands in both books.
type ReconciliationResult string

// The results. Timing is a difference that time explains: one side is not
// complete yet. Not ours are movements that our books do not keep, such as
// payouts. Undone are a capture that paid for nothing and the refund that gave it
// back whole.
const (
	ResultMatched       ReconciliationResult = "matched"
	ResultAmountDiffers ReconciliationResult = "amount_differs"
	ResultProviderOnly  ReconciliationResult = "provider_only"
	ResultOursOnly      ReconciliationResult = "ours_only"
	ResultTiming        ReconciliationResult = "timing"
	ResultNotOurs       ReconciliationResult = "not_ours"
	ResultUndone        ReconciliationResult = "undone"
)

// UndoneBy begins the action of a line whose charge a workflow, whose id follows,
// undoes.
const UndoneBy = "undone by "

// Reconciliation compares our books with the providers' own, from From until
// before To.
type Reconciliation struct {
	ID          string                `json:"id"`
	Providers   []Provider            `json:"providers"`
	From        time.Time             `json:"from"`
	To          time.Time             `json:"to"`
	Status      ReconciliationStatus  `json:"status"`
	RequestedBy string                `json:"requested_by"`
	Failure     string                `json:"failure,omitempty"`
	CreatedAt   time.Time             `json:"created_at"`
	FinishedAt  *time.Time            `json:"finished_at"`
	Totals      []ReconciliationTotal `json:"totals"`
	// Differences counts what neither matches nor is explained by time.
	Differences int64 `json:"differences"`
}

// ReconciliationTotal sums up the lines of one provider, result, kind and
// currency, in minor units.
type ReconciliationTotal struct {
	Provider Provider             `json:"provider"`
	Result   ReconciliationResult `json:"result"`
	Kind     MovementKind         `json:"kind"`
	Currency string               `json:"currency"`
	Count    int64                `json:"count"`
	Theirs   int64                `json:"their_amount"`
	Ours     int64                `json:"our_amount"`
	Fees     int64                `json:"fees"`
}

// ReconciliationLine is one movement with both sides' ids. An amount is nil on
// the side that does not know it.
type ReconciliationLine struct {
	Position    int64                `json:"position"`
	Provider    Provider             `json:"provider"`
	Result      ReconciliationResult `json:"result"`
	Kind        MovementKind         `json:"kind"`
	TheirID     string               `json:"their_id"`
	OurID       string               `json:"our_id"`
	Ref         string               `json:"ref"`
	Parent      string               `json:"parent,omitempty"`
	BookingID   string               `json:"booking_id"`
	Attempt     int                  `json:"attempt,omitempty"`
	TheirAmount *int64               `json:"their_amount"`
	OurAmount   *int64               `json:"our_amount"`
	Fee         int64                `json:"fee"`
	Currency    string               `json:"currency"`
	At          time.Time            `json:"at"`
	Action      string               `json:"action,omitempty"`
}
