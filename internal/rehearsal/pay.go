package rehearsal

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// The payment methods that the sandbox, and Stripe's own test mode, know.
var (
	goodCard     = object{"stripe_payment_method": "pm_card_visa"}
	declinedCard = object{"stripe_payment_method": "pm_card_visa_chargeDeclined"}
	secureCard   = object{"stripe_payment_method": "pm_card_authenticationRequired"}
	vaulted      = object{"paypal_payment_token": "tok_vault_rehearsal"} //nolint:gosec // it is the sandbox's
)

// first is the method that a buyer tries first.
func (b *buyer) first() object {
	switch b.method {
	case afterCard, noneWorks:
		return declinedCard
	case bySecure:
		return secureCard
	case byPayPal:
		return vaulted
	}
	return goodCard
}

// findSandbox makes sure that a sandbox that was named is there.
func (r *run) findSandbox(ctx context.Context) error {
	if r.o.Sandbox == "" {
		return nil
	}
	a, err := r.atSandbox(ctx, http.MethodGet, "/sandbox/faults", nil)
	if err != nil {
		return fmt.Errorf("the payment sandbox: %w", err)
	}
	if a.status != http.StatusOK {
		return a.refused("the payment sandbox at " + r.o.Sandbox)
	}
	return nil
}

// atSandbox calls the sandbox's control API once.
func (r *run) atSandbox(ctx context.Context, method, path string, body any) (*answer, error) {
	c := &client{web: &web{apis: []string{r.o.Sandbox}, http: r.web.http, record: r.record}}
	return c.once(ctx, request{method: method, path: path, body: body, silent: true})
}

// pay pays a held booking.
func (b *buyer) pay(ctx context.Context, id string, method object) error {
	b.leaveSession() // it is used up as soon as this succeeds
	a, err := b.client.ask(ctx, request{
		route: "pay", method: http.MethodPost, path: "/v1/bookings/" + id + "/payment", body: method, key: rand.Text(), within: workTime,
	})
	if err != nil {
		if ctx.Err() == nil { // else it was still under way when the time was over
			b.record.purchase("not answered", 0)
		}
		return err
	}
	if a.status == http.StatusOK {
		var k bookingAnswer
		if err := a.read(&k); err != nil {
			return err
		}
		return b.paid(ctx, &k)
	}
	p := a.problem()
	switch p.code() {
	case "payment-declined", "payments-unavailable":
		b.keepsSession()
		b.record.purchase("declined", 0)
		return b.payAgain(ctx, id, p.code())
	case "booking-state":
		return b.readAgain(ctx, id)
	case "seats-unavailable":
		b.record.purchase("places were taken", 0)
		return left{overTaken}
	}
	b.record.purchase("refused otherwise", 0)
	return a.refused("pay")
}

// payAgain tries another method, or goes away with the places held.
func (b *buyer) payAgain(ctx context.Context, id, code string) error {
	if err := b.think(ctx, 2*time.Second); err != nil {
		return err
	}
	if b.method == noneWorks && code == "payment-declined" {
		return left{refusedPay}
	}
	return b.pay(ctx, id, goodCard)
}

// paid goes on with the answer to a payment.
func (b *buyer) paid(ctx context.Context, k *bookingAnswer) error {
	for range 60 {
		switch k.Status {
		case "confirmed":
			b.acknowledge(k)
			return nil
		case "action_required":
			return b.authenticate(ctx, k)
		case "pending", "paying", "held":
		default:
			b.record.purchase("ended "+k.Status, 0)
			return fmt.Errorf("booking %s ended %s", k.ID, k.Status)
		}
		// It takes longer than an answer may take; what came of it is read.
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
		next, err := b.read(ctx, k.ID)
		if err != nil {
			return err
		}
		k = next
	}
	return fmt.Errorf("booking %s is %s for a minute", k.ID, k.Status)
}

// authenticate says yes to 3-D Secure, as the buyer does on the bank's page,
// and has the shop look again.
func (b *buyer) authenticate(ctx context.Context, k *bookingAnswer) error {
	if k.NextAction == nil || b.o.Sandbox == "" {
		return fmt.Errorf("booking %s wants an action that nobody can take here", k.ID)
	}
	if err := b.think(ctx, 3*time.Second); err != nil {
		return err
	}
	intent, _, _ := strings.Cut(k.NextAction.ClientSecret, "_secret_")
	a, err := b.atSandbox(ctx, http.MethodPost, "/sandbox/authenticate/"+intent, object{"outcome": "succeeded"})
	if err != nil {
		return err
	}
	if !a.ok() {
		return a.refused("authenticate at the bank")
	}
	return b.pay(ctx, k.ID, object{})
}

func (b *buyer) read(ctx context.Context, id string) (*bookingAnswer, error) {
	a, err := b.client.ask(ctx, request{route: "booking", method: http.MethodGet, path: "/v1/bookings/" + id})
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, a.refused("read the booking")
	}
	k := &bookingAnswer{}
	return k, a.read(k)
}

// readAgain finds out why a booking could not be paid: it may have been paid by
// an earlier try that was not heard of, or have expired.
func (b *buyer) readAgain(ctx context.Context, id string) error {
	k, err := b.read(ctx, id)
	if err != nil {
		return err
	}
	if k.Status == "expired" {
		b.record.purchase("hold had expired", 0)
		return left{missedTurn}
	}
	return b.paid(ctx, k)
}
