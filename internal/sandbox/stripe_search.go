package sandbox

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// clause is one condition of a search query, such as metadata['booking_id']:'b1' or created>1700000000.
type clause struct {
	field, op, value string
	not              bool
}

var clauseForm = regexp.MustCompile(`^\s*(-?)([a-z_]+(?:\[["'][^"']+["']\])?)\s*(:|~|>=|<=|>|<)\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+))\s*$`)

// parseQuery reads clauses joined by AND.
func parseQuery(query string) ([]clause, *stripeError) {
	if strings.TrimSpace(query) == "" {
		return nil, missingParam("query")
	}
	var out []clause
	for _, part := range splitAnd(query) {
		m := clauseForm.FindStringSubmatch(part)
		if m == nil {
			return nil, badParam("", "query", "We were unable to parse your search query near %q.", part)
		}
		field := strings.NewReplacer(`"`, "", `'`, "").Replace(m[2])
		out = append(out, clause{field: field, op: m[3], value: m[4] + m[5] + m[6], not: m[1] == "-"})
	}
	return out, nil
}

// splitAnd splits at AND outside quotes.
func splitAnd(query string) []string {
	var parts []string
	quote, start := byte(0), 0
	for i := 0; i < len(query); i++ {
		switch ch := query[i]; {
		case quote != 0:
			if ch == quote {
				quote = 0
			}
		case ch == '"' || ch == '\'':
			quote = ch
		case strings.HasPrefix(strings.ToUpper(query[i:]), " AND "):
			parts = append(parts, query[start:i])
			i += 4
			start = i + 1
		}
	}
	return append(parts, query[start:])
}

// matches tells whether an intent meets the condition; an unknown field is an error.
func (q clause) matches(p *intent) (bool, *stripeError) {
	var hit bool
	switch {
	case strings.HasPrefix(q.field, "metadata["):
		key := strings.TrimSuffix(strings.TrimPrefix(q.field, "metadata["), "]")
		v, set := p.Metadata[key]
		hit = q.text(v) && set
	case q.field == "status":
		hit = q.text(p.Status)
	case q.field == "currency":
		hit = q.text(p.Currency)
	case q.field == "customer":
		hit = q.text(p.Customer)
	case q.field == "amount":
		return q.number(p.Amount)
	case q.field == "created":
		return q.number(p.Created)
	default:
		return false, badParam("", "query", "Field %s cannot be searched.", q.field)
	}
	return hit != q.not, nil
}

func (q clause) text(v string) bool {
	if q.op == "~" {
		return strings.Contains(strings.ToLower(v), strings.ToLower(q.value))
	}
	return q.op == ":" && v == q.value
}

func (q clause) number(v int64) (bool, *stripeError) {
	n, err := strconv.ParseInt(q.value, 10, 64)
	if err != nil {
		return false, badParam("", "query", "Field %s needs a number.", q.field)
	}
	hit := map[string]bool{":": v == n, ">": v > n, "<": v < n, ">=": v >= n, "<=": v <= n}[q.op]
	return hit != q.not, nil
}

// searchIntents answers a search, newest first. Unlike Stripe's it sees what was written a moment ago.
func (a *stripeAPI) searchIntents(c *stripeCall) ([]byte, *stripeError) {
	query, err := parseQuery(c.form.get("query"))
	if err != nil {
		return nil, err
	}
	limit, err := pageSize(c.form)
	if err != nil {
		return nil, err
	}
	hits, err := a.search(query)
	if err != nil {
		return nil, err
	}
	from, _ := strconv.Atoi(c.form.get("page"))
	from = min(max(from, 0), len(hits))
	to := min(from+limit, len(hits))
	inner, _ := c.expander(a).has("data")
	return a.render(func(w *jsonw) {
		w.open()
		w.str("object", "search_result")
		w.array("data")
		for _, p := range hits[from:to] {
			p.render(w, inner)
		}
		w.closeArray()
		w.flag("has_more", to < len(hits))
		if to < len(hits) {
			w.str("next_page", strconv.Itoa(to))
		} else {
			w.null("next_page")
		}
		w.num("total_count", int64(len(hits)))
		w.str("url", "/v1/payment_intents/search")
		w.close()
	}), nil
}

// search walks the booking's intents when the query names a booking, and all else.
func (a *stripeAPI) search(query []clause) ([]*intent, *stripeError) {
	rows := a.intents.rows
	for _, q := range query {
		if q.field == "metadata[booking_id]" && q.op == ":" && !q.not {
			rows = nil
			for _, id := range a.bookings[q.value] {
				if p, ok := a.intents.get(id); ok {
					rows = append(rows, p)
				}
			}
			break
		}
	}
	var hits []*intent
	for _, p := range slices.Backward(rows) {
		ok, err := matchesAll(query, p)
		if err != nil {
			return nil, err
		}
		if ok {
			hits = append(hits, p)
		}
	}
	return hits, nil
}

func matchesAll(query []clause, p *intent) (bool, *stripeError) {
	for _, q := range query {
		if ok, err := q.matches(p); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}
