package api

import (
	"cmp"
	"context"
	"encoding/csv"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// Ledgers read the journal.
type Ledgers interface {
	// Ledger gives the entries of the journal by time, one by one.
	Ledger(ctx context.Context, q postgres.LedgerQuery, each func(*ticket.JournalEntry) error) error
	// Settlement adds up what an event has earned.
	Settlement(ctx context.Context, eventID string) (ticket.Settlement, error)
}

func (s *Server) registerLedger(api huma.API) {
	tags, who := []string{"Finance"}, only(ticket.RoleFinance)
	register(s, api, huma.Operation{
		OperationID: "get-ledger-csv", Method: http.MethodGet, Path: "/v1/finance/ledger.csv", Tags: tags,
		Summary: "The journal as a table",
		Description: "One line an entry, by time; the lines of a transaction sum to zero, debits are positive. `amount` is in units of the currency, " +
			"`amount_minor` in its smallest ones. Either an event, or a time, or both.",
		Responses: csvResponse(api),
	}, who, s.getLedger)
	register(s, api, huma.Operation{
		OperationID: "get-settlement", Method: http.MethodGet, Path: "/v1/finance/settlements", Tags: tags,
		Summary:     "What an event has earned, by currency",
		Description: "Added up from the journal, as of one moment. With Accept: text/csv a table.",
	}, who, s.getSettlement)
	register(s, api, huma.Operation{
		OperationID: "get-settlement-csv", Method: http.MethodGet, Path: "/v1/finance/settlements.csv", Tags: tags,
		Summary: "What an event has earned, as a table", Responses: csvResponse(api),
	}, who, s.getSettlementCSV)
}

type ledgerInput struct {
	EventID string `query:"event_id" doc:"Id or slug; all events when left out."`
	From    string `query:"from" doc:"RFC 3339, or a date in UTC. Required without an event."`
	To      string `query:"to" doc:"Not included. Required without an event."`
}

// ledgerQuery reads the parameters. Each that is at fault is named.
func (s *Server) ledgerQuery(ctx context.Context, in *ledgerInput) (q postgres.LedgerQuery, err error) {
	var f faults
	q.From, q.To = f.moment("from", in.From, in.EventID == ""), f.moment("to", in.To, in.EventID == "")
	if !q.From.IsZero() && !q.To.IsZero() && !q.To.After(q.From) {
		f.add("to", "must be after from")
	}
	if in.EventID != "" {
		e, err := s.eventParam(ctx, in.EventID, &f)
		if err != nil {
			return q, err
		}
		q.EventID = e.ID
	}
	return q, f.err()
}

// moment reads a time or a date of a parameter; zero when it is missing.
func (f *faults) moment(field, text string, required bool) time.Time {
	if text == "" {
		if required {
			f.add(field, "is required without event_id")
		}
		return time.Time{}
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil && at.UTC().Year() > 0 {
			return at.UTC()
		}
	}
	f.add(field, "must be a time such as 2026-05-01T00:00:00Z, or a date")
	return time.Time{}
}

// eventParam reads the event that a parameter names; there being none is a fault
// of the parameter. The event is empty then.
func (s *Server) eventParam(ctx context.Context, idOrSlug string, f *faults) (*ticket.Event, error) {
	if len(idOrSlug) > 200 {
		f.add("event_id", "is not an event's id or slug")
		return &ticket.Event{}, nil
	}
	e, err := s.deps.Plans.Event(ctx, idOrSlug)
	if ticket.CodeOf(err) == ticket.CodeNotFound {
		f.add("event_id", "there is no such event")
		return &ticket.Event{}, nil
	}
	return e, err
}

func (s *Server) getLedger(ctx context.Context, in *ledgerInput) (*huma.StreamResponse, error) {
	q, err := s.ledgerQuery(ctx, in)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) { s.writeLedger(hctx, q) }}, nil
}

// ledgerName is what a browser calls the file.
func ledgerName(q postgres.LedgerQuery) string {
	parts := []string{"ledger", q.EventID, dated(q.From), dated(q.To)}
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	return strings.Join(parts, "-") + ".csv"
}

func dated(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// writeLedger writes entries as they are read. What fails before the first is
// answered as a problem; what fails later cuts the answer, so that no short
// table is taken for a whole one.
func (s *Server) writeLedger(hctx huma.Context, q postgres.LedgerQuery) {
	out := &table{hctx: hctx, name: ledgerName(q), head: []string{
		"transaction_id", "time", "account", "event_id", "booking_id", "provider_reference", "currency", "amount", "amount_minor",
	}}
	err := s.deps.Ledgers.Ledger(hctx.Context(), q, func(e *ticket.JournalEntry) error {
		return out.row(e.TransactionID, e.At.UTC().Format(time.RFC3339Nano), e.Account, e.EventID, e.BookingID, e.Reference,
			e.Amount.Currency, e.Amount.Decimal(), strconv.FormatInt(e.Amount.Amount, 10))
	})
	out.finish(s, err)
}

const (
	// tableFlush is how many rows of a table are sent together, tableTime how long
	// a caller may take to take them.
	tableFlush = 500
	tableTime  = time.Minute
)

// table is an answer as RFC 4180 writes tables, sent while it is made.
type table struct {
	hctx huma.Context
	name string
	head []string
	out  *csv.Writer
	rows int
}

func (t *table) begin() error {
	t.hctx.SetHeader("Content-Type", "text/csv; charset=utf-8")
	t.hctx.SetHeader("Content-Disposition", `attachment; filename="`+t.name+`"`)
	t.hctx.SetHeader("Cache-Control", "no-store")
	t.hctx.SetStatus(http.StatusOK)
	t.out = csv.NewWriter(t.hctx.BodyWriter())
	t.out.UseCRLF = true
	return t.out.Write(t.head)
}

// row adds a row; its cells are never taken for formulas.
func (t *table) row(values ...string) error {
	if t.out == nil {
		if err := t.begin(); err != nil {
			return err
		}
	}
	if t.rows++; t.rows%tableFlush == 1 {
		t.out.Flush()
		_, w := humachi.Unwrap(t.hctx)
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(tableTime)) // a writer without deadlines needs none
	}
	return cmp.Or(t.out.Write(cells(values...)), t.out.Error())
}

// finish ends the table, or says what went wrong as far as that can still be said.
func (t *table) finish(s *Server, err error) {
	if err == nil && t.out == nil {
		err = t.begin() // a table without rows
	}
	switch {
	case err == nil:
		t.out.Flush()
	case t.out == nil:
		s.refuse(t.hctx, err)
	default:
		ctx := t.hctx.Context()
		if ctx.Err() == nil {
			s.log.ErrorContext(ctx, "a table was cut", "request_id", requestID(ctx), "error", err.Error())
		}
		panic(http.ErrAbortHandler)
	}
}
