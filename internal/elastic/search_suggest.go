package elastic

import (
	"context"
	"encoding/json"
	"time"

	"yourticket.example/ticket"
)

// longestBeginning is how many letters of a word's beginning are indexed.
const longestBeginning = 15

// Suggest completes a folded text: artists, events, cities and venues of events
// to come whose words begin so, give or take a typo.
func (s *Search) Suggest(ctx context.Context, text string, now time.Time) (list []ticket.Suggestion, err error) {
	defer wrap(&err, "elastic.Suggest(%q)", text)
	text = shortened(text)
	answers, err := s.multi(ctx, []object{
		completing("artist.beginnings", text, now, 4, "artist.folded"),
		completing("name.beginnings", text, now, 4, ""),
		cities(text, now),
		completing("venue.name.beginnings", text, now, 3, "venue.id"),
	})
	if err != nil {
		return nil, err
	}
	for i := range answers {
		if err := answers[i].failure(); err != nil {
			return nil, err
		}
	}
	for _, h := range answers[0].Hits.Hits {
		list = append(list, ticket.Suggestion{Text: h.Source.Artist, Kind: ticket.SuggestArtist})
	}
	for _, h := range answers[1].Hits.Hits {
		list = append(list, ticket.Suggestion{Text: h.Source.Name, Kind: ticket.SuggestEvent, ID: h.Source.ID})
	}
	for _, b := range answers[2].Aggregations["city"].Buckets {
		var city string
		if json.Unmarshal(b.Key, &city) == nil {
			list = append(list, ticket.Suggestion{Text: city, Kind: ticket.SuggestCity})
		}
	}
	for _, h := range answers[3].Hits.Hits {
		list = append(list, ticket.Suggestion{Text: h.Source.Venue.Name, Kind: ticket.SuggestVenue, ID: h.Source.Venue.ID})
	}
	return list[:min(len(list), ticket.MaxSuggestions)], nil
}

// completing finds what has words that begin like those of the text, exact
// beginnings first, then the soonest. Of those that share a field, if one is
// given, the best stands for all.
func completing(field, text string, now time.Time, size int, share string) object {
	search := object{
		"size": size, "track_total_hits": false,
		"_source": []string{"id", "name", "artist", "venue.id", "venue.name"},
		"query": object{"bool": object{
			"filter": append(filters(&ticket.SearchQuery{}, now), beginning(field, text, "AUTO")),
			"should": object{"constant_score": object{"filter": beginning(field, text, "0")}},
		}},
		"sort": []any{object{"_score": "desc"}, object{"starts_at": "asc"}, object{"id": "asc"}},
	}
	if share != "" {
		search["collapse"] = object{"field": share}
	}
	return search
}

func beginning(field, text, fuzziness string) object {
	return object{"match": object{field: object{
		"query": text, "operator": "and", "fuzziness": fuzziness, "prefix_length": 1, "max_expansions": 10,
	}}}
}

func cities(text string, now time.Time) object {
	return object{
		"size": 0, "track_total_hits": false,
		"query": object{"bool": object{"filter": append(filters(&ticket.SearchQuery{}, now), beginning("venue.city.beginnings", text, "AUTO"))}},
		"aggs":  object{"city": object{"terms": object{"field": "venue.city.exact", "size": 3}}},
	}
}

// shortened cuts long words to what is indexed of them.
func shortened(text string) string {
	var out []rune
	n := 0
	for _, r := range text {
		if r == ' ' {
			n = 0
		} else if n++; n > longestBeginning {
			continue
		}
		out = append(out, r)
	}
	return string(out)
}
