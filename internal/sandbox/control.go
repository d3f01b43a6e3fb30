package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// problem is an RFC 9457 answer of the control API. Field names the input at fault.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Field  string `json:"field,omitempty"`
}

func (p *problem) Error() string { return p.Detail }

func newProblem(status int, code, field, format string, args ...any) *problem {
	return &problem{
		Type: "https://yourticket.example/problems/" + code, Title: http.StatusText(status), Status: status,
		Detail: fmt.Sprintf(format, args...), Field: field,
	}
}

func badField(field, format string, args ...any) *problem {
	return newProblem(http.StatusBadRequest, "invalid-input", field, field+": "+format, args...)
}

func notFound(format string, args ...any) *problem {
	return newProblem(http.StatusNotFound, "not-found", "", format, args...)
}

type controlFunc func(w http.ResponseWriter, r *http.Request) error

func (s *Server) controlHandler() http.Handler {
	mux := http.NewServeMux()
	for pattern, fn := range map[string]controlFunc{
		"GET /healthz":                       s.health,
		"POST /sandbox/faults":               s.addFault,
		"GET /sandbox/faults":                s.listFaults,
		"DELETE /sandbox/faults":             s.clearFaults,
		"GET /sandbox/ledger":                s.showLedger,
		"GET /sandbox/webhooks":              s.showWebhooks,
		"POST /sandbox/disputes":             s.openDispute,
		"POST /sandbox/disputes/{id}/close":  s.endDispute,
		"POST /sandbox/refunds":              s.refundByHand,
		"POST /sandbox/approve/{id}":         s.approve,
		"GET /sandbox/approve/{id}":          s.approvePage,
		"GET /checkoutnow":                   s.approvePage,
		"POST /sandbox/authenticate/{id}":    s.authenticate,
		"GET /sandbox/authenticate/{id}":     s.authenticatePage,
		"OPTIONS /sandbox/approve/{id}":      preflight,
		"OPTIONS /sandbox/authenticate/{id}": preflight,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { answerControl(w, r, fn) })
	}
	return mux
}

// answerControl writes what a control function could not do as a problem.
func answerControl(w http.ResponseWriter, r *http.Request, fn controlFunc) {
	err := fn(w, r)
	if err == nil {
		return
	}
	var p *problem
	if !errors.As(err, &p) {
		slog.Error("sandbox: control request failed", "path", r.URL.Path, "error", err)
		p = newProblem(http.StatusInternalServerError, "internal", "", "Something went wrong.")
	}
	body, failure := json.Marshal(p)
	if failure != nil {
		body = []byte(`{"status":500}`)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_, _ = w.Write(body)
}

// readJSON decodes a body strictly; an empty one leaves v as it is.
func readJSON(r *http.Request, v any) error {
	body, ok := readBody(r)
	if !ok {
		return badField("body", "could not be read or is too large")
	}
	if len(strings.TrimSpace(string(body))) == 0 {
		return nil
	}
	in := json.NewDecoder(strings.NewReader(string(body)))
	in.DisallowUnknownFields()
	err := in.Decode(v)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		return badField(orElse(wrong.Field, "body"), "must be a %s", wrong.Type)
	case err != nil && strings.Contains(err.Error(), "unknown field"):
		return badField(strings.Trim(err.Error()[strings.LastIndex(err.Error(), " ")+1:], `"`), "is not known")
	case err != nil:
		return badField("body", "is not well-formed JSON")
	case in.More():
		return badField("body", "holds more than one value")
	}
	return nil
}

func checkProvider(v string) error {
	if v != providerStripe && v != providerPayPal {
		return badField("provider", "must be %s or %s", providerStripe, providerPayPal)
	}
	return nil
}

type faultRequest struct {
	Provider  string   `json:"provider"`
	Fault     string   `json:"fault"`
	Rate      *float64 `json:"rate"`
	Operation string   `json:"operation"`
	Count     *int     `json:"count"`
	DelayMS   *int     `json:"delay_ms"`
}

func (q faultRequest) check() error {
	if err := checkProvider(q.Provider); err != nil {
		return err
	}
	switch {
	case !slices.Contains(faultKinds, q.Fault):
		return badField("fault", "must be one of %s", strings.Join(faultKinds, ", "))
	case q.Rate != nil && (*q.Rate < 0 || *q.Rate > 1):
		return badField("rate", "must be between 0 and 1")
	case q.Operation != "" && !slices.Contains(operations[q.Provider], q.Operation):
		return badField("operation", "must be one of %s", strings.Join(operations[q.Provider], ", "))
	case q.Count != nil && *q.Count < 1:
		return badField("count", "must be at least 1")
	case q.DelayMS != nil && (*q.DelayMS < 0 || *q.DelayMS > 600_000):
		return badField("delay_ms", "must be between 0 and 600000")
	}
	return nil
}

func (s *Server) addFault(w http.ResponseWriter, r *http.Request) error {
	var q faultRequest
	if err := readJSON(r, &q); err != nil {
		return err
	}
	if err := q.check(); err != nil {
		return err
	}
	f := fault{Provider: q.Provider, Fault: q.Fault, Operation: q.Operation, Rate: 1, Remaining: q.Count, DelayMS: q.DelayMS}
	if q.Rate != nil {
		f.Rate = *q.Rate
	}
	return writeJSON(w, http.StatusCreated, s.faults.add(f))
}

func (s *Server) listFaults(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, map[string]any{"items": s.faults.list()})
}

func (s *Server) clearFaults(w http.ResponseWriter, r *http.Request) error {
	provider := r.URL.Query().Get("provider")
	if provider != "" {
		if err := checkProvider(provider); err != nil {
			return err
		}
	}
	return writeJSON(w, http.StatusOK, map[string]int{"cleared": s.faults.clear(provider)})
}

func (s *Server) showLedger(w http.ResponseWriter, r *http.Request) error {
	params := r.URL.Query()
	q := ledgerQuery{
		booking: params.Get("booking_id"), provider: params.Get("provider"), kind: params.Get("type"), after: params.Get("after"),
	}
	if q.provider != "" {
		if err := checkProvider(q.provider); err != nil {
			return err
		}
	}
	if v := params.Get("limit"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return badField("limit", "must be at least 1")
		}
		q.limit = n
	}
	s.mu.Lock()
	page, ok := s.ledger.query(q)
	s.mu.Unlock()
	if !ok {
		return badField("after", "is not the id of an entry")
	}
	return writeJSON(w, http.StatusOK, page)
}

func (s *Server) showWebhooks(w http.ResponseWriter, _ *http.Request) error {
	items := []courierCounts{}
	for _, c := range []*courier{s.stripe.courier, s.paypal.courier} {
		if c != nil {
			items = append(items, c.figures())
		}
	}
	return writeJSON(w, http.StatusOK, map[string]any{"items": items})
}

// locked runs fn with the lock held and writes what it recorded.
func (s *Server) locked(fn func(now time.Time) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := fn(time.Now())
	s.journal.flush()
	return err
}
