package elastic

import (
	"encoding/json"
	"strings"
	"time"

	"yourticket.example/ticket"
)

// Factors of the order by relevance.
const (
	// halfAway is when an event counts half of one that is now, above the part
	// that always counts.
	halfAway = "90d"
	// soldOutFactor is what a sold-out event counts.
	soldOutFactor = 0.5
)

// scored is the whole query. Whatever is no text is a filter: filters are kept
// in the index's memory and are not weighed. Similar words are found, too, when
// asked for: they cost several times as much.
func scored(q *ticket.SearchQuery, at ticket.SearchPlace) object {
	filters := append(filters(q, at.Now), facetFilters(q, "")...)
	if q.Text == "" || q.Sort != ticket.SortRelevance {
		return filtered(q, filters, at.Similar)
	}
	return object{"boosting": object{
		"positive": object{"function_score": object{
			"query": object{"bool": object{"must": recall(q.Text, at.Similar), "should": weighed(q.Text, at.Similar), "filter": filters}},
			"functions": []object{
				{"weight": 0.5},
				{"weight": 0.5, "exp": object{"starts_at": object{"origin": minute(at.Now), "scale": halfAway, "decay": 0.5}}},
			},
			"score_mode": "sum", "boost_mode": "multiply",
		}},
		"negative":       object{"term": object{"sold_out": true}},
		"negative_boost": soldOutFactor,
	}}
}

// filtered finds the same without weighing it.
func filtered(q *ticket.SearchQuery, filters []object, similar bool) object {
	if q.Text != "" {
		filters = append(filters, recall(q.Text, similar))
	}
	return object{"bool": object{"filter": filters}}
}

// recall decides what a text finds: events that have its words in artist, name,
// venue, city or genre together; the last word may go on. Of four words or more
// a quarter may be missing. Or it has all of them in its description. Similar
// adds words that are a typo away.
func recall(text string, similar bool) object {
	begun := object{"query": text, "minimum_should_match": "3<75%"}
	ways := []object{
		{"constant_score": object{"boost": 1, "filter": object{"match_bool_prefix": object{"everything": begun}}}},
		{"constant_score": object{"boost": 1, "filter": object{"match": object{"everything": object{
			"query": text, "analyzer": "words_and_synonyms", "operator": "and",
		}}}}},
		{"constant_score": object{"boost": 0.2, "filter": object{"match": object{"description": object{
			"query": text, "operator": "and",
		}}}}},
	}
	if similar {
		begun["fuzziness"], begun["prefix_length"], begun["max_expansions"] = "AUTO", 1, 30
		ways = append(ways, object{"constant_score": object{"boost": 1, "filter": object{"match": object{"everything": begun}}}})
	}
	return object{"dis_max": object{"queries": ways}}
}

// weighed is what makes a find a better one: the artist counts more than the
// name, the name more than venue, city and genre; exact words more than similar
// ones, and words in their order more than anywhere.
func weighed(text string, similar bool) []object {
	list := []object{
		{"match_phrase": object{"artist": object{"query": text, "boost": 4, "slop": 1}}},
		{"match": object{"artist": object{"query": text, "boost": 6}}},
		{"match": object{"artist.beginnings": object{"query": text, "boost": 2}}},
		{"match": object{"name": object{"query": text, "boost": 3}}},
		{"match": object{"venue.name": object{"query": text, "boost": 2}}},
		{"match": object{"venue.city": object{"query": text, "boost": 2, "analyzer": "words_and_synonyms"}}},
		{"match": object{"genre": object{"query": text, "boost": 2, "analyzer": "words_and_synonyms"}}},
	}
	if !similar {
		return list
	}
	return append(
		list,
		object{"match": object{"artist": object{"query": text, "boost": 2, "fuzziness": "AUTO", "prefix_length": 1, "max_expansions": 10}}},
		object{"match": object{"name": object{"query": text, "boost": 1, "fuzziness": "AUTO", "prefix_length": 1, "max_expansions": 10}}},
	)
}

// filters are the conditions that everything found meets, but for those of facets.
func filters(q *ticket.SearchQuery, now time.Time) []object {
	list := []object{
		{"range": object{"starts_at": object{"gt": minute(now)}}},
		{"terms": object{"status": []string{string(ticket.EventScheduled), string(ticket.EventPostponed)}}},
	}
	if q.Artist != "" {
		list = append(list, term("artist.folded", q.Artist))
	}
	if q.Country != "" {
		list = append(list, term("venue.country", strings.ToUpper(q.Country)))
	}
	if q.Available {
		list = append(list, term("sold_out", false))
	}
	if q.RadiusKm > 0 {
		list = append(list, object{"geo_distance": object{"distance": q.RadiusKm, "unit": "km", "venue.location": point(q.Near)}})
	}
	if q.MinPrice != nil || q.MaxPrice != nil {
		bounds := object{}
		if q.MinPrice != nil {
			bounds["gte"] = *q.MinPrice
		}
		if q.MaxPrice != nil {
			bounds["lte"] = *q.MaxPrice
		}
		list = append(list, object{"range": object{"prices": bounds}})
	}
	return list
}

// facetFilters are the conditions that belong to facets, but for that of one.
func facetFilters(q *ticket.SearchQuery, except string) (list []object) {
	if q.City != "" && except != "city" {
		list = append(list, term("venue.city.folded", q.City))
	}
	if q.Genre != "" && except != "genre" {
		list = append(list, term("genre.folded", q.Genre))
	}
	if except == "month" {
		return list
	}
	bounds := object{}
	if !q.From.IsZero() {
		bounds["gte"] = q.From.UTC().Format(time.RFC3339Nano)
	}
	if !q.To.IsZero() {
		bounds["lte"] = q.To.UTC().Format(time.RFC3339Nano)
	}
	if len(bounds) > 0 {
		list = append(list, object{"range": object{"starts_at": bounds}})
	}
	return list
}

func term(field string, value any) object { return object{"term": object{field: value}} }

// aggregation counts the values of a facet.
var aggregation = map[string]object{
	"city":  {"terms": object{"field": "venue.city.exact", "size": ticket.FacetSize}},
	"genre": {"terms": object{"field": "genre.exact", "size": ticket.FacetSize}},
	"month": {"date_histogram": object{"field": "starts_at", "calendar_interval": "month", "format": "yyyy-MM", "min_doc_count": 1}},
}

// facetNames are the facets in a fixed order.
var facetNames = []string{"city", "genre", "month"}

// unset counts the facets whose filters are not set, among all that is found.
func unset(q *ticket.SearchQuery) object {
	together := object{}
	for _, name := range facetNames {
		if !isSet(q, name) {
			together[name] = aggregation[name]
		}
	}
	return together
}

// apart asks for each facet whose filter is set, without that filter.
func apart(q *ticket.SearchQuery, at ticket.SearchPlace) (list []object) {
	for _, name := range facetNames {
		if isSet(q, name) {
			list = append(list, object{
				"size": 0, "track_total_hits": false, "aggs": object{name: aggregation[name]},
				"query": filtered(q, append(filters(q, at.Now), facetFilters(q, name)...), at.Similar),
			})
		}
	}
	return list
}

func isSet(q *ticket.SearchQuery, facet string) bool {
	switch facet {
	case "city":
		return q.City != ""
	case "genre":
		return q.Genre != ""
	default:
		return !q.From.IsZero() || !q.To.IsZero()
	}
}

// facets reads the counts of all answers.
func facets(answers []answer) ticket.SearchFacets {
	values := map[string][]ticket.FacetValue{"city": {}, "genre": {}, "month": {}}
	for i := range answers {
		for name, a := range answers[i].Aggregations {
			for _, b := range a.Buckets {
				text := b.Text
				if text == "" && json.Unmarshal(b.Key, &text) != nil {
					continue
				}
				values[name] = append(values[name], ticket.FacetValue{Value: text, Count: b.Count})
			}
		}
	}
	months := values["month"]
	return ticket.SearchFacets{City: values["city"], Genre: values["genre"], Month: months[:min(len(months), ticket.MonthFacets)]}
}
