package ticket

import (
	"math"
	"time"
	"unicode/utf8"
)

// SearchSort is an order of found events. Equal ones are ordered by id.
type SearchSort string

// The orders of found events. SortRelevance puts first what fits the text best,
// is soon and is not sold out; without a text, what is not sold out, by start.
const (
	SortRelevance SearchSort = "relevance"
	SortDate      SearchSort = "date"
	SortPrice     SearchSort = "price"
	SortDistance  SearchSort = "distance"
)

// Limits of a search.
const (
	// MaxSearchText bounds the text, in characters; MaxSearchWords is how many
	// words of it count.
	MaxSearchText  = 200
	MaxSearchWords = 12
	// MaxSearchFilter bounds city, country, genre and artist.
	MaxSearchFilter = 120
	MaxSearchLimit  = 100
	// MaxRadiusKm is half of the Earth's circumference, rounded up.
	MaxRadiusKm = 20_040
	// NoPrice sorts events that have no price at the end: the largest integer
	// that every reader of JSON knows exactly.
	NoPrice = 1<<53 - 1
	// EarthRadius in metres, as Elasticsearch has it.
	EarthRadius = 6371008.7714
)

// Point is a place on Earth, in degrees north and east.
type Point struct {
	Lat, Lon float64
}

// SearchQuery is what somebody looks for. Only events that are announced and
// have not started are found.
type SearchQuery struct {
	// Text is matched by words: typos, accents, beginnings and synonyms are
	// forgiven. Empty matches everything.
	Text string
	// City, Country, Genre and Artist must be equal, but for case and accents;
	// empty ones do not matter.
	City, Country, Genre, Artist string
	// From and To bound the start, both included; zero for no bound.
	From, To time.Time
	// Near is where distances are measured from; RadiusKm bounds them when it is
	// positive.
	Near     *Point
	RadiusKm float64
	// MinPrice and MaxPrice bound the face price in minor units; an event fits
	// when any category does.
	MinPrice, MaxPrice *int64
	// Available leaves out what is sold out.
	Available bool
	Sort      SearchSort
	Limit     int
}

// Validate reports the first parameter that makes no sense, by its name.
func (q *SearchQuery) Validate() error {
	if err := q.validateTexts(); err != nil {
		return err
	}
	switch {
	case !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From):
		return Invalid("to", "must not be before from")
	case q.MinPrice != nil && *q.MinPrice < 0:
		return Invalid("min_price", "must not be negative")
	case q.MaxPrice != nil && *q.MaxPrice < 0:
		return Invalid("max_price", "must not be negative")
	case q.MinPrice != nil && q.MaxPrice != nil && *q.MaxPrice < *q.MinPrice:
		return Invalid("max_price", "must not be less than min_price")
	case q.Limit < 1 || q.Limit > MaxSearchLimit:
		return Invalid("limit", "must be between 1 and %d", MaxSearchLimit)
	}
	return q.validatePlace()
}

func (q *SearchQuery) validateTexts() error {
	texts := []struct {
		name, value string
		most        int
	}{
		{"q", q.Text, MaxSearchText},
		{"city", q.City, MaxSearchFilter},
		{"genre", q.Genre, MaxSearchFilter},
		{"artist", q.Artist, MaxSearchFilter},
	}
	for _, t := range texts {
		if !utf8.ValidString(t.value) {
			return Invalid(t.name, "is not valid UTF-8")
		}
		if utf8.RuneCountInString(t.value) > t.most {
			return Invalid(t.name, "may have %d characters at most", t.most)
		}
	}
	if q.Country != "" && !isCountry(q.Country) {
		return Invalid("country", "must be two letters of ISO 3166-1")
	}
	return nil
}

// Measured tells whether the order depends on how an engine measures: another
// engine then finds a place by its number only.
func (q *SearchQuery) Measured() bool {
	return q.Sort == SortDistance || q.Sort == SortRelevance && q.Text != ""
}

func (q *SearchQuery) validatePlace() error {
	switch q.Sort {
	case SortRelevance, SortDate, SortPrice:
	case SortDistance:
		if q.Near == nil {
			return Invalid("lat", "is required, with lon, to sort by distance")
		}
	default:
		return Invalid("sort", "must be relevance, date, price or distance")
	}
	switch {
	case q.Near == nil && q.RadiusKm != 0:
		return Invalid("lat", "is required, with lon, for radius_km")
	case q.Near == nil:
		return nil
	case !within(q.Near.Lat, 90):
		return Invalid("lat", "must be between -90 and 90")
	case !within(q.Near.Lon, 180):
		return Invalid("lon", "must be between -180 and 180")
	case math.IsNaN(q.RadiusKm) || q.RadiusKm < 0 || q.RadiusKm > MaxRadiusKm:
		return Invalid("radius_km", "must be between 0 and %d", MaxRadiusKm)
	}
	return nil
}

func within(degrees, most float64) bool { return !math.IsNaN(degrees) && math.Abs(degrees) <= most }

func isCountry(s string) bool {
	if len(s) != 2 {
		return false
	}
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

// SearchPlace is a place in a list of found events: behind the last one given.
// Its zero value, but for Now, is the beginning.
type SearchPlace struct {
	// Now is the time by which the list was begun, to the minute: what started
	// before is not in it.
	Now time.Time
	// Given is how many events were given before.
	Given int
	// Keys and ID are what the last event was ordered by, as Engine measured it.
	Keys   []float64
	ID     string
	Engine string
	// View is the state of the index that further pages are read from, if one is
	// kept.
	View string
	// Similar says that the list was begun with words a typo away, because the
	// text itself was found nowhere.
	Similar bool
}

// Found is an event that was found.
type Found struct {
	Event *Event
	// SoldOut is what the index knows; the live count may be newer.
	SoldOut bool
}

// FacetValue counts the found events that have a value.
type FacetValue struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

// SearchFacets count found events by city, genre and month ("2030-05", UTC).
// Each counts as if its own filter were not set, so that it shows what else
// there is to choose: months ignore from and to.
type SearchFacets struct {
	City  []FacetValue `json:"city"`
	Genre []FacetValue `json:"genre"`
	Month []FacetValue `json:"month"`
}

// FacetSize is how many values the facets of city and genre have at most, the
// most frequent ones; MonthFacets how many months, the next ones.
const (
	FacetSize   = 20
	MonthFacets = 24
)

// SearchPage is a part of what was found.
type SearchPage struct {
	Items  []Found
	Facets SearchFacets
	// Total counts everything that was found, on all pages.
	Total int
	// Next is where the next page begins, nil on the last one.
	Next *SearchPlace
}

// SuggestionKind says what a suggestion names.
type SuggestionKind string

// What suggestions name.
const (
	SuggestArtist SuggestionKind = "artist"
	SuggestEvent  SuggestionKind = "event"
	SuggestVenue  SuggestionKind = "venue"
	SuggestCity   SuggestionKind = "city"
)

// Suggestion completes what somebody types. ID is that of an event or a venue;
// artists and cities are named by their text.
type Suggestion struct {
	Text string         `json:"text"`
	Kind SuggestionKind `json:"kind" enum:"artist,event,venue,city"`
	ID   string         `json:"id"`
}

// MaxSuggestions is how many suggestions one answer has.
const MaxSuggestions = 10
