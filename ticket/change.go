package ticket

import (
	"encoding/json"
	"time"
)

// What an entry of the audit log says.
const (
	ChangeVenueCreated   = "venue-created"
	ChangePlanCreated    = "plan-created"
	ChangeEventCreated   = "event-created"
	ChangeEventChanged   = "event-changed"
	ChangeEventPublished = "event-published"
	ChangeEventPostponed = "event-postponed"
	ChangeEventCanceled  = "event-canceled"
	ChangeSeatsBlocked   = "seats-blocked"
	ChangeSeatsReleased  = "seats-released"
)

// Change is an entry of the audit log: who did what, when.
type Change struct {
	// ID names the entry, and orders those of the same moment.
	ID string
	// SubjectID is the venue, plan or event that was changed.
	SubjectID string
	What      string
	// By is the account that did it; ByName its name, where it is still there.
	By, ByName string
	RequestID  string
	Reason     string
	// Before and After are JSON objects of the fields that changed; Before is nil
	// for what was made.
	Before, After json.RawMessage
	// Seats are the indexes of places that were blocked or released.
	Seats []int
	At    time.Time
}

// ChangeCursor is a place in the log, which is read newest first: the last one
// read. The zero value is the beginning.
type ChangeCursor struct {
	At time.Time `json:"t"`
	ID string    `json:"id"`
}

// SeatsOrder says which places somebody wants kept from the sale, or given back.
type SeatsOrder struct {
	Seats []int
	// Reason is the organizer's note; By and RequestID are for the audit log.
	Reason, By, RequestID string
}

// Block is a place that is kept from the sale.
type Block struct {
	Seat   int
	Reason string
	At     time.Time
}
