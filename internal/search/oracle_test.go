package search_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yourticket.example/internal/search"
	"yourticket.example/ticket"
)

// These words are far from one another, so that only exact ones are found.
var (
	rareWords = []string{"quandrel", "mosfitch", "zubbelin", "vantorio", "keplash", "doruminth", "yxolade", "brimwick"}
	someCity  = []string{"Köln", "Łódź", "Bonn", "São Paulo", "Ærøskøbing", "Saint-Étienne", "København", "Oslo"}
	someGenre = []string{"Rock", "Hip-Hop", "Électro", "Soul", "R&B"}
)

// randomEvents makes events full of ties and odd cases.
func randomEvents(seed uint64, n int) []stocked {
	r := rand.New(rand.NewPCG(seed, 7))
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	var venues []ticket.Venue
	for i := range 20 {
		city := someCity[i%len(someCity)]
		venues = append(venues, ticket.Venue{
			ID: fmt.Sprintf("vn_%02d", i), Name: "Hall " + pick(rareWords), City: city, Country: []string{"DE", "FR", "BR"}[i%3],
			Lat: r.Float64()*160 - 80, Lon: r.Float64()*360 - 180,
		})
	}
	events := make([]stocked, n)
	for i := range events {
		starts := day.Add(time.Duration(r.IntN(400)-20) * 12 * time.Hour)
		e := stocked{soldOut: r.IntN(4) == 0, Event: ticket.Event{
			ID: fmt.Sprintf("ev_%04d", r.Perm(10_000)[0]*10_000+i), Name: pick(rareWords) + " night", Artist: "The " + pick(rareWords) + " " + pick(rareWords),
			Genre: pick(someGenre), Description: "All about " + pick(rareWords) + ".", Venue: venues[r.IntN(len(venues))],
			StartsAt: starts, DoorsAt: starts, OnSaleAt: day, Currency: "EUR", Capacity: 100, MaxTicketsPerBuyer: 4,
			Status: []ticket.EventStatus{"scheduled", "scheduled", "scheduled", "postponed", "canceled", "draft"}[r.IntN(6)],
		}}
		for j := range r.IntN(4) {
			e.Prices = append(e.Prices, ticket.Price{Category: fmt.Sprint(j), Price: ticket.Money{Amount: int64(r.IntN(10)) * 1000, Currency: "EUR"}})
		}
		events[i] = e
	}
	return events
}

// maybe draws a value, or none.
func maybe[T any](rt *rapid.T, name string, g *rapid.Generator[T]) *T {
	if rapid.IntRange(0, 2).Draw(rt, name+"?") > 0 {
		return nil
	}
	v := g.Draw(rt, name)
	return &v
}

func drawQuery(rt *rapid.T) ticket.SearchQuery {
	q := ticket.SearchQuery{Limit: rapid.SampledFrom([]int{1, 7, 20, 100}).Draw(rt, "limit"), Available: rapid.Bool().Draw(rt, "available")}
	if c := maybe(rt, "city", rapid.SampledFrom(append([]string{"KÖLN", "koln", "lodz", "sao paulo", "aeroskobing", "Nowhere"}, someCity...))); c != nil {
		q.City = *c
	}
	if g := maybe(rt, "genre", rapid.SampledFrom(append([]string{"rock", "electro", "HIP-HOP"}, someGenre...))); g != nil {
		q.Genre = *g
	}
	if c := maybe(rt, "country", rapid.SampledFrom([]string{"DE", "fr", "XX"})); c != nil {
		q.Country = *c
	}
	if d := maybe(rt, "from", rapid.IntRange(-30, 200)); d != nil {
		q.From = day.Add(time.Duration(*d) * 12 * time.Hour)
	}
	if d := maybe(rt, "to", rapid.IntRange(0, 100)); d != nil {
		from := q.From
		if from.IsZero() {
			from = day
		}
		q.To = from.Add(time.Duration(*d) * 24 * time.Hour)
	}
	if p := maybe(rt, "min", rapid.Int64Range(0, 10)); p != nil {
		q.MinPrice = new(*p * 1000)
	}
	if p := maybe(rt, "max", rapid.Int64Range(0, 10)); p != nil && (q.MinPrice == nil || *p*1000 >= *q.MinPrice) {
		q.MaxPrice = new(*p * 1000)
	}
	if w := maybe(rt, "words", rapid.SliceOfN(rapid.SampledFrom(rareWords), 1, 2)); w != nil {
		q.Text = strings.Join(*w, " ")
	}
	if rapid.Bool().Draw(rt, "near?") {
		q.Near = &ticket.Point{Lat: rapid.Float64Range(-80, 80).Draw(rt, "lat"), Lon: rapid.Float64Range(-180, 180).Draw(rt, "lon")}
		if r := maybe(rt, "radius", rapid.Float64Range(1, 15_000)); r != nil {
			q.RadiusKm = *r
		}
	}
	sorts := []ticket.SearchSort{ticket.SortRelevance, ticket.SortDate, ticket.SortPrice}
	if q.Near != nil {
		sorts = append(sorts, ticket.SortDistance)
	}
	q.Sort = rapid.SampledFrom(sorts).Draw(rt, "sort")
	return q
}

// oracle finds by plain SQL over the plain tables, all at once: ids in their
// order, and the counts of a facet.
type oracle struct {
	w    *world
	args []any
}

func (o *oracle) arg(v any) string {
	o.args = append(o.args, v)
	return fmt.Sprintf("$%d", len(o.args))
}

// plainly is the poor man's folding, good for the letters that occur here.
const plainly = `replace(replace(translate(lower(%s), 'öłóźãøéòÖŁÓŹÃØÉ', 'oloza' || 'oeoolozaoe'), 'æ', 'ae'), 'Æ', 'ae')`

func plain(s string) string {
	return strings.NewReplacer("ö", "o", "ł", "l", "ó", "o", "ź", "z", "ã", "a", "ø", "o", "é", "e", "æ", "ae").Replace(strings.ToLower(s))
}

func (o *oracle) conditions(q *ticket.SearchQuery, now time.Time, city, genre, month bool) string {
	c := []string{"e.status IN ('scheduled', 'postponed')", "e.starts_at > " + o.arg(now)}
	if q.City != "" && city {
		c = append(c, fmt.Sprintf(plainly, "v.city")+" = "+o.arg(plain(q.City)))
	}
	if q.Genre != "" && genre {
		c = append(c, fmt.Sprintf(plainly, "e.genre")+" = "+o.arg(plain(q.Genre)))
	}
	if q.Country != "" {
		c = append(c, "v.country = upper("+o.arg(q.Country)+")")
	}
	if !q.From.IsZero() && month {
		c = append(c, "e.starts_at >= "+o.arg(q.From))
	}
	if !q.To.IsZero() && month {
		c = append(c, "e.starts_at <= "+o.arg(q.To))
	}
	if q.Available {
		c = append(c, "e.id NOT IN (SELECT event_id FROM event_stock WHERE sold_out)")
	}
	if q.RadiusKm > 0 {
		c = append(c, o.distance(q)+" <= "+o.arg(q.RadiusKm*1000))
	}
	least, most := cmp.Or(q.MinPrice, new(int64(0))), cmp.Or(q.MaxPrice, new(int64(1<<40)))
	if q.MinPrice != nil || q.MaxPrice != nil {
		c = append(c, fmt.Sprintf("e.id IN (SELECT event_id FROM prices WHERE price >= %s AND price <= %s)", o.arg(*least), o.arg(*most)))
	}
	if q.Text != "" {
		var together, described []string
		for word := range strings.FieldsSeq(q.Text) {
			together = append(together, "e.artist || ' ' || e.name || ' ' || v.name LIKE '%' || "+o.arg(word)+" || '%'")
			described = append(described, "e.description LIKE '%' || "+o.arg(word)+" || '%'")
		}
		c = append(c, "(("+strings.Join(together, " AND ")+") OR ("+strings.Join(described, " AND ")+"))")
	}
	return " FROM events e JOIN venues v ON v.id = e.venue_id WHERE " + strings.Join(c, " AND ")
}

func (o *oracle) distance(q *ticket.SearchQuery) string {
	lat, lon := o.arg(q.Near.Lat), o.arg(q.Near.Lon)
	return fmt.Sprintf(`(6371008.7714 * acos(least(1, sin(radians(%[1]s)) * sin(radians(v.lat))
		+ cos(radians(%[1]s)) * cos(radians(v.lat)) * cos(radians(v.lon - %[2]s)))))`, lat, lon)
}

func (o *oracle) order(q *ticket.SearchQuery) string {
	switch {
	case q.Sort == ticket.SortDate:
		return "e.starts_at, e.id"
	case q.Sort == ticket.SortPrice:
		return "(SELECT min(price) FROM prices WHERE event_id = e.id) NULLS LAST, e.id"
	case q.Sort == ticket.SortDistance:
		return "round((" + o.distance(q) + ")::numeric, 1), e.id" // venues share a place, or are far apart
	case q.Text != "":
		return "e.id" // ranks are not the oracle's matter
	default:
		return "e.id IN (SELECT event_id FROM event_stock WHERE sold_out), e.starts_at, e.id"
	}
}

func (o *oracle) ids(rt *rapid.T, q *ticket.SearchQuery, now time.Time) []string {
	o.args = nil
	sql := "SELECT e.id" + o.conditions(q, now, true, true, true) + " ORDER BY " + o.order(q)
	rows, err := o.w.pool.Query(rapidContext, sql, o.args...)
	require.NoError(rt, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(rt, err)
	return ids
}

func (o *oracle) facet(rt *rapid.T, value, order, conditions string, limit int) []ticket.FacetValue {
	sql := fmt.Sprintf("SELECT %s AS value, count(*)::int%s GROUP BY 1 ORDER BY %s LIMIT %d", value, conditions, order, limit)
	rows, err := o.w.pool.Query(rapidContext, sql, o.args...)
	require.NoError(rt, err)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ticket.FacetValue])
	require.NoError(rt, err)
	if list == nil {
		return []ticket.FacetValue{}
	}
	return list
}

func TestEveryFilterAndSortAgreesWithPlainSQL(t *testing.T) {
	t.Parallel()
	w := newWorld(t, randomEvents(1, 300))
	o := &oracle{w: w}
	engines := map[string]*search.Service{"elastic": w.service(t), "postgres": w.limited(t)}
	rapid.Check(t, func(rt *rapid.T) {
		q := drawQuery(rt)
		now := time.Now().Truncate(time.Minute)
		want := o.ids(rt, &q, now)
		for name, s := range engines {
			first, got, err := everything(rapidContext, s, q)
			require.NoError(rt, err, name)
			require.Equal(rt, name == "postgres", first.Degraded, "%s: degraded", name)
			if q.Sort == ticket.SortRelevance && q.Text != "" {
				require.ElementsMatch(rt, want, got, name)
			} else {
				require.Equal(rt, want, append([]string{}, got...), name)
			}
			require.Equal(rt, len(want), first.Total, "%s: total", name)
			o.args = nil
			cities := o.facet(rt, "v.city", "2 DESC, 1", o.conditions(&q, now, false, true, true), ticket.FacetSize)
			require.Equal(rt, cities, first.Facets.City, "%s: cities", name)
			o.args = nil
			genres := o.facet(rt, "e.genre", "2 DESC, 1", o.conditions(&q, now, true, false, true), ticket.FacetSize)
			require.Equal(rt, genres, first.Facets.Genre, "%s: genres", name)
			o.args = nil
			months := o.facet(rt, "to_char(e.starts_at AT TIME ZONE 'UTC', 'YYYY-MM')", "1", o.conditions(&q, now, true, true, false), ticket.MonthFacets)
			require.Equal(rt, months, first.Facets.Month, "%s: months", name)
		}
	})
}

// rapidContext is what the drawn cases run in: rapid repeats them when it
// looks for a smaller one, which the test's own context would not outlive.
var rapidContext = context.Background()
