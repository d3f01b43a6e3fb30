package ticket

import "time"

// JournalEntry is one line of the journal: what a transaction did to an
// account. The lines of a transaction sum to zero; debits are positive.
type JournalEntry struct {
	TransactionID string
	Account       string
	EventID       string
	BookingID     string
	// Reference is what the provider calls the charge, capture, refund, dispute or
	// fee that the transaction is about; empty before it has a name there.
	Reference string
	Amount    Money
	At        time.Time
}

// Settlement is what an event has earned so far, by currency.
type Settlement struct {
	EventID string `json:"event_id"`
	// AsOf is the moment that all of it was read at.
	AsOf       time.Time    `json:"as_of"`
	Statements []*Statement `json:"items"`
}

// Statement is the settlement of one event in one currency. All of it but the
// categories is added up from the journal, so that it is the ledger's own sum.
type Statement struct {
	Currency   string              `json:"currency"`
	Categories []StatementCategory `json:"categories" doc:"What was sold, at the prices that buyers paid, with what was refunded later."`
	Gross      StatementSum        `json:"gross" doc:"All that was sold."`
	Refunds    StatementSum        `json:"refunds" doc:"What was, or is to be, given back of it."`
	Disputes   StatementSum        `json:"disputes" doc:"What was lost in disputes."`
	// Adjustments is whatever else changed the organizer's account or our fees.
	Adjustments    StatementSum   `json:"adjustments" doc:"What else was taken off."`
	Disputed       Money          `json:"disputed" doc:"Held back by providers in disputes that are not decided; not taken off yet."`
	OurFees        Money          `json:"our_fees" doc:"What we keep of our fees."`
	ProviderFees   []ProviderFees `json:"provider_fees" doc:"What the providers kept; it is ours to pay and not taken off the organizer's."`
	NetToOrganizer Money          `json:"net_to_organizer"`
	// Difference is what the categories are off the journal by: zero, unless
	// somebody has changed the books.
	Difference Money            `json:"difference" doc:"Zero, unless the bookings and the journal disagree."`
	Balances   []AccountBalance `json:"balances" doc:"The event's balance of each account; they sum to zero."`
}

// StatementCategory is what was sold of a category.
type StatementCategory struct {
	StatementSum

	Category string `json:"category"`
	Tickets  int64  `json:"tickets"`
}

// StatementSum is money of tickets: the organizer's share and our fees.
type StatementSum struct {
	Face  Money `json:"face" doc:"The organizer's."`
	Fees  Money `json:"fees" doc:"Ours."`
	Total Money `json:"total"`
}

// Add adds minor units to the sum.
func (s *StatementSum) Add(face, fees int64) {
	s.Face.Amount += face
	s.Fees.Amount += fees
	s.Total.Amount += face + fees
}

// ProviderFees are what a provider kept.
type ProviderFees struct {
	Provider string `json:"provider"`
	Amount   Money  `json:"amount"`
}

// AccountBalance is how an account stands; debits are positive.
type AccountBalance struct {
	Account string `json:"account"`
	Amount  Money  `json:"amount"`
}

// NewStatement makes an empty statement in a currency.
func NewStatement(currency string) *Statement {
	none := Money{Currency: currency}
	sum := StatementSum{Face: none, Fees: none, Total: none}
	return &Statement{
		Currency: currency, Categories: []StatementCategory{}, Gross: sum, Refunds: sum, Disputes: sum, Adjustments: sum, Disputed: none,
		OurFees: none, ProviderFees: []ProviderFees{}, NetToOrganizer: none, Difference: none, Balances: []AccountBalance{},
	}
}
