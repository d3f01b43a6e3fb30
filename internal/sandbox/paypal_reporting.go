package sandbox

import (
	"net/http"
	"strconv"
	"time"
)

const (
	reportSpan   = 31 * 24 * time.Hour
	reportLayout = "2006-01-02T15:04:05-0700"
)

// move adds a line to the transaction report.
func (a *paypalAPI) move(m *movement) { put(a.core, a.movements, m) }

// report is a checked query of the transaction report.
type report struct {
	from, to   time.Time
	page, size int
	id, code   string
	everything bool
}

// listTransactions answers the report that reconciliation reads. Unlike PayPal's it is up to date at once.
func (a *paypalAPI) listTransactions(c *paypalCall) (result, *paypalError) {
	q, err := parseReport(c)
	if err != nil {
		return result{}, err
	}
	var rows []*movement
	for _, m := range a.movements.rows {
		if q.selects(m) {
			rows = append(rows, m)
		}
	}
	pages := (len(rows) + q.size - 1) / q.size
	from := min((q.page-1)*q.size, len(rows))
	to := min(from+q.size, len(rows))
	return result{status: http.StatusOK, full: func(w *jsonw) {
		w.open()
		w.array("transaction_details")
		for _, m := range rows[from:to] {
			m.render(w)
		}
		w.closeArray()
		w.str("account_number", "SANDBOXSHOP01")
		w.str("start_date", q.from.UTC().Format(reportLayout))
		w.str("end_date", q.to.UTC().Format(reportLayout))
		w.str("last_refreshed_datetime", c.now.UTC().Format(reportLayout))
		w.num("page", int64(q.page))
		w.num("total_items", int64(len(rows)))
		w.num("total_pages", int64(pages))
		w.close()
	}}, nil
}

func parseReport(c *paypalCall) (report, *paypalError) {
	q := report{
		id: c.param("transaction_id"), code: c.param("transaction_type"),
		everything: c.param("balance_affecting_records_only") == "N",
	}
	var err *paypalError
	if q.from, err = reportTime(c, "start_date"); err != nil {
		return q, err
	}
	if q.to, err = reportTime(c, "end_date"); err != nil {
		return q, err
	}
	if q.to.Before(q.from) || q.to.Sub(q.from) > reportSpan {
		return q, invalid("end_date", "INVALID_PARAMETER_VALUE", "The range is at most 31 days, from start_date to end_date.")
	}
	if q.page, err = reportNumber(c, "page", 1, 1<<20); err != nil {
		return q, err
	}
	q.size, err = reportNumber(c, "page_size", 100, 500)
	return q, err
}

func reportTime(c *paypalCall, name string) (time.Time, *paypalError) {
	v := c.param(name)
	for _, layout := range []string{time.RFC3339, reportLayout} {
		if at, err := time.Parse(layout, v); err == nil {
			return at, nil
		}
	}
	return time.Time{}, invalid(name, "INVALID_PARAMETER_SYNTAX", "A date and time with a zone is needed.")
}

func reportNumber(c *paypalCall, name string, otherwise, most int) (int, *paypalError) {
	v := c.param(name)
	if v == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > most {
		return 0, invalid(name, "INVALID_PARAMETER_VALUE", "The value must be between 1 and "+strconv.Itoa(most)+".")
	}
	return n, nil
}

// selects leaves out what moved no money, unless it is asked for.
func (q report) selects(m *movement) bool {
	if !q.everything && m.Code == "T1300" {
		return false
	}
	inside := !m.At.Before(q.from) && !m.At.After(q.to)
	return inside && (q.id == "" || m.ID == q.id || m.Reference == q.id) && (q.code == "" || m.Code == q.code)
}

func (m *movement) render(w *jsonw) {
	w.open()
	w.openKey("transaction_info")
	w.str("paypal_account_id", payerID)
	w.str("transaction_id", m.ID)
	w.optional("paypal_reference_id", m.Reference)
	w.optional("paypal_reference_id_type", m.RefType)
	w.str("transaction_event_code", m.Code)
	w.str("transaction_initiation_date", m.At.UTC().Format(reportLayout))
	w.str("transaction_updated_date", m.At.UTC().Format(reportLayout))
	w.amount("transaction_amount", m.Amount, m.Currency)
	if m.Fee != 0 {
		w.amount("fee_amount", -m.Fee, m.Currency)
	}
	w.str("transaction_status", "S")
	w.optional("invoice_id", m.InvoiceID)
	w.optional("custom_field", m.CustomID)
	w.close()
	w.close()
}
