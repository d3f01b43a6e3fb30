package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"yourticket.example/e2e/system"
)

// patience is how long a buyer goes on asking, and again how long one pause is.
const (
	patience = 100 * time.Second
	again    = 150 * time.Millisecond
)

// outcome is what a persistent buyer came to.
type outcome struct {
	first   string // the first definite answer
	status  string // where the booking ended
	booking string
	promise bool // the buyer was told that it is confirmed
	asked   int  // how often the first request was sent
	took    time.Duration
	wrong   []string // answers that must not be
}

func (o outcome) String() string {
	return fmt.Sprintf("%-10s in %5.1f s, asked %d times, first answer %s", o.status, o.took.Seconds(), o.asked, o.first)
}

// check makes sure that the buyer was answered, never wrongly, and that a
// promise was kept.
func (o outcome) check(t *testing.T, v *victim) {
	t.Helper()
	for _, w := range o.wrong {
		t.Errorf("in %s by %s: %s", v.step, v.payment, w)
	}
	ends := []string{"confirmed", "failed", "canceled", "expired", "none"}
	if !slices.Contains(ends, o.status) {
		t.Errorf("in %s by %s: booking %s ended %q", v.step, v.payment, o.booking, o.status)
	}
	if o.promise && o.status != "confirmed" {
		t.Errorf("in %s by %s: booking %s was answered as confirmed and is %q", v.step, v.payment, o.booking, o.status)
	}
}

// buy orders under one key until there is an answer, pays again while the
// providers are away, and looks how it ended.
func (v *victim) buy(ctx context.Context) (o outcome) {
	began := time.Now()
	defer func() { o.took = time.Since(began) }()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	a := o.insist(ctx, func() (*system.Answer, error) { return v.buyer.Book(ctx, victimKey, v.order) }, &o.asked)
	if a == nil {
		return o
	}
	o.first = fmt.Sprintf("%d %s", a.Status, a.Code())
	if b, err := a.Booking(); err == nil {
		o.booking, o.promise = b.ID, b.Status == "confirmed"
	} else {
		o.booking = a.Problem().BookingID
	}
	for n := 1; a != nil && (a.Code() == "payments-unavailable" || a.Code() == "payment-declined"); n++ {
		time.Sleep(time.Second)
		key := fmt.Sprint("again-", n)
		a = o.insist(ctx, func() (*system.Answer, error) { return v.buyer.Pay(ctx, o.booking, key, v.order.Payment) }, new(int))
	}
	if a != nil && a.Status == http.StatusOK {
		b, err := a.Booking()
		o.promise = err == nil && b.Status == "confirmed"
	}
	o.status = v.end(ctx, &o)
	return o
}

// end reads the booking until nothing more can happen to it.
func (v *victim) end(ctx context.Context, o *outcome) string {
	if o.booking == "" {
		return "none"
	}
	status := "unknown"
	for ctx.Err() == nil {
		a := o.insist(ctx, func() (*system.Answer, error) { return v.buyer.Get(ctx, o.booking) }, new(int))
		if a == nil {
			break
		}
		if a.Status == http.StatusNotFound { // it failed before it was written
			return "none"
		}
		if b, err := a.Booking(); err == nil {
			if status = b.Status; slices.Contains([]string{"confirmed", "failed", "canceled", "expired"}, status) {
				break
			}
			if status == "held" { // its buyer has given up
				_ = o.insist(ctx, func() (*system.Answer, error) { return v.buyer.Cancel(ctx, o.booking) }, new(int))
			}
		}
		time.Sleep(again)
	}
	return status
}

// insist sends a request until it is answered: a broken connection and 503
// unavailable are no answers. It notes any other 5xx as wrong.
func (o *outcome) insist(ctx context.Context, send func() (*system.Answer, error), times *int) *system.Answer {
	for ctx.Err() == nil {
		*times++
		a, err := send()
		switch {
		case err != nil:
		case a.Status == http.StatusServiceUnavailable && a.Code() == "unavailable":
			if a.Header.Get("Retry-After") == "" {
				o.note("503 without Retry-After: " + a.String())
			}
		case a.Status >= http.StatusInternalServerError && a.Code() != "payments-unavailable":
			o.note("answered " + a.String())
		default:
			return a
		}
		time.Sleep(again)
	}
	o.note("never answered: " + ctx.Err().Error())
	return nil
}

func (o *outcome) note(what string) {
	if !slices.Contains(o.wrong, what) && len(o.wrong) < 5 {
		o.wrong = append(o.wrong, what)
	}
}
