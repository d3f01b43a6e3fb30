package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Server is a sandbox: the state of both providers and the handler that serves it.
type Server struct {
	*core
	stripe  *stripeAPI
	paypal  *paypalAPI
	control http.Handler
	pages   map[string]http.Handler
	done    chan struct{}
}

// Open makes a sandbox, reading Options.DataFile if it is set. It fails when the file cannot be read or
// written, or when the options contradict each other. Close ends it.
func Open(o Options) (*Server, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	c := newCore(o.withDefaults())
	s := &Server{core: c, stripe: newStripeAPI(c), paypal: newPayPalAPI(c), pages: o.Pages, done: make(chan struct{})}
	settings := newTable("set", func(x *setting) string { return x.Name })
	if o.DataFile != "" {
		j, err := openJournal(o.DataFile, s.tables(settings))
		if err != nil {
			return nil, err
		}
		c.journal = j
	}
	if err := c.loadSecret(settings); err != nil {
		return nil, err
	}
	s.reindex()
	s.control = s.controlHandler()
	go s.deliver()
	return s, nil
}

// New is Open for tests and other callers whose options cannot fail; it panics where Open returns an error.
func New(o Options) *Server {
	s, err := Open(o)
	if err != nil {
		panic(err)
	}
	return s
}

func (s *Server) tables(settings *table[setting]) []stored {
	return []stored{
		settings, s.ledger, s.answers,
		s.stripe.intents, s.stripe.charges, s.stripe.refunds, s.stripe.txns, s.stripe.disputes,
		s.paypal.orders, s.paypal.auths, s.paypal.captures, s.paypal.refunds, s.paypal.disputes, s.paypal.movements,
	}
}

// reindex rebuilds what is derived from the tables, and takes up refunds that were under way.
func (s *Server) reindex() {
	s.ledger.reindex()
	for _, p := range s.stripe.intents.rows {
		s.stripe.link(p)
	}
	for _, r := range s.stripe.refunds.rows {
		s.stripe.settleLater(r)
	}
	for _, x := range s.paypal.auths.rows {
		if x.InvoiceID != "" && (x.Status != ppVoided || x.Captured > 0) {
			s.paypal.invoices[x.InvoiceID] = x.Order
		}
	}
	for _, x := range s.paypal.captures.rows {
		if x.InvoiceID != "" && x.Status != ppDeclined {
			s.paypal.invoices[x.InvoiceID] = x.Order
		}
	}
}

// deliver runs the couriers until the sandbox closes.
func (s *Server) deliver() {
	defer close(s.done)
	waiting := make(chan struct{}, 2)
	couriers := 0
	for _, c := range []*courier{s.stripe.courier, s.paypal.courier} {
		if c == nil {
			continue
		}
		couriers++
		go func() {
			c.run(s.ctx)
			waiting <- struct{}{}
		}()
	}
	for range couriers {
		<-waiting
	}
}

// Close ends held connections and deliveries and closes the data file.
func (s *Server) Close() error {
	s.cancel()
	<-s.done
	s.timers.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.journal
	s.journal = nil
	return j.close()
}

// Handler serves both providers and the control API.
func (s *Server) Handler() http.Handler { return s }

// ServeHTTP sends a request to the provider whose path it has.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	word, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if page, ok := s.pages[word]; ok {
		page.ServeHTTP(w, r)
		return
	}
	switch {
	case strings.HasPrefix(path, "/v2/"), strings.HasPrefix(path, "/v1/oauth2/"), strings.HasPrefix(path, "/v1/notifications/"),
		strings.HasPrefix(path, "/v1/reporting/"), strings.HasPrefix(path, "/v1/customer/"):
		s.paypal.ServeHTTP(w, r)
	case strings.HasPrefix(path, "/v1/"):
		s.stripe.ServeHTTP(w, r)
	default:
		s.control.ServeHTTP(w, r)
	}
}

// health is the answer of /healthz.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) error {
	s.mu.Lock()
	healthy := s.journal.healthy()
	s.mu.Unlock()
	status, code := "ok", http.StatusOK
	if !healthy {
		status, code = "data file cannot be written", http.StatusServiceUnavailable
	}
	return writeJSON(w, code, map[string]string{"status": status})
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("sandbox: answer: %w", err)
	}
	reply{status: status, body: body}.write(w)
	return nil
}
