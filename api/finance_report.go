package api

import (
	"context"
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/ticket"
)

type reconciliationInput struct {
	ID          string `path:"id" maxLength:"100" doc:"The id; with .csv behind it the lines come as a table."`
	Accept      string `header:"Accept"`
	Limit       int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Lines of a page."`
	Cursor      string `query:"cursor" maxLength:"512"`
	Differences bool   `query:"differences" doc:"Only lines that neither match nor are explained by time."`
}

type reconciliationReport struct {
	ticket.Reconciliation
	Items      []ticket.ReconciliationLine `json:"items"`
	NextCursor string                      `json:"next_cursor,omitempty"`
}

// csvResponse documents an operation that answers a table, too.
func csvResponse(huma.API) map[string]*huma.Response {
	return map[string]*huma.Response{"200": {
		Description: "The report", Content: map[string]*huma.MediaType{
			"text/csv": {Schema: &huma.Schema{Type: "string"}},
		},
	}}
}

func (s *Server) getReconciliation(ctx context.Context, in *reconciliationInput) (*huma.StreamResponse, error) {
	id, table := strings.CutSuffix(in.ID, ".csv")
	table = table || strings.HasPrefix(in.Accept, "text/csv")
	r, err := s.deps.Reconciliations.Reconciliation(ctx, id)
	if err != nil {
		return nil, err
	}
	if table {
		if r.Status == ticket.ReconciliationRunning {
			return nil, ticket.Errorf(ticket.CodeConflict, "The reconciliation is still running.")
		}
		return &huma.StreamResponse{Body: func(hctx huma.Context) { s.writeReconciliation(hctx, r, in.Differences) }}, nil
	}
	report, err := s.reconciliationPage(ctx, r, in)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		hctx.SetHeader("Content-Type", "application/json")
		_ = huma.DefaultJSONFormat.Marshal(hctx.BodyWriter(), report) // the caller is gone
	}}, nil
}

type lineCursor struct {
	Position int64 `json:"p"`
}

func (s *Server) reconciliationPage(ctx context.Context, r ticket.Reconciliation, in *reconciliationInput) (*reconciliationReport, error) {
	var after lineCursor
	if err := readCursor(in.Cursor, &after); err != nil {
		return nil, err
	}
	lines, err := s.deps.Reconciliations.ReconciliationLines(ctx, r.ID, after.Position, in.Limit+1, in.Differences)
	if err != nil {
		return nil, err
	}
	out := &reconciliationReport{Reconciliation: shown(r), Items: []ticket.ReconciliationLine{}}
	if len(lines) > in.Limit {
		lines = lines[:in.Limit]
		out.NextCursor = writeCursor(lineCursor{lines[in.Limit-1].Position})
	}
	out.Items = append(out.Items, lines...)
	return out, nil
}

// csvPage is how many lines are read at once for a table.
const csvPage = 2000

// writeReconciliation writes the lines as a table that spreadsheets open, page
// by page. What fails in the middle cuts the answer, so that no short table is
// taken for a whole one.
func (s *Server) writeReconciliation(hctx huma.Context, r ticket.Reconciliation, differences bool) {
	hctx.SetHeader("Content-Type", "text/csv; charset=utf-8")
	hctx.SetHeader("Content-Disposition", `attachment; filename="`+r.ID+`.csv"`)
	hctx.SetStatus(http.StatusOK)
	out := csv.NewWriter(hctx.BodyWriter())
	out.UseCRLF = true
	_ = out.Write([]string{
		"result", "provider", "kind", "time", "booking_id", "their_id", "our_id", "ref", "currency", "their_amount", "our_amount", "difference", "fee", "action",
	}) // csv.Writer keeps the first error for Error
	for after := int64(0); ; {
		lines, err := s.deps.Reconciliations.ReconciliationLines(hctx.Context(), r.ID, after, csvPage, differences)
		if err != nil {
			s.log.ErrorContext(hctx.Context(), "a table was cut", "reconciliation", r.ID, "error", err)
			panic(http.ErrAbortHandler)
		}
		for _, l := range lines {
			after = l.Position
			_ = out.Write(csvLine(l)) // see above
		}
		out.Flush()
		if len(lines) < csvPage || out.Error() != nil {
			return
		}
	}
}

func csvLine(l ticket.ReconciliationLine) []string {
	amount := func(v *int64) string {
		if v == nil {
			return ""
		}
		return ticket.Money{Amount: *v, Currency: l.Currency}.Decimal()
	}
	difference := int64(0)
	if l.TheirAmount != nil {
		difference += *l.TheirAmount
	}
	if l.OurAmount != nil {
		difference -= *l.OurAmount
	}
	if l.Result == ticket.ResultNotOurs {
		difference = 0
	}
	return cells(string(l.Result), string(l.Provider), string(l.Kind), l.At.UTC().Format(time.RFC3339), l.BookingID, l.TheirID, l.OurID, l.Ref,
		l.Currency, amount(l.TheirAmount), amount(l.OurAmount), amount(&difference), amount(&l.Fee), l.Action)
}

// cells are what a spreadsheet takes for text or numbers, and never for a
// formula: one that begins like a formula and is no number gets an apostrophe.
func cells(values ...string) []string {
	for i, v := range values {
		if v == "" || !strings.ContainsRune("=+-@\t\r", rune(v[0])) {
			continue
		}
		if _, err := strconv.ParseFloat(v, 64); err != nil {
			values[i] = "'" + v
		}
	}
	return values
}
