package api_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"yourticket.example/api"
	"yourticket.example/internal/search"
	"yourticket.example/ticket"
)

// A page that is put together from what was encoded before is byte by byte the
// one that is encoded at once, whatever stands in names and descriptions.
func TestFoundPagesAreWhatTheirPartsMake(t *testing.T) {
	t.Parallel()
	texts := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		`"status":"?"`, `"available":null`, `]}`, `false}`, `\"status\":\"?\"`, "<em>", "\u2028",
	}))
	times := rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "seconds"), rapid.Int64Range(0, 999_999).Draw(t, "µs")*1000)
	})
	facets := rapid.Custom(func(t *rapid.T) []ticket.FacetValue {
		return []ticket.FacetValue{{Value: texts.Draw(t, "value"), Count: rapid.IntRange(0, 9).Draw(t, "count")}}
	})
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 4).Draw(t, "items")
		r := &search.Result{
			SearchPage: &ticket.SearchPage{Total: rapid.IntRange(0, 1_000_000).Draw(t, "total"), Facets: ticket.SearchFacets{City: facets.Draw(t, "cities")}},
			Cursor:     texts.Draw(t, "cursor"), Highlights: make([]map[string]string, n),
		}
		known := make([]api.Fact, n)
		for i := range n {
			e := &ticket.Event{
				ID: texts.Draw(t, "id"), Name: texts.Draw(t, "name"), Description: texts.Draw(t, "description"), StatusReason: texts.Draw(t, "reason"),
				Artist: texts.Draw(t, "artist"), Venue: ticket.Venue{Name: texts.Draw(t, "venue"), City: texts.Draw(t, "city")},
				StartsAt: times.Draw(t, "starts"), OnSaleAt: times.Draw(t, "sale"), RefundsUntil: times.Draw(t, "refunds"),
				Capacity: rapid.IntRange(0, 100_000).Draw(t, "capacity"), Prices: []ticket.Price{{Category: texts.Draw(t, "category")}},
			}
			r.Items = append(r.Items, ticket.Found{Event: e, SoldOut: rapid.Bool().Draw(t, "sold out")})
			r.Highlights[i] = map[string]string{"name": texts.Draw(t, "marked")}
			known[i] = api.Fact{
				Status:    rapid.SampledFrom([]ticket.EventStatus{ticket.EventOnSale, ticket.EventSoldOut, ticket.EventPast}).Draw(t, "status"),
				Available: rapid.IntRange(-1, 100_000).Draw(t, "free"),
			}
		}
		answered, plain, err := api.RenderFound(r, known, rapid.Bool().Draw(t, "degraded"))
		if err != nil {
			t.Fatal(err)
		}
		if string(answered) != string(plain) {
			t.Fatalf("answered\n%s\nplain\n%s", answered, plain)
		}
	})
}
