package api

import (
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/ticket"
)

// longestCursor bounds a search's cursor, which may hold a view of the index.
const longestCursor = 4000

// searchParameters document the query of a search.
var searchParameters = []*huma.Param{
	textParam("q", "What to look for.", ticket.MaxSearchText),
	textParam("city", "", ticket.MaxSearchFilter),
	textParam("country", "ISO 3166-1 alpha-2.", 2),
	textParam("genre", "", ticket.MaxSearchFilter),
	textParam("artist", "", ticket.MaxSearchFilter),
	textParam("from", "The earliest start: RFC 3339, or a date.", 0),
	textParam("to", "The latest start: RFC 3339, or a date, whose whole day is included.", 0),
	numberParam("lat", "number", "Degrees north of where distances are measured from; needs lon."),
	numberParam("lon", "number", "Degrees east."),
	numberParam("radius_km", "number", "The greatest distance; needs lat and lon."),
	numberParam("min_price", "integer", "Minor units."),
	numberParam("max_price", "integer", "Minor units."),
	{Name: "available", In: "query", Description: "Leave out what is sold out.", Schema: &huma.Schema{Type: "boolean", Default: false}},
	{Name: "sort", In: "query", Schema: &huma.Schema{Type: "string", Enum: []any{"relevance", "date", "price", "distance"}, Default: "relevance"}},
	{Name: "limit", In: "query", Schema: &huma.Schema{
		Type: "integer", Default: 20, Minimum: new(1.0), Maximum: new(float64(ticket.MaxSearchLimit)),
	}},
	textParam("cursor", "The next_cursor of the page before; the rest of the query must be the same.", longestCursor),
}

func textParam(name, doc string, most int) *huma.Param {
	schema := &huma.Schema{Type: "string"}
	if most > 0 {
		schema.MaxLength = &most
	}
	return &huma.Param{Name: name, In: "query", Description: doc, Schema: schema}
}

func numberParam(name, kind, doc string) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: doc, Schema: &huma.Schema{Type: kind}}
}

func readQuery(raw string) (url.Values, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, malformedParam("query", "is not a well-formed query string")
	}
	return values, nil
}

// readSearch reads the query of a search. Its errors name the parameter that
// cannot be read; whether those that can make sense together is not checked here.
func readSearch(raw string) (q ticket.SearchQuery, cursor string, err error) {
	values, err := readQuery(raw)
	if err != nil {
		return q, "", err
	}
	p := params{values: values}
	q = ticket.SearchQuery{
		Text: values.Get("q"), City: values.Get("city"), Country: values.Get("country"), Genre: values.Get("genre"), Artist: values.Get("artist"),
		From: p.moment("from", false), To: p.moment("to", true), Near: p.point(),
		MinPrice: p.amount("min_price"), MaxPrice: p.amount("max_price"), Available: p.truth("available"),
		Sort: ticket.SearchSort(values.Get("sort")), Limit: p.limit(),
	}
	if radius := p.number("radius_km"); radius != nil {
		q.RadiusKm = *radius
		if *radius <= 0 {
			p.fail("radius_km", "must be more than 0")
		}
	}
	cursor = values.Get("cursor")
	if len(cursor) > longestCursor {
		p.fail("cursor", "is not a cursor of this search")
	}
	return q, cursor, p.err
}

// params reads parameters and remembers the first fault.
type params struct {
	values url.Values
	err    error
}

func (p *params) fail(name, format string, args ...any) {
	if p.err == nil {
		p.err = malformedParam(name, format, args...)
	}
}

// number reads a finite number; nil when there is none.
func (p *params) number(name string) *float64 {
	text := p.values.Get(name)
	if text == "" {
		return nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		p.fail(name, "must be a number")
		return nil
	}
	return &n
}

// point reads lat and lon, which need each other.
func (p *params) point() *ticket.Point {
	lat, lon := p.number("lat"), p.number("lon")
	switch {
	case lat == nil && lon == nil:
		return nil
	case lat == nil:
		p.fail("lat", "is required with lon")
		return nil
	case lon == nil:
		p.fail("lon", "is required with lat")
		return nil
	}
	return &ticket.Point{Lat: *lat, Lon: *lon}
}

func (p *params) amount(name string) *int64 {
	text := p.values.Get(name)
	if text == "" {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		p.fail(name, "must be a whole number of minor units")
		return nil
	}
	return &n
}

func (p *params) truth(name string) bool {
	switch p.values.Get(name) {
	case "", "false":
		return false
	case "true":
		return true
	}
	p.fail(name, "must be true or false")
	return false
}

func (p *params) limit() int {
	text := p.values.Get("limit")
	if text == "" {
		return 20
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > ticket.MaxSearchLimit {
		p.fail("limit", "must be between 1 and %d", ticket.MaxSearchLimit)
		return 1
	}
	return n
}

// moment reads a time, or a date: its beginning, or its end.
func (p *params) moment(name string, end bool) time.Time {
	text := p.values.Get(name)
	if text == "" {
		return time.Time{}
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		if end {
			day = day.AddDate(0, 0, 1).Add(-time.Millisecond)
		}
		return p.within(name, day)
	}
	// An unescaped plus sign of an offset arrives as a space.
	t, err := time.Parse(time.RFC3339, strings.Replace(text, " ", "+", 1))
	if err != nil {
		p.fail(name, "must be a time such as 2030-05-01T20:00:00Z, or a date such as 2030-05-01")
		return time.Time{}
	}
	return p.within(name, t.UTC())
}

// within keeps times to years that every part can store.
func (p *params) within(name string, t time.Time) time.Time {
	if t.Year() < 1900 || t.Year() > 9999 {
		p.fail(name, "must be in a year between 1900 and 9999")
	}
	return t
}
