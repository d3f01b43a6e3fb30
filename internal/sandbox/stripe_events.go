package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// stripeVersion is the API version events are written in, that of the client the product is built with.
const stripeVersion = "2023-10-16"

// maxEvents is how many events can be listed.
const maxEvents = 10_000

// eventObject is what an event tells of. It is never changed, so it can be written out later.
type eventObject interface {
	render(w *jsonw, ex *expander)
}

type stripeEvent struct {
	id      string
	kind    string
	created int64
	object  eventObject
	request string
	key     string
}

// eventLog keeps the newest events, oldest first.
type eventLog struct {
	events []*stripeEvent
}

func (l *eventLog) add(e *stripeEvent) {
	if len(l.events) == 2*maxEvents {
		l.events = slices.Clone(l.events[maxEvents:])
	}
	l.events = append(l.events, e)
}

func (l *eventLog) at(id string) int {
	return slices.IndexFunc(l.events, func(e *stripeEvent) bool { return e.id == id })
}

// emit records an event and sends it to whoever subscribed.
func (a *stripeAPI) emit(c *stripeCall, kind string, object eventObject) {
	e := &stripeEvent{
		id: stripeID("evt_3"), kind: kind, created: c.now.Unix(), object: object, request: c.request, key: c.key,
	}
	a.events.add(e)
	if a.courier.wants(kind) {
		a.courier.send(&delivery{id: e.id, kind: kind, build: e.body})
	}
}

// body writes an event with a buffer of its own, since couriers run outside the lock.
func (e *stripeEvent) body() []byte {
	var w jsonw
	e.render(&w)
	return w.b
}

func (e *stripeEvent) render(w *jsonw) {
	w.open()
	w.str("id", e.id)
	w.str("object", "event")
	w.str("api_version", stripeVersion)
	w.num("created", e.created)
	w.openKey("data")
	w.key("object")
	e.object.render(w, nil)
	w.close()
	w.flag("livemode", false)
	w.num("pending_webhooks", 1)
	w.openKey("request")
	w.text("id", e.request)
	w.text("idempotency_key", e.key)
	w.close()
	w.str("type", e.kind)
	w.close()
}

// sign puts Stripe's signature on a delivery: a MAC over the time and the body.
func (a *stripeAPI) sign(h http.Header, d *delivery, now time.Time) {
	at := strconv.FormatInt(now.Unix(), 10)
	sum := hmac.New(sha256.New, []byte(a.o.StripeWebhookSecret))
	sum.Write([]byte(at + "."))
	sum.Write(d.body)
	h.Set("Stripe-Signature", "t="+at+",v1="+hex.EncodeToString(sum.Sum(nil)))
}

func (a *stripeAPI) getEvent(c *stripeCall) ([]byte, *stripeError) {
	i := a.events.at(c.id)
	if i < 0 {
		return nil, noSuch(http.StatusNotFound, "event", "id", c.id)
	}
	return a.render(a.events.events[i].render), nil
}

// listEvents pages through the newest events, newest first, by type, types and created.
func (a *stripeAPI) listEvents(c *stripeCall) ([]byte, *stripeError) {
	limit, err := pageSize(c.form)
	if err != nil {
		return nil, err
	}
	wanted, err := eventFilter(c.form)
	if err != nil {
		return nil, err
	}
	from := len(a.events.events)
	if after := c.form.get("starting_after"); after != "" {
		if from = a.events.at(after); from < 0 {
			return nil, noSuch(http.StatusBadRequest, "event", "starting_after", after)
		}
	}
	page, more := a.events.page(from, limit, wanted)
	return a.render(func(w *jsonw) {
		w.open()
		w.str("object", "list")
		w.array("data")
		for _, e := range page {
			e.render(w)
		}
		w.closeArray()
		w.flag("has_more", more)
		w.str("url", "/v1/events")
		w.close()
	}), nil
}

// page returns up to limit wanted events before position from, newest first, and whether there are more.
func (l *eventLog) page(from, limit int, wanted func(*stripeEvent) bool) ([]*stripeEvent, bool) {
	var page []*stripeEvent
	for _, e := range slices.Backward(l.events[:from]) {
		if !wanted(e) {
			continue
		}
		if len(page) == limit {
			return page, true
		}
		page = append(page, e)
	}
	return page, false
}

// eventFilter reads type, which may end in an asterisk, types and created.
func eventFilter(f form) (func(*stripeEvent) bool, *stripeError) {
	within, err := createdFilter(f)
	if err != nil {
		return nil, err
	}
	kind, kinds := f.get("type"), f.many("types")
	prefix, wild := strings.CutSuffix(kind, "*")
	return func(e *stripeEvent) bool {
		typed := kind == "" || e.kind == kind || (wild && strings.HasPrefix(e.kind, prefix))
		return typed && (len(kinds) == 0 || slices.Contains(kinds, e.kind)) && within(e.created)
	}, nil
}
