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
	* (CASE WHEN s.sold_out THEN 0.5 ELSE 1 END)
	/ (1 + extract(epoch FROM s.starts_at - %s) / 86400 / 90)`

const (
	soldOutKey = "s.sold_out::int::float8"
	startKey   = "(extract(epoch FROM s.starts_at) * 1000000)::float8"
	priceKey   = "coalesce(s.prices[1], %d)::float8"
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
		order = fmt.Sprintf(relevance, s.arg(textQuery(q.Text)), s.arg(at.Now)) + " DESC, s.starts_at, s.event_id OFFSET " + s.arg(at.Given)
	case q.Sort == ticket.SortRelevance:
		key1, key2, order = soldOutKey, startKey, "3, s.starts_at, s.event_id"
		behind = s.behind(at, soldOutKey, startKey)
	case q.Sort == ticket.SortDate:
		key1, order = startKey, "s.starts_at, s.event_id"
		behind = s.behind(at, startKey)
	case q.Sort == ticket.SortPrice:
		key1 = fmt.Sprintf(priceKey, int64(ticket.NoPrice))
		order, behind = "3, s.event_id", s.behind(at, key1)
	default:
		key1 = s.distance(q.Near)
		order = "3, s.event_id"
		if at.Engine == engineName {
			behind = s.behind(at, key1)
		} else {
			order += " OFFSET " + s.arg(at.Given)
		}
	}
	from := "event_search s WHERE " + conditions + behind
	if q.Sort == ticket.SortRelevance && q.Text != "" {
		from = "(SELECT s.event_id, s.sold_out, s.words, s.starts_at FROM " + from + " ORDER BY s.starts_at LIMIT " + s.arg(considered) + ") s"
	}
	s.sql = fmt.Sprintf("SELECT s.event_id, s.sold_out, %s, %s FROM %s ORDER BY %s LIMIT %s", key1, key2, from, order, s.arg(q.Limit+1))
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
	return fmt.Sprintf(" AND (%s, s.event_id) > (%s, %s)", strings.Join(keys, ", "), strings.Join(values, ", "), s.arg(at.ID))
}

// countStatement counts what is found, and the values of each facet without its
// own condition. Facets that have none count the same events as the total.
func countStatement(q *ticket.SearchQuery, at ticket.SearchPlace) statement {
	s := statement{}
	conditions := s.where(q, at.Now)
	city, genre, month := s.facetConditions(q)
	limit := s.arg(considered)
	scan := func(conditions ...string) string {
		return fmt.Sprintf("SELECT s.city_name, s.genre_name, s.starts_at FROM event_search s WHERE %s ORDER BY s.starts_at LIMIT %s",
			strings.Join(conditions, " AND "), limit)
	}
	of := func(own string, others ...string) string {
		if own == "true" {
			return "found"
		}
		return "(" + scan(append([]string{conditions}, others...)...) + ") f"
	}
	s.sql = fmt.Sprintf(`
		WITH found AS MATERIALIZED (%s)
		SELECT 'total', '', count(*) FROM found
		UNION ALL (
			SELECT 'city', city_name, count(*) FROM %s GROUP BY city_name ORDER BY 3 DESC, city_name COLLATE "C" LIMIT %[5]d)
		UNION ALL (
			SELECT 'genre', genre_name, count(*) FROM %[3]s GROUP BY genre_name ORDER BY 3 DESC, genre_name COLLATE "C" LIMIT %[5]d)
		UNION ALL (
			SELECT 'month', to_char(m, 'YYYY-MM'), n
			FROM (SELECT date_trunc('month', starts_at AT TIME ZONE 'UTC') AS m, count(*) AS n FROM %[4]s GROUP BY 1 ORDER BY 1 LIMIT %[6]d) g)`,
		scan(conditions, city, genre, month), of(city, genre, month), of(genre, city, month), of(month, city, genre),
		ticket.FacetSize, ticket.MonthFacets)
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
