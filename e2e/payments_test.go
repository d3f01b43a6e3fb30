package e2e_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/system"
)

// shop is a system with one event, for tests that break the providers one
// after another. The second api holds places for a few seconds only.
type shop struct {
	*system.System
	event *system.Event
	next  int // the next seat that no test has used
}

const shortHold = 5 * time.Second

func openShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{System: start(t, system.Options{
		APIs: []system.Role{{}, {Env: []string{"HOLD_FOR=" + shortHold.String()}}},
	})}
	s.event = event(t, s.System, system.Hall{Rows: 10, Width: 20})
	return s
}

// seat gives a seat that is still free.
func (s *shop) seat() []string {
	s.next++
	return s.event.Seats[s.next-1 : s.next]
}

func (s *shop) order(p *system.Pay) system.Order {
	return system.Order{EventID: s.event.ID, Seats: s.seat(), Payment: p}
}

// hurry is the same buyer at the api whose holds are short.
func (s *shop) hurry(c *system.Client) *system.Client { return c.At(s.APIs[1]) }

// fault breaks a provider until the test ends.
func (s *shop) fault(t *testing.T, provider, fault, operation string) {
	t.Helper()
	require.NoError(t, s.Break(t.Context(), provider, fault, operation))
}

func (s *shop) mend(t *testing.T) {
	t.Helper()
	require.NoError(t, s.Mend(t.Context()))
}

func (s *shop) ledger(t *testing.T, bookingID string) system.Ledger {
	t.Helper()
	l, err := s.Ledger(t.Context(), bookingID)
	require.NoError(t, err)
	return l
}

// untouched makes sure that no provider has taken or reserved anything of a booking.
func (s *shop) untouched(t *testing.T, bookingID string) {
	t.Helper()
	for _, sum := range s.ledger(t, bookingID).Summary {
		require.Zero(t, sum.Authorized, "%s still reserves money", sum.Provider)
		require.Zero(t, sum.Captured, "%s has taken money", sum.Provider)
	}
}

// undone waits until no provider reserves anything of a booking but what was captured.
func (s *shop) undone(t *testing.T, bookingID, provider string, within time.Duration) {
	t.Helper()
	require.Eventually(t, func() bool {
		for _, sum := range s.ledger(t, bookingID).Summary {
			if sum.Provider == provider && sum.Authorized == 0 && sum.Net == 0 {
				return true
			}
		}
		return false
	}, within, 100*time.Millisecond, "%s still has money of booking %s", provider, bookingID)
}

func TestPayments(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	for _, tt := range []struct {
		name string
		run  func(*testing.T, *shop)
	}{
		{"a card pays in one call", oneCall},
		{"a held booking is paid later", payLater},
		{"a declined card leaves the hold, a second card confirms", declined},
		{"an unknown payment method is refused by its field", unknownMethod},
		{"3-D Secure done confirms", secureDone},
		{"3-D Secure failed goes back to held", secureFailed},
		{"another card instead of 3-D Secure confirms and voids", secureGivenUp},
		{"a booking canceled while its buyer acts is voided", secureCanceled},
		{"a vaulted PayPal token pays in one call", vaulted},
		{"PayPal approved confirms", approved},
		{"PayPal approved but the bank refuses goes back to held", bankRefuses},
		{"PayPal never approved expires", neverApproved},
		{"Stripe down: PayPal pays in the same call", stripeDown},
		{"Stripe loses every reply: PayPal pays, Stripe is voided", stripeLosesReplies},
		{"both down: nothing is charged, and the hold is paid when a provider is back", bothDown},
		{"both down: the hold expires and its seats are free", bothDownExpires},
	} {
		t.Run(tt.name, func(t *testing.T) {
			defer s.mend(t)
			tt.run(t, s)
		})
	}
	settled(t, s.System, time.Minute)
	agrees(t, s.System, s.event)
}

func oneCall(t *testing.T, s *shop) {
	c := buyer(t, s.System)
	a := answer(t, http.StatusCreated)(c.Book(t.Context(), "k", s.order(system.Visa)))
	b := booked(t, "confirmed")(a, nil)
	require.Equal(t, "/v1/bookings/"+b.ID, a.Header.Get("Location"))
	require.Equal(t, system.Money{Amount: system.SeatTotal, Currency: "EUR"}, b.Total)
	require.Equal(t, "stripe", b.Payment.Provider)
	require.Equal(t, "captured", b.Payment.Status)
	require.False(t, b.Payment.Fallback)
	require.Len(t, b.Tickets, 1)
	require.NotEmpty(t, b.Tickets[0].Code)
	require.NotNil(t, b.ConfirmedAt)
	require.Equal(t, b, booked(t, "confirmed")(c.Get(t.Context(), b.ID)), "reading it gives the same")
	require.EqualValues(t, system.SeatTotal, s.ledger(t, b.ID).Net(b.ID, "stripe"))
}

func payLater(t *testing.T, s *shop) {
	c := buyer(t, s.System)
	held := booked(t, "held")(c.Book(t.Context(), "k", s.order(nil)))
	require.WithinDuration(t, time.Now().Add(10*time.Minute), *held.HoldExpiresAt, 30*time.Second)
	require.Nil(t, held.Payment)
	s.untouched(t, held.ID)
	paid := booked(t, "confirmed")(c.Pay(t.Context(), held.ID, "p", system.Visa))
	require.Equal(t, held.Total, paid.Total)
	require.Equal(t, held.Seats, paid.Seats)
	require.Equal(t, paid, booked(t, "confirmed")(c.Pay(t.Context(), held.ID, "p", system.Visa)), "paid again under the same key")
	refused(t, http.StatusConflict, "booking-state")(c.Pay(t.Context(), held.ID, "p2", system.Visa))
	require.Equal(t, 1, s.ledger(t, held.ID).Count(held.ID, "stripe", "capture"))
}

func declined(t *testing.T, s *shop) {
	c := buyer(t, s.System)
	a := refused(t, http.StatusPaymentRequired, "payment-declined")(c.Book(t.Context(), "k", s.order(system.Declined)))
	id := a.Problem().BookingID
	require.NotEmpty(t, id)
	booked(t, "held")(c.Get(t.Context(), id))
	s.untouched(t, id)
	a = refused(t, http.StatusPaymentRequired, "payment-declined")(c.Pay(t.Context(), id, "p1", system.Declined))
	require.Equal(t, id, a.Problem().BookingID)
	booked(t, "held")(c.Get(t.Context(), id))
	b := booked(t, "confirmed")(c.Pay(t.Context(), id, "p2", system.Visa))
	require.False(t, b.Payment.Fallback)
	require.Equal(t, 1, s.ledger(t, id).Count(id, "stripe", "capture"))
}

func unknownMethod(t *testing.T, s *shop) {
	c := buyer(t, s.System)
	a := refused(t, http.StatusUnprocessableEntity, "invalid-request")(
		c.Book(t.Context(), "k", s.order(&system.Pay{StripePaymentMethod: "pm_card_of_nobody"})))
	require.Equal(t, []string{"payment.stripe_payment_method"}, a.Fields())
	id := a.Problem().BookingID
	booked(t, "held")(c.Get(t.Context(), id))
	a = refused(t, http.StatusUnprocessableEntity, "invalid-request")(c.Pay(t.Context(), id, "p", &system.Pay{StripePaymentMethod: "pm_x"}))
	require.Equal(t, []string{"stripe_payment_method"}, a.Fields())
	booked(t, "canceled")(c.Cancel(t.Context(), id))
}

// secure books with a card whose bank asks, and gives the intent to be authenticated.
func secure(t *testing.T, s *shop, c *system.Client) (booking system.Booking, intent string) {
	t.Helper()
	b := booked(t, "action_required")(c.Book(t.Context(), "k", s.order(system.Secure)))
	require.NotNil(t, b.NextAction)
	require.Equal(t, "stripe_sdk", b.NextAction.Type)
	intent, _, found := strings.Cut(b.NextAction.ClientSecret, "_secret_")
	require.True(t, found, "%q is no client secret", b.NextAction.ClientSecret)
	return b, intent
}

func secureDone(t *testing.T, s *shop) {
	c := buyer(t, s.System)
	b, intent := secure(t, s, c)
	require.NoError(t, s.Authenticate(t.Context(), intent, "succeeded"))
	paid := becomes(t, c, b.ID, "confirmed", 10*time.Second)
	require.Equal(t, "stripe", paid.Payment.Provider)
	require.Equal(t, 1, s.ledger(t, b.ID).Count(b.ID, "stripe", "capture"))
}

func secureFailed(t *testing.T, s *shop) {
	c := buyer(t, s.System)
	b, intent := secure(t, s, c)
	require.NoError(t, s.Authenticate(t.Context(), intent, "failed"))
	becomes(t, c, b.ID, "held", 10*time.Second)
	s.untouched(t, b.ID)
	booked(t, "confirmed")(c.Pay(t.Context(), b.ID, "p", system.Visa))
}

func secureGivenUp(t *testing.T, s *shop) {
	c := buyer(t, s.System)
	b, intent := secure(t, s, c)
	booked(t, "confirmed")(c.Pay(t.Context(), b.ID, "p", system.Visa))
	require.Error(t, s.Authenticate(t.Context(), intent, "succeeded"), "the first intent is canceled")
	require.Equal(t, b.Total.Amount, s.ledger(t, b.ID).Net(b.ID, "stripe"))
}

func secureCanceled(t *testing.T, s *shop) {
	c := buyer(t, s.System)
	b, intent := secure(t, s, c)
	booked(t, "canceled")(c.Cancel(t.Context(), b.ID))
	require.Error(t, s.Authenticate(t.Context(), intent, "succeeded"), "the intent is canceled")
	s.untouched(t, b.ID)
}

func vaulted(t *testing.T, s *shop) {
	c := buyer(t, s.System)
	b := booked(t, "confirmed")(c.Book(t.Context(), "k", s.order(system.Vaulted)))
	require.Equal(t, "paypal", b.Payment.Provider)
	require.False(t, b.Payment.Fallback, "PayPal was asked for")
	require.Equal(t, b.Total.Amount, s.ledger(t, b.ID).Net(b.ID, "paypal"))
}

// redirected books by PayPal without a token, and gives the order to be approved.
func redirected(t *testing.T, s *shop, c *system.Client) (booking system.Booking, order string) {
	t.Helper()
	b := booked(t, "action_required")(c.Book(t.Context(), "k", s.order(system.PayPal)))
	require.NotNil(t, b.NextAction)
	require.Equal(t, "redirect", b.NextAction.Type)
	u, err := url.Parse(b.NextAction.URL)
	require.NoError(t, err)
	if order = u.Query().Get("token"); order == "" {
		order = path.Base(u.Path)
	}
	return b, order
}

func approved(t *testing.T, s *shop) {
	c := buyer(t, s.System)
	b, order := redirected(t, s, c)
	require.NoError(t, s.Approve(t.Context(), order, "approved"))
	paid := becomes(t, c, b.ID, "confirmed", 10*time.Second)
	require.Equal(t, "paypal", paid.Payment.Provider)
	// It is confirmed once its seats are; the money is taken after that.
	require.Eventually(t, func() bool { return s.ledger(t, b.ID).Net(b.ID, "paypal") == b.Total.Amount }, 10*time.Second, 50*time.Millisecond)
}

func bankRefuses(t *testing.T, s *shop) {
	c := buyer(t, s.System)
	b, order := redirected(t, s, c)
	require.NoError(t, s.Approve(t.Context(), order, "instrument_declined"))
	becomes(t, c, b.ID, "held", 10*time.Second)
	s.untouched(t, b.ID)
	booked(t, "confirmed")(c.Pay(t.Context(), b.ID, "p", system.Vaulted))
}

func neverApproved(t *testing.T, s *shop) {
	c := s.hurry(buyer(t, s.System))
	b, order := redirected(t, s, c)
	wait := time.Until(*b.HoldExpiresAt) + 5*time.Second
	require.Less(t, wait, 30*time.Second, "a short hold is extended by no more than its own length")
	becomes(t, c, b.ID, "expired", wait)
	_ = s.Approve(t.Context(), order, "approved") // too late; whatever the provider says to it
	settled(t, s.System, 20*time.Second, s.event)
	s.untouched(t, b.ID)
}

func stripeDown(t *testing.T, s *shop) {
	for _, fault := range []string{"error", "rate_limit", "timeout"} {
		s.fault(t, "stripe", fault, "")
		c := buyer(t, s.System)
		began := time.Now()
		b := booked(t, "confirmed")(c.Book(t.Context(), "k", s.order(system.Both)))
		require.Equal(t, "paypal", b.Payment.Provider, fault)
		require.True(t, b.Payment.Fallback, fault)
		require.Equal(t, b.Total.Amount, s.ledger(t, b.ID).Net(b.ID, "paypal"))
		require.Zero(t, s.ledger(t, b.ID).Net(b.ID, "stripe"))
		t.Logf("Stripe answers %s: paid by PayPal in %s", fault, time.Since(began).Round(time.Millisecond))
		s.mend(t)
	}
}

func stripeLosesReplies(t *testing.T, s *shop) {
	s.fault(t, "stripe", "lost_reply", "")
	c := buyer(t, s.System)
	b := booked(t, "confirmed")(c.Book(t.Context(), "k", s.order(system.Both)))
	require.Equal(t, "paypal", b.Payment.Provider)
	require.True(t, b.Payment.Fallback)
	require.Equal(t, 1, s.ledger(t, b.ID).Count(b.ID, "stripe", "authorization"), "Stripe did the work and did not say so")
	s.mend(t)
	s.undone(t, b.ID, "stripe", 90*time.Second)
	require.Zero(t, s.ledger(t, b.ID).Count(b.ID, "stripe", "capture"))
	require.Equal(t, b.Total.Amount, s.ledger(t, b.ID).Net(b.ID, "paypal"))
}

// Nobody listens where Stripe should be: nothing was executed, so PayPal is
// asked at once and nothing is left to be found out.
func TestStripeCannotBeReached(t *testing.T) {
	t.Parallel()
	s := &shop{System: start(t, system.Options{Workers: []system.Role{{Env: []string{"STRIPE_API_URL=http://127.0.0.1:1"}}}})}
	s.event = event(t, s.System, system.Hall{Rows: 2, Width: 10})
	c := buyer(t, s.System)
	b := booked(t, "confirmed")(c.Book(t.Context(), "k", s.order(system.Both)))
	require.Equal(t, "paypal", b.Payment.Provider)
	require.True(t, b.Payment.Fallback)
	a := refused(t, http.StatusServiceUnavailable, "payments-unavailable")(c.Book(t.Context(), "k2", s.order(system.Visa)))
	require.NotEmpty(t, a.Header.Get("Retry-After"))
	booked(t, "confirmed")(c.Pay(t.Context(), a.Problem().BookingID, "p", system.Vaulted))
	settled(t, s.System, 20*time.Second, s.event)
}

func bothDown(t *testing.T, s *shop) {
	s.fault(t, "stripe", "error", "")
	s.fault(t, "paypal", "error", "")
	c := buyer(t, s.System)
	a := refused(t, http.StatusServiceUnavailable, "payments-unavailable")(c.Book(t.Context(), "k", s.order(system.Both)))
	require.NotEmpty(t, a.Header.Get("Retry-After"))
	id := a.Problem().BookingID
	booked(t, "held")(c.Get(t.Context(), id))
	s.untouched(t, id)
	a = refused(t, http.StatusServiceUnavailable, "payments-unavailable")(c.Pay(t.Context(), id, "p1", system.Vaulted))
	require.Equal(t, id, a.Problem().BookingID)
	s.mend(t)
	b := booked(t, "confirmed")(c.Pay(t.Context(), id, "p2", system.Both))
	require.Equal(t, b.Total.Amount, s.ledger(t, id).Net(id, b.Payment.Provider))
}

func bothDownExpires(t *testing.T, s *shop) {
	s.fault(t, "stripe", "rate_limit", "")
	s.fault(t, "paypal", "rate_limit", "")
	c := s.hurry(buyer(t, s.System))
	o := s.order(system.Both)
	a := refused(t, http.StatusServiceUnavailable, "payments-unavailable")(c.Book(t.Context(), "k", o))
	id := a.Problem().BookingID
	becomes(t, c, id, "expired", shortHold+10*time.Second)
	s.untouched(t, id)
	s.mend(t)
	booked(t, "confirmed")(buyer(t, s.System).Book(t.Context(), "k", o))
}
