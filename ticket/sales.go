package ticket

import "time"

// SalesFigures are what was sold of an event so far.
type SalesFigures struct {
	Lines    []SalesLine
	Bookings map[BookingStatus]int
}

// SalesLine adds up the tickets of one day, category and currency; its amounts
// are minor units. What was refunded is not in the other sums.
type SalesLine struct {
	Day      time.Time
	Category string
	Currency string

	Sold, Refunded             int
	Face, Fees                 int64
	RefundedFace, RefundedFees int64
}
