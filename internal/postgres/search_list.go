package postgres

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// relevance is how well the words fit, by weight, the sooner and the more
// available the better: what is a season away counts half.
const relevance = `ts_rank('{0.05, 0.4, 0.6, 1}', s.words, to_tsquery('simple', %s))
	* (CASE WHEN coalesce(k.sold_out, false) THEN 0.5 ELSE 1 END)
	/ (1 + extract(epoch FROM e.starts_at - %s) / 86400 / 90)`

const (
	soldOutKey = "coalesce(k.sold_out, false)::int::float8"
	startKey   = "(extract(epoch FROM e.starts_at) * 1000000)::float8"
	priceKey   = "coalesce((SELECT min(p.price) FROM prices p WHERE p.event_id = e.id), %d)::float8"
)

// pageStatement lists what is found behind a place. By rank the place is a
// number, and so it is where another engine has measured the distance.
func pageStatement(q *ticket.SearchQuery, at ticket.SearchPlace) statement {
	s := statement{}
	conditions := s.where(q, at.Now)
	city, genre, month := s.facetConditions(q)
	conditions = strings.Join([]string{conditions, city, genre, month}, " AND ")
	key1, key2, behind := "0::float8", "0::float8", ""
	var order string
	switch {
	case q.Sort == ticket.SortRelevance && q.Text != "":
		order = fmt.Sprintf(relevance, s.arg(textQuery(q.Text)), s.arg(at.Now)) + " DESC, e.starts_at, e.id OFFSET " + s.arg(at.Given)
	case q.Sort == ticket.SortRelevance:
		key1, key2, order = soldOutKey, startKey, "3, e.starts_at, e.id"
		behind = s.behind(at, soldOutKey, startKey)
	case q.Sort == ticket.SortDate:
		key1, order = startKey, "e.starts_at, e.id"
		behind = s.behind(at, startKey)
	case q.Sort == ticket.SortPrice:
		key1 = fmt.Sprintf(priceKey, int64(ticket.NoPrice))
		order, behind = "3, e.id", s.behind(at, key1)
	default:
		key1 = s.distance(q.Near)
		order = "3, e.id"
		if at.Engine == engineName {
			behind = s.behind(at, key1)
		} else {
			order += " OFFSET " + s.arg(at.Given)
		}
	}
	s.sql = fmt.Sprintf("SELECT e.id, coalesce(k.sold_out, false), %s, %s%s WHERE %s%s ORDER BY %s LIMIT %s",
		key1, key2, searched, conditions, behind, order, s.arg(q.Limit+1))
	return s
}

// behind is the condition that an event comes after a place in the order of
// these keys.
func (s *statement) behind(at ticket.SearchPlace, keys ...string) string {
	if at.Given == 0 || len(at.Keys) < len(keys) {
		return ""
	}
	var values []string
	for i := range keys {
		values = append(values, s.arg(at.Keys[i])+"::float8")
	}
	return fmt.Sprintf(" AND (%s, e.id) > (%s, %s)", strings.Join(keys, ", "), strings.Join(values, ", "), s.arg(at.ID))
}

// countStatement counts what is found, and the values of each facet.
func countStatement(q *ticket.SearchQuery, at ticket.SearchPlace) statement {
	s := statement{}
	conditions := s.where(q, at.Now)
	city, genre, month := s.facetConditions(q)
	s.sql = fmt.Sprintf(`
		WITH found AS MATERIALIZED (
			SELECT e.venue_id, e.genre, e.starts_at, %s AS in_city, %s AS in_genre, %s AS in_time %s WHERE %s)
		SELECT 'total', '', count(*) FROM found WHERE in_city AND in_genre AND in_time
		UNION ALL (
			SELECT 'city', v.city, sum(n)::bigint
			FROM (SELECT venue_id, count(*) AS n FROM found WHERE in_genre AND in_time GROUP BY 1) f JOIN venues v ON v.id = f.venue_id
			GROUP BY v.city ORDER BY 3 DESC, v.city COLLATE "C" LIMIT %[6]d)
		UNION ALL (
			SELECT 'genre', genre, count(*) FROM found WHERE in_city AND in_time
			GROUP BY genre ORDER BY 3 DESC, genre COLLATE "C" LIMIT %[6]d)
		UNION ALL (
			SELECT 'month', to_char(m, 'YYYY-MM'), n
			FROM (SELECT date_trunc('month', starts_at AT TIME ZONE 'UTC') AS m, count(*) AS n
			      FROM found WHERE in_city AND in_genre GROUP BY 1 ORDER BY 1 LIMIT %[7]d) f)`,
		city, genre, month, searched, conditions, ticket.FacetSize, ticket.MonthFacets)
	return s
}

func collectCounts(rows pgx.Rows, p *ticket.SearchPage) error {
	p.Facets = ticket.SearchFacets{City: []ticket.FacetValue{}, Genre: []ticket.FacetValue{}, Month: []ticket.FacetValue{}}
	var (
		kind string
		v    ticket.FacetValue
	)
	_, err := pgx.ForEachRow(rows, []any{&kind, &v.Value, &v.Count}, func() error {
		switch kind {
		case "total":
			p.Total = v.Count
		case "city":
			p.Facets.City = append(p.Facets.City, v)
		case "genre":
			p.Facets.Genre = append(p.Facets.Genre, v)
		default:
			p.Facets.Month = append(p.Facets.Month, v)
		}
		return nil
	})
	return err
}
