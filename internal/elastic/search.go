package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	"yourticket.example/ticket"
)

// Search finds events in the index. It is safe for concurrent use.
type Search struct {
	client *Client
	alias  string
	views  views
}

// NewSearch makes a Search of the indices behind an alias, usually Alias.
func NewSearch(c *Client, alias string) *Search { return &Search{client: c, alias: alias} }

// Name is the engine's name in places of lists.
func (s *Search) Name() string { return "elastic" }

// Ping tells whether the index can answer searches: it is there, and no part of
// it is out of reach.
func (s *Search) Ping(ctx context.Context) (err error) {
	defer wrap(&err, "elastic.Search.Ping()")
	var health struct {
		Status string `json:"status"`
	}
	if err := s.client.call(ctx, http.MethodGet, "/_cluster/health/"+s.alias+"?filter_path=status&timeout=1s", nil, &health); err != nil {
		return err
	}
	if health.Status == "red" {
		return unavailable("the index is red")
	}
	return nil
}

// Generation changes whenever anything is written to the index, or another one
// takes its place.
func (s *Search) Generation(ctx context.Context) (text string, err error) {
	defer wrap(&err, "elastic.Generation()")
	answer, err := s.client.exchange(ctx, http.MethodGet, "/"+s.alias+"/_stats/indexing,docs,refresh?filter_path="+
		"indices.*.uuid,indices.*.primaries.indexing.index_total,indices.*.primaries.indexing.delete_total,"+
		"indices.*.primaries.docs.count,indices.*.total.refresh.external_total", "", nil)
	return string(answer), err
}

// FilterCache sums up what the nodes say of their query caches.
func (s *Search) FilterCache(ctx context.Context) (hits, misses int64, err error) {
	defer wrap(&err, "elastic.FilterCache()")
	var stats struct {
		Nodes map[string]struct {
			Indices struct {
				QueryCache struct {
					Hits   int64 `json:"hit_count"`
					Misses int64 `json:"miss_count"`
				} `json:"query_cache"`
			} `json:"indices"`
		} `json:"nodes"`
	}
	err = s.client.call(ctx, http.MethodGet, "/_nodes/stats/indices/query_cache?filter_path=nodes.*.indices.query_cache", nil, &stats)
	for _, n := range stats.Nodes {
		hits, misses = hits+n.Indices.QueryCache.Hits, misses+n.Indices.QueryCache.Misses
	}
	return hits, misses, err
}

// Search finds the events of one page. Text, city, genre and artist must be
// folded. One request asks for the events with their counts, and for each facet
// whose own filter is set. A text that finds nothing is asked for again with
// words that are a typo away; its list then goes on like that.
func (s *Search) Search(ctx context.Context, q *ticket.SearchQuery, at ticket.SearchPlace) (page *ticket.SearchPage, err error) {
	defer wrap(&err, "elastic.Search(%q)", q.Text)
	if at.Given > 0 {
		at.View = s.views.take(ctx, s, at.View)
	}
	page, err = s.ask(ctx, q, &at)
	if err == nil && page.Total == 0 && q.Text != "" && at.Given == 0 {
		at.Similar = true
		page, err = s.ask(ctx, q, &at)
	}
	return page, err
}

func (s *Search) ask(ctx context.Context, q *ticket.SearchQuery, at *ticket.SearchPlace) (page *ticket.SearchPage, err error) {
	list, err := s.list(q, *at)
	if err != nil {
		return nil, err
	}
	answers, err := s.multi(ctx, append([]object{list}, apart(q, *at)...))
	if err != nil {
		return nil, err
	}
	if at.View != "" && lostView(answers[0]) {
		s.views.forget(at.View)
		at.View = ""
		if list, err = s.list(q, *at); err != nil {
			return nil, err
		}
		again, err := s.multi(ctx, []object{list})
		if err != nil {
			return nil, err
		}
		answers[0] = again[0]
	}
	for i := range answers {
		if err := answers[i].failure(); err != nil {
			return nil, err
		}
	}
	return s.page(q, *at, answers)
}

// page puts the answers together.
func (s *Search) page(q *ticket.SearchQuery, at ticket.SearchPlace, answers []answer) (*ticket.SearchPage, error) {
	p := &ticket.SearchPage{Facets: facets(answers), Total: answers[0].Hits.Total.Value}
	hits := answers[0].Hits.Hits
	more := len(hits) > q.Limit
	if more {
		hits = hits[:q.Limit]
	}
	for i := range hits {
		if !strings.HasPrefix(hits[i].Index, s.alias+"-") { // a view of something else, in a cursor made by hand
			return nil, ticket.Invalid("cursor", "is not a cursor of this search")
		}
		p.Items = append(p.Items, ticket.Found{Event: hits[i].Source.Event(), SoldOut: hits[i].Source.SoldOut})
	}
	if more {
		next, err := place(hits[len(hits)-1].Sort, q, at)
		if err != nil {
			return nil, err
		}
		next.Given, next.Engine = at.Given+q.Limit, s.Name()
		p.Next = next
	}
	return p, nil
}

// place reads what an event was ordered by. Times are in milliseconds here and
// in microseconds in places.
func place(sort []json.RawMessage, q *ticket.SearchQuery, at ticket.SearchPlace) (*ticket.SearchPlace, error) {
	p := &ticket.SearchPlace{Now: at.Now, View: at.View, Similar: at.Similar}
	for i, raw := range sort {
		if i == len(sort)-1 {
			return p, json.Unmarshal(raw, &p.ID)
		}
		var key float64
		switch string(raw) {
		case "true":
			key = 1
		case "false":
		default:
			if err := json.Unmarshal(raw, &key); err != nil {
				return nil, fmt.Errorf("sort value: %w", err)
			}
		}
		if i == startKey(q) {
			key *= 1000
		}
		p.Keys = append(p.Keys, key)
	}
	return nil, errors.New("an event without sort values")
}

// startKey is which key of an order is the start, -1 for none.
func startKey(q *ticket.SearchQuery) int {
	switch q.Sort {
	case ticket.SortDate:
		return 0
	case ticket.SortRelevance:
		return 1
	default:
		return -1
	}
}

// object is a part of a request.
type object = map[string]any

// list asks for the events of a page, and one more to know whether there is
// more, with the total and the facets whose filters are not set.
func (s *Search) list(q *ticket.SearchQuery, at ticket.SearchPlace) (object, error) {
	search := object{
		"size": q.Limit + 1, "track_total_hits": true, "sort": order(q),
		"query": scored(q, at),
	}
	if together := unset(q); len(together) > 0 {
		search["aggs"] = together
	}
	if at.View != "" {
		search["pit"] = object{"id": at.View, "keep_alive": viewFor}
	}
	switch {
	case at.Given == 0:
	case at.Engine == s.Name() || !q.Measured():
		after, err := after(q, at)
		if err != nil {
			return nil, err
		}
		search["search_after"] = after
	default: // what another engine measured says nothing here
		search["from"] = at.Given
	}
	return search, nil
}

// order is what events are sorted by. The last key is always the id, which no
// two share.
func order(q *ticket.SearchQuery) []any {
	id := object{"id": "asc"}
	switch {
	case q.Sort == ticket.SortDate:
		return []any{object{"starts_at": "asc"}, id}
	case q.Sort == ticket.SortPrice:
		return []any{object{"prices": object{"order": "asc", "mode": "min", "missing": ticket.NoPrice}}, id}
	case q.Sort == ticket.SortDistance:
		return []any{object{"_geo_distance": object{"venue.location": point(q.Near), "order": "asc", "unit": "m", "distance_type": "arc"}}, id}
	case q.Text != "":
		return []any{object{"_score": "desc"}, object{"starts_at": "asc"}, id}
	default:
		return []any{object{"sold_out": "asc"}, object{"starts_at": "asc"}, id}
	}
}

// after writes a place as sort values.
func after(q *ticket.SearchQuery, at ticket.SearchPlace) ([]any, error) {
	keys := len(order(q)) - 1
	if len(at.Keys) < keys {
		return nil, ticket.Invalid("cursor", "is not a cursor of this search")
	}
	var values []any
	for i, k := range at.Keys[:keys] {
		switch {
		case i == startKey(q):
			values = append(values, int64(math.Floor(k/1000)))
		case q.Sort == ticket.SortPrice:
			values = append(values, int64(k))
		case q.Sort == ticket.SortRelevance && q.Text == "":
			values = append(values, k != 0)
		default:
			values = append(values, k)
		}
	}
	return append(values, at.ID), nil
}

func point(p *ticket.Point) object { return object{"lat": p.Lat, "lon": p.Lon} }

// answer is one of the answers to several searches.
type answer struct {
	Status int `json:"status"`
	Hits   struct {
		Total struct {
			Value int `json:"value"`
		} `json:"total"`
		Hits []foundEvent `json:"hits"`
	} `json:"hits"`
	Aggregations map[string]struct {
		Buckets []bucket `json:"buckets"`
	} `json:"aggregations"`
	Error json.RawMessage `json:"error"`
}

// foundEvent is an event as a search gives it.
type foundEvent struct {
	Index  string            `json:"_index"`
	Source *Document         `json:"_source"`
	Sort   []json.RawMessage `json:"sort"`
}

type bucket struct {
	Key   json.RawMessage `json:"key"`
	Text  string          `json:"key_as_string"`
	Count int             `json:"doc_count"`
}

func (a *answer) failure() error {
	if a.Status >= http.StatusBadRequest {
		return sorted(a.Status, []byte(`{"error":`+string(a.Error)+`}`))
	}
	return nil
}

// multi sends several searches as one request.
func (s *Search) multi(ctx context.Context, searches []object) ([]answer, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	for _, search := range searches {
		header := object{"index": s.alias, "allow_partial_search_results": false}
		if search["pit"] != nil {
			header = object{"allow_partial_search_results": false}
		}
		if err := encoder.Encode(header); err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
		if err := encoder.Encode(search); err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
	}
	raw, err := s.client.exchange(ctx, http.MethodPost, "/_msearch?filter_path="+answerPaths, "application/x-ndjson", body.Bytes())
	if err != nil {
		return nil, err
	}
	var all struct {
		Responses []answer `json:"responses"`
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	if len(all.Responses) != len(searches) {
		return nil, fmt.Errorf("search: %d answers to %d searches", len(all.Responses), len(searches))
	}
	return all.Responses, nil
}

const answerPaths = "responses.status,responses.error,responses.hits.total.value," +
	"responses.hits.hits._index,responses.hits.hits._source,responses.hits.hits.sort,responses.aggregations.*.buckets"

// minute writes a time as filters have it.
func minute(t time.Time) string { return t.UTC().Format(time.RFC3339) }
