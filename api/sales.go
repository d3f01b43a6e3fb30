package api

import (
	"bytes"
	"context"
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/ticket"
)

func (s *Server) registerSales(api huma.API) {
	tags := []string{"Organizers"}
	who := only(ticket.RoleOrganizer, ticket.RoleFinance)
	register(s, api, huma.Operation{
		OperationID: "get-sales", Method: http.MethodGet, Path: "/v1/events/{event_id}/sales", Tags: tags,
		Summary: "What was sold so far",
		Description: "Money and tickets are what the books say, of at most a second ago; `places` is the live map, whose numbers add up to the capacity, " +
			"and left out while it cannot be reached. A day is one in UTC. Refunded tickets are counted apart, never in `sold`.",
	}, who, s.getSales)
	register(s, api, huma.Operation{
		OperationID: "get-sales-csv", Method: http.MethodGet, Path: "/v1/events/{event_id}/sales.csv", Tags: tags,
		Summary: "What was sold so far, by day and category, for a spreadsheet",
		Responses: map[string]*huma.Response{
			"200": {Description: "One line a day and category.", Content: map[string]*huma.MediaType{"text/csv": {Schema: &huma.Schema{Type: huma.TypeString}}}},
		},
	}, who, s.getSalesCSV)
}

// placeCounts are the places of an event, or of a category, by their state.
type placeCounts struct {
	Capacity  int `json:"capacity"`
	Sold      int `json:"sold"`
	Held      int `json:"held"`
	Blocked   int `json:"blocked"`
	Available int `json:"available"`
}

func (p *placeCounts) count(state ticket.SeatState) {
	p.Capacity++
	switch state {
	case ticket.SeatSold:
		p.Sold++
	case ticket.SeatHeld:
		p.Held++
	case ticket.SeatBlocked:
		p.Blocked++
	case ticket.SeatAvailable:
		p.Available++
	}
}

// soldSum adds up tickets.
type soldSum struct {
	Tickets int          `json:"tickets"`
	Face    ticket.Money `json:"face" doc:"The organizer's prices."`
	Fees    ticket.Money `json:"fees" doc:"Ours."`
	Total   ticket.Money `json:"total" doc:"What buyers paid."`
}

func (s *soldSum) add(tickets int, face, fees int64) {
	s.Tickets += tickets
	s.Face.Amount += face
	s.Fees.Amount += fees
	s.Total.Amount += face + fees
}

func noneSold(currency string) soldSum {
	none := ticket.Money{Currency: currency}
	return soldSum{Face: none, Fees: none, Total: none}
}

// SalesSums are tickets that are sold, and those whose money went back.
type SalesSums struct {
	Sold     soldSum `json:"sold"`
	Refunded soldSum `json:"refunded"`
}

func newSalesSums(currency string) SalesSums {
	return SalesSums{Sold: noneSold(currency), Refunded: noneSold(currency)}
}

func (s *SalesSums) add(l *ticket.SalesLine) {
	s.Sold.add(l.Sold, l.Face, l.Fees)
	s.Refunded.add(l.Refunded, l.RefundedFace, l.RefundedFees)
}

type categorySales struct {
	SalesSums
	Category string       `json:"category"`
	Places   *placeCounts `json:"places,omitempty"`
}

type daySales struct {
	SalesSums
	Date string `json:"date" format:"date" doc:"When the tickets were bought."`
}

type salesBody struct {
	SalesSums
	EventID    string                       `json:"event_id"`
	Currency   string                       `json:"currency"`
	AsOf       time.Time                    `json:"as_of"`
	Places     *placeCounts                 `json:"places,omitempty"`
	Bookings   map[ticket.BookingStatus]int `json:"bookings" doc:"How many bookings there are of each status."`
	Categories []categorySales              `json:"categories"`
	Days       []daySales                   `json:"days" doc:"Days on which something was sold."`
}

type salesInput struct{ EventPath }

type salesOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         salesBody
}

func (s *Server) getSales(ctx context.Context, in *salesInput) (*salesOutput, error) {
	e, figures, err := s.salesFigures(ctx, in.EventID)
	if err != nil {
		return nil, err
	}
	body := salesBody{
		EventID: e.ID, Currency: e.Currency, AsOf: figures.at.UTC(), SalesSums: newSalesSums(e.Currency),
		Bookings: figures.Bookings, Categories: []categorySales{}, Days: []daySales{},
	}
	place := map[string]int{}
	for i, p := range e.Prices {
		place[p.Category] = i
		body.Categories = append(body.Categories, categorySales{Category: p.Category, SalesSums: newSalesSums(e.Currency)})
	}
	for i := range figures.Lines {
		l := &figures.Lines[i]
		body.add(l)
		if at, known := place[l.Category]; known {
			body.Categories[at].add(l)
		}
		day := l.Day.Format(time.DateOnly)
		if n := len(body.Days); n == 0 || body.Days[n-1].Date != day {
			body.Days = append(body.Days, daySales{Date: day, SalesSums: newSalesSums(e.Currency)})
		}
		body.Days[len(body.Days)-1].add(l)
	}
	s.countPlaces(ctx, e, &body, place)
	return &salesOutput{CacheControl: "private, max-age=1", Body: body}, nil
}

// countPlaces fills in how the live map stands. The rest is told without it.
func (s *Server) countPlaces(ctx context.Context, e *ticket.Event, body *salesBody, place map[string]int) {
	plan, err := s.deps.Events.Plan(ctx, e.PlanID)
	var state string
	if err == nil {
		_, state, err = s.deps.Availability.Snapshot(ctx, e)
	}
	if err != nil {
		s.log.WarnContext(ctx, "places not counted", "request_id", requestID(ctx), "error", err.Error())
		return
	}
	body.Places = &placeCounts{}
	for i := range body.Categories {
		body.Categories[i].Places = &placeCounts{}
	}
	for i := range min(len(state), len(plan.Places.Seats)) {
		body.Places.count(ticket.SeatState(state[i]))
		if at, known := place[plan.Places.Seats[i].Category]; known {
			body.Categories[at].Places.count(ticket.SeatState(state[i]))
		}
	}
}

type salesCSVOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (s *Server) getSalesCSV(ctx context.Context, in *salesInput) (*salesCSVOutput, error) {
	e, figures, err := s.salesFigures(ctx, in.EventID)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.Write([]string{ // to memory: never fails
		"date", "category", "currency", "tickets", "face", "fees", "total", "refunded_tickets", "refunded_face", "refunded_fees", "refunded_total",
	})
	for _, l := range figures.Lines {
		decimal := func(amount int64) string { return ticket.Money{Amount: amount, Currency: l.Currency}.Decimal() }
		_ = w.Write([]string{
			l.Day.Format(time.DateOnly), cell(l.Category), l.Currency, strconv.Itoa(l.Sold), decimal(l.Face), decimal(l.Fees), decimal(l.Face + l.Fees),
			strconv.Itoa(l.Refunded), decimal(l.RefundedFace), decimal(l.RefundedFees), decimal(l.RefundedFace + l.RefundedFees),
		})
	}
	w.Flush()
	return &salesCSVOutput{
		ContentType: "text/csv; charset=utf-8", Disposition: `attachment; filename="sales-` + e.Slug + `.csv"`, Body: out.Bytes(),
	}, nil
}

// cell keeps a spreadsheet from taking a text for a formula.
func cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
