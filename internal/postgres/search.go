package postgres

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yourticket.example/ticket"
)

// Search finds events by PostgreSQL's full-text search, while Elasticsearch
// cannot be asked. It finds words, beginnings of the last word, accents and
// synonyms; typos it does not forgive.
type Search struct {
	pool *pgxpool.Pool
}

// NewSearch makes a Search over the catalogue database.
func NewSearch(pool *pgxpool.Pool) *Search { return &Search{pool: pool} }

const engineName = "postgres"

// Name is the engine's name in places of lists.
func (s *Search) Name() string { return engineName }

// Search finds the events of one page. Text, city, country, genre and artist
// must be folded.
func (s *Search) Search(ctx context.Context, q *ticket.SearchQuery, at ticket.SearchPlace) (page *ticket.SearchPage, err error) {
	defer wrap(&err, "postgres.Search(%q)", q.Text)
	var (
		ids  []string
		last []sortedEvent
		sold = map[string]bool{}
		p    = &ticket.SearchPage{}
	)
	batch := &pgx.Batch{}
	list, counts := pageStatement(q, at), countStatement(q, at)
	batch.Queue(list.sql, list.args...).Query(func(rows pgx.Rows) (err error) {
		last, err = pgx.CollectRows(rows, pgx.RowToStructByPos[sortedEvent])
		return err
	})
	batch.Queue(counts.sql, counts.args...).Query(func(rows pgx.Rows) error { return collectCounts(rows, p) })
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return nil, err
	}
	if len(last) > q.Limit {
		last = last[:q.Limit]
		end := last[q.Limit-1]
		p.Next = &ticket.SearchPlace{
			Now: at.Now, Given: at.Given + q.Limit, Keys: end.keys(), ID: end.ID, Engine: s.Name(), View: at.View, Similar: at.Similar,
		}
	}
	for _, e := range last {
		ids = append(ids, e.ID)
		sold[e.ID] = e.SoldOut
	}
	p.Items, err = s.events(ctx, ids, sold)
	return p, err
}

// sortedEvent is a found event with what it was ordered by; unused keys are 0.
type sortedEvent struct {
	ID      string
	SoldOut bool
	Key1    float64
	Key2    float64
}

func (e sortedEvent) keys() []float64 { return []float64{e.Key1, e.Key2} }

func (s *Search) events(ctx context.Context, ids []string, sold map[string]bool) ([]ticket.Found, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := s.pool.Query(ctx, selectEvent+` WHERE e.id = ANY($1) ORDER BY array_position($1, e.id)`, ids)
	if err != nil {
		return nil, err
	}
	events, err := pgx.CollectRows(rows, scanEvent)
	if err != nil {
		return nil, err
	}
	found := make([]ticket.Found, len(events))
	for i, e := range events {
		found[i] = ticket.Found{Event: e, SoldOut: sold[e.ID]}
	}
	return found, nil
}

// Ping tells whether the database answers.
func (s *Search) Ping(ctx context.Context) (err error) {
	defer wrap(&err, "postgres.Search.Ping()")
	return s.pool.Ping(ctx)
}

// statement is SQL that is put together of parts, with its arguments.
type statement struct {
	sql  string
	args []any
}

// arg adds an argument and gives its placeholder.
func (s *statement) arg(v any) string {
	s.args = append(s.args, v)
	return fmt.Sprintf("$%d", len(s.args))
}

// considered is how many events are counted, and weighed for a text, at most:
// the soonest. The database has buyers to serve meanwhile.
const considered = 10_000

// where gives the conditions that everything found meets, but for those of
// facets.
func (s *statement) where(q *ticket.SearchQuery, now time.Time) string {
	conditions := []string{"s.shown", "s.starts_at > " + s.arg(now)}
	if q.Text != "" {
		conditions = append(conditions, "s.words @@ to_tsquery('simple', "+s.arg(textQuery(q.Text))+")")
	}
	if q.Artist != "" {
		conditions = append(conditions, "s.artist = "+s.arg(q.Artist))
	}
	if q.Country != "" {
		conditions = append(conditions, "s.country = "+s.arg(strings.ToUpper(q.Country)))
	}
	if q.Available {
		conditions = append(conditions, "NOT s.sold_out")
	}
	if q.RadiusKm > 0 {
		conditions = append(conditions, s.distance(q.Near)+" <= "+s.arg(q.RadiusKm*1000))
	}
	if q.MinPrice != nil || q.MaxPrice != nil {
		least, most := int64(0), int64(math.MaxInt64)
		if q.MinPrice != nil {
			least = *q.MinPrice
		}
		if q.MaxPrice != nil {
			most = *q.MaxPrice
		}
		conditions = append(conditions, fmt.Sprintf(
			"EXISTS (SELECT FROM unnest(s.prices) AS p WHERE p BETWEEN %s AND %s)", s.arg(least), s.arg(most)))
	}
	return strings.Join(conditions, " AND ")
}

// facetConditions are the conditions whose facets ignore them.
func (s *statement) facetConditions(q *ticket.SearchQuery) (city, genre, month string) {
	city, genre, month = "true", "true", "true"
	if q.City != "" {
		city = "s.city = " + s.arg(q.City)
	}
	if q.Genre != "" {
		genre = "s.genre = " + s.arg(q.Genre)
	}
	if !q.From.IsZero() {
		month += " AND s.starts_at >= " + s.arg(q.From)
	}
	if !q.To.IsZero() {
		month += " AND s.starts_at <= " + s.arg(q.To)
	}
	return city, genre, month
}

// distance is the great-circle distance in metres.
func (s *statement) distance(from *ticket.Point) string {
	lat, lon := s.arg(from.Lat), s.arg(from.Lon)
	return fmt.Sprintf(`2 * %f * asin(least(1, sqrt(sin(radians(s.lat - %[2]s) / 2) ^ 2
		+ cos(radians(%[2]s)) * cos(radians(s.lat)) * sin(radians(s.lon - %[3]s) / 2) ^ 2)))`, ticket.EarthRadius, lat, lon)
}
