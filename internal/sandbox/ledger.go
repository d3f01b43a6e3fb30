package sandbox

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Types of ledger entries.
const (
	entryAuthorization = "authorization"
	entryCapture       = "capture"
	entryVoid          = "void"
	entryRefund        = "refund"
	entryFee           = "fee"
	entryDispute       = "dispute"
)

// Statuses of ledger entries. Only an authorization, a refund and a dispute change theirs.
const (
	ledgerOpen      = "open"
	ledgerCaptured  = "captured"
	ledgerPartly    = "partially_captured"
	ledgerVoided    = "voided"
	ledgerSucceeded = "succeeded"
	ledgerPending   = "pending"
	ledgerFailed    = "failed"
	ledgerWon       = "won"
	ledgerLost      = "lost"
)

// entry is one movement at a provider. Amount is in minor units and never negative; the type says which way
// it went. ObjectID is the provider's own id (Stripe: of the intent for authorizations and voids, of the
// charge, refund, balance transaction or dispute else), AuthorizationID that of the intent or PayPal
// authorization it belongs to, ParentID the object it was made from.
type entry struct {
	ID              string    `json:"id"`
	Provider        string    `json:"provider"`
	Type            string    `json:"type"`
	ObjectID        string    `json:"object_id"`
	AuthorizationID string    `json:"authorization_id,omitempty"`
	ParentID        string    `json:"parent_id,omitempty"`
	BookingID       string    `json:"booking_id"`
	Amount          int64     `json:"amount"`
	Currency        string    `json:"currency"`
	Status          string    `json:"status"`
	CreatedAt       time.Time `json:"created_at"`
}

// ledger is the list of every movement, with indexes by booking and by object.
type ledger struct {
	*table[entry]
	byBooking map[string][]string
	byObject  map[string]string
}

func newLedger() *ledger {
	return &ledger{
		table:     newTable("ledger", func(e *entry) string { return e.ID }),
		byBooking: map[string][]string{},
		byObject:  map[string]string{},
	}
}

func objectKey(kind, object string) string { return kind + " " + object }

// add appends an entry; its id, currency's case and time are set here.
func (c *core) add(e entry, now time.Time) {
	e.ID = fmt.Sprintf("le_%09d", len(c.ledger.rows)+1)
	e.Currency = strings.ToUpper(e.Currency)
	e.CreatedAt = now.UTC()
	put(c, c.ledger.table, &e)
	c.ledger.link(&e)
}

func (l *ledger) link(e *entry) {
	l.byBooking[e.BookingID] = append(l.byBooking[e.BookingID], e.ID)
	l.byObject[objectKey(e.Type, e.ObjectID)] = e.ID
}

// reindex rebuilds what is derived, after a load.
func (l *ledger) reindex() {
	for _, e := range l.rows {
		l.link(e)
	}
}

// mark gives the entry of an object another status.
func (c *core) mark(kind, object, status string) {
	e, ok := c.ledger.get(c.ledger.byObject[objectKey(kind, object)])
	if !ok || e.Status == status {
		return
	}
	next := *e
	next.Status = status
	put(c, c.ledger.table, &next)
}

// ledgerQuery selects entries; empty fields select all. Limit 0 is no limit.
type ledgerQuery struct {
	booking, provider, kind, after string
	limit                          int
}

// ledgerPage is the answer of the control API.
type ledgerPage struct {
	Entries   []*entry         `json:"entries"`
	Summary   []bookingSummary `json:"summary"`
	Totals    []providerTotal  `json:"totals"`
	HasMore   bool             `json:"has_more"`
	NextAfter string           `json:"next_after,omitempty"`
}

// sums adds up entries. Net is what was captured and neither refunded nor lost to a dispute.
type sums struct {
	Currency   string `json:"currency"`
	Authorized int64  `json:"authorized_open"`
	Captured   int64  `json:"captured"`
	Refunded   int64  `json:"refunded"`
	Fees       int64  `json:"fees"`
	Disputed   int64  `json:"disputed"`
	Net        int64  `json:"net"`
}

type bookingSummary struct {
	BookingID string `json:"booking_id"`
	Provider  string `json:"provider"`
	sums
}

type providerTotal struct {
	Provider string `json:"provider"`
	Open     int    `json:"open_authorizations"`
	sums
}

func (s *sums) count(e *entry) {
	s.Currency = e.Currency
	switch {
	case e.Type == entryAuthorization && (e.Status == ledgerOpen || e.Status == ledgerPartly):
		s.Authorized += e.Amount
	case e.Type == entryCapture:
		s.Captured += e.Amount
	case e.Type == entryRefund && e.Status != ledgerFailed:
		s.Refunded += e.Amount
	case e.Type == entryFee:
		s.Fees += e.Amount
	case e.Type == entryDispute && e.Status != ledgerWon:
		s.Disputed += e.Amount
	}
	s.Net = s.Captured - s.Refunded - s.Disputed
}

// query returns a page of entries, oldest first, and sums over all that the filters select. False means
// that the entry to begin after does not exist.
func (l *ledger) query(q ledgerQuery) (ledgerPage, bool) {
	page := ledgerPage{Entries: []*entry{}, Summary: []bookingSummary{}, Totals: []providerTotal{}}
	from := -1
	if q.after != "" {
		i, ok := l.index[q.after]
		if !ok {
			return page, false
		}
		from = i
	}
	bookings, totals := map[string]*bookingSummary{}, map[string]*providerTotal{}
	for _, i := range l.selected(q) {
		e := l.rows[i]
		tally(bookings, totals, e)
		switch {
		case i <= from:
		case q.limit > 0 && len(page.Entries) == q.limit:
			page.HasMore = true
		default:
			page.Entries = append(page.Entries, e)
			page.NextAfter = e.ID
		}
	}
	for _, b := range bookings {
		page.Summary = append(page.Summary, *b)
	}
	for _, t := range totals {
		page.Totals = append(page.Totals, *t)
	}
	slices.SortFunc(page.Summary, func(a, b bookingSummary) int {
		return cmp.Or(cmp.Compare(a.BookingID, b.BookingID), cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Currency, b.Currency))
	})
	slices.SortFunc(page.Totals, func(a, b providerTotal) int {
		return cmp.Or(cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Currency, b.Currency))
	})
	return page, true
}

// selected returns the positions of the entries that a query's filters let through, oldest first.
func (l *ledger) selected(q ledgerQuery) []int {
	var at []int
	keep := func(i int) {
		if e := l.rows[i]; (q.provider == "" || e.Provider == q.provider) && (q.kind == "" || e.Type == q.kind) {
			at = append(at, i)
		}
	}
	if q.booking != "" {
		for _, id := range l.byBooking[q.booking] {
			keep(l.index[id])
		}
		return at
	}
	for i := range l.rows {
		keep(i)
	}
	return at
}

func tally(bookings map[string]*bookingSummary, totals map[string]*providerTotal, e *entry) {
	key := e.BookingID + "\x00" + e.Provider + "\x00" + e.Currency
	b, ok := bookings[key]
	if !ok {
		b = &bookingSummary{BookingID: e.BookingID, Provider: e.Provider}
		bookings[key] = b
	}
	b.count(e)
	t, ok := totals[e.Provider+e.Currency]
	if !ok {
		t = &providerTotal{Provider: e.Provider}
		totals[e.Provider+e.Currency] = t
	}
	t.count(e)
	if e.Type == entryAuthorization && (e.Status == ledgerOpen || e.Status == ledgerPartly) {
		t.Open++
	}
}
