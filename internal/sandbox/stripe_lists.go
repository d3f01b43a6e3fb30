package sandbox

import (
	"net/http"
)

// list answers a page of a table, newest first, by limit, starting_after, ending_before and created.
func list[T any](a *stripeAPI, c *stripeCall, t *table[T], url string, render func(*T, *jsonw, *expander), match func(*T) bool, created func(*T) int64) ([]byte, *stripeError) {
	limit, err := pageSize(c.form)
	if err != nil {
		return nil, err
	}
	within, err := createdFilter(c.form)
	if err != nil {
		return nil, err
	}
	after, before := c.form.get("starting_after"), c.form.get("ending_before")
	rows, more, ok := t.page(limit, after, before, func(row *T) bool { return within(created(row)) && match(row) })
	if !ok {
		return nil, noSuch(http.StatusBadRequest, "object", "starting_after", orElse(after, before))
	}
	ex := c.expander(a)
	ex, _ = ex.has("data")
	return a.render(func(w *jsonw) {
		w.open()
		w.str("object", "list")
		w.array("data")
		for _, row := range rows {
			render(row, w, ex)
		}
		w.closeArray()
		w.flag("has_more", more)
		w.str("url", url)
		w.close()
	}), nil
}

func pageSize(f form) (int, *stripeError) {
	n, given, err := f.integer("limit")
	switch {
	case err != nil:
		return 0, err
	case !given:
		return 10, nil
	case n < 1 || n > 100:
		return 0, badParam(codeBadInteger, "limit", "limit must be between 1 and 100.")
	}
	return int(n), nil
}

// createdFilter reads created=n and created[gt|gte|lt|lte]=n.
func createdFilter(f form) (func(int64) bool, *stripeError) {
	exact, given, err := f.integer("created")
	if err != nil {
		return nil, err
	}
	low, high := int64(0), int64(1)<<62
	if given {
		low, high = exact, exact
	}
	for bound := range f.children("created") {
		name := "created[" + bound + "]"
		n, _, err := f.integer(name)
		if err != nil {
			return nil, err
		}
		switch bound {
		case "gt":
			low = max(low, n+1)
		case "gte":
			low = max(low, n)
		case "lt":
			high = min(high, n-1)
		case "lte":
			high = min(high, n)
		default:
			return nil, badParam(codeParamUnknown, name, "Received unknown parameter: %s", name)
		}
	}
	return func(at int64) bool { return at >= low && at <= high }, nil
}

func (a *stripeAPI) listIntents(c *stripeCall) ([]byte, *stripeError) {
	customer := c.form.get("customer")
	return list(a, c, a.intents, "/v1/payment_intents", (*intent).render,
		func(p *intent) bool { return customer == "" || p.Customer == customer },
		func(p *intent) int64 { return p.Created })
}

func (a *stripeAPI) listCharges(c *stripeCall) ([]byte, *stripeError) {
	byIntent := c.form.get("payment_intent")
	return list(a, c, a.charges, "/v1/charges", (*charge).render,
		func(ch *charge) bool { return byIntent == "" || ch.Intent == byIntent },
		func(ch *charge) int64 { return ch.Created })
}

func (a *stripeAPI) getCharge(c *stripeCall) ([]byte, *stripeError) {
	ch, ok := a.charges.get(c.id)
	if !ok {
		return nil, noSuch(http.StatusNotFound, "charge", "id", c.id)
	}
	return a.render(func(w *jsonw) { ch.render(w, c.expander(a)) }), nil
}

func (a *stripeAPI) listTxns(c *stripeCall) ([]byte, *stripeError) {
	kind, source, currency := c.form.get("type"), c.form.get("source"), c.form.get("currency")
	return list(a, c, a.txns, "/v1/balance_transactions", (*balanceTxn).render, func(t *balanceTxn) bool {
		return (kind == "" || t.Type == kind) && (source == "" || t.Source == source) && (currency == "" || t.Currency == currency)
	}, func(t *balanceTxn) int64 { return t.Created })
}

func (a *stripeAPI) getTxn(c *stripeCall) ([]byte, *stripeError) {
	t, ok := a.txns.get(c.id)
	if !ok {
		return nil, noSuch(http.StatusNotFound, "balance transaction", "id", c.id)
	}
	return a.render(func(w *jsonw) { t.render(w, c.expander(a)) }), nil
}

// createMethod makes a payment method from a test card's number or token, as a browser would.
func (a *stripeAPI) createMethod(c *stripeCall) ([]byte, *stripeError) {
	if kind := c.form.get("type"); kind != "card" {
		return nil, badParam("", "type", "Invalid type: only card is known here.")
	}
	number, token := c.form.get("card[number]"), c.form.get("card[token]")
	if number == "" && token == "" {
		return nil, missingParam("card")
	}
	i, ok := methodByCard(number, token)
	if !ok {
		return nil, badParam("incorrect_number", "card[number]", "This is no test card.")
	}
	return a.render(func(w *jsonw) { renderMethod(w, newMethodID(i)) }), nil
}

func (a *stripeAPI) getMethod(c *stripeCall) ([]byte, *stripeError) {
	id, _, ok := methodOf(c.id)
	if !ok {
		return nil, noSuch(http.StatusNotFound, "PaymentMethod", "payment_method", c.id)
	}
	return a.render(func(w *jsonw) { renderMethod(w, id) }), nil
}
