package api

import (
	"context"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/ticket"
)

type settlementInput struct {
	EventID string `query:"event_id" doc:"Id or slug; required."`
	Accept  string `header:"Accept"`
}

type settlementBody struct {
	ticket.Settlement

	EventName string `json:"event_name"`
}

// settlement reads the statement of the event that is asked for.
func (s *Server) settlement(ctx context.Context, in *settlementInput) (*settlementBody, error) {
	var f faults
	e := &ticket.Event{}
	if in.EventID == "" {
		f.add("event_id", "is required")
	} else {
		var err error
		if e, err = s.eventParam(ctx, in.EventID, &f); err != nil {
			return nil, err
		}
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	found, err := s.deps.Ledgers.Settlement(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	for _, st := range found.Statements {
		if st.Difference.Amount != 0 {
			s.log.ErrorContext(ctx, "bookings and journal disagree", "event_id", e.ID, "difference", st.Difference.String())
		}
	}
	return &settlementBody{EventName: e.Name, Settlement: found}, nil
}

func (s *Server) getSettlement(ctx context.Context, in *settlementInput) (*huma.StreamResponse, error) {
	if strings.HasPrefix(in.Accept, "text/csv") {
		return s.getSettlementCSV(ctx, in)
	}
	body, err := s.settlement(ctx, in)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		hctx.SetHeader("Content-Type", "application/json")
		hctx.SetHeader("Cache-Control", "no-store")
		_ = huma.DefaultJSONFormat.Marshal(hctx.BodyWriter(), body) // the caller is gone
	}}, nil
}

func (s *Server) getSettlementCSV(ctx context.Context, in *settlementInput) (*huma.StreamResponse, error) {
	body, err := s.settlement(ctx, in)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		out := &table{hctx: hctx, name: "settlement-" + body.EventID + ".csv", head: []string{
			"line", "item", "currency", "tickets", "face", "fees", "total", "face_minor", "fees_minor", "total_minor",
		}}
		var err error
		for _, st := range body.Statements {
			if err == nil {
				err = writeStatement(out, st)
			}
		}
		out.finish(s, err)
	}}, nil
}

// writeStatement writes a statement so that its lines add up: what is taken off
// is negative, and the lines from gross to adjustments sum to net.
func writeStatement(out *table, st *ticket.Statement) error {
	var failed error
	sum := func(line, item, tickets string, s ticket.StatementSum, sign int64) {
		if failed != nil {
			return
		}
		row := []string{line, item, st.Currency, tickets}
		for _, m := range []ticket.Money{s.Face, s.Fees, s.Total} {
			row = append(row, ticket.Money{Amount: sign * m.Amount, Currency: st.Currency}.Decimal())
		}
		for _, m := range []ticket.Money{s.Face, s.Fees, s.Total} {
			row = append(row, strconv.FormatInt(sign*m.Amount, 10))
		}
		failed = out.row(row...)
	}
	alone := func(line, item string, m ticket.Money) {
		if failed == nil {
			failed = out.row(line, item, st.Currency, "", "", "", m.Decimal(), "", "", strconv.FormatInt(m.Amount, 10))
		}
	}
	var tickets int64
	for _, c := range st.Categories {
		sum("category", c.Category, strconv.FormatInt(c.Tickets, 10), c.StatementSum, 1)
		tickets += c.Tickets
	}
	sum("gross", "", strconv.FormatInt(tickets, 10), st.Gross, 1)
	sum("refunds", "", "", st.Refunds, -1)
	sum("disputes", "", "", st.Disputes, -1)
	sum("adjustments", "", "", st.Adjustments, -1)
	net := ticket.NewStatement(st.Currency).Gross
	net.Add(st.NetToOrganizer.Amount, st.OurFees.Amount)
	sum("net", "", "", net, 1)
	alone("disputed", "", st.Disputed)
	for _, fee := range st.ProviderFees {
		alone("provider_fees", fee.Provider, fee.Amount)
	}
	for _, b := range st.Balances {
		alone("balance", b.Account, b.Amount)
	}
	alone("difference", "", st.Difference)
	return failed
}
