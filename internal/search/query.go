package search

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"yourticket.example/ticket"
)

// noise are words that say nothing to a search for concerts. They count only
// where there is no other.
var noise = []string{"concert", "concerts", "ticket", "tickets", "gig", "gigs", "show", "shows", "live"}

// normalize checks a query and folds it: two queries that mean the same become
// equal. A text of noise only is no text, so that everything is found.
func normalize(q *ticket.SearchQuery) error {
	if q.Sort == "" {
		q.Sort = ticket.SortRelevance
	}
	if err := q.Validate(); err != nil {
		return err
	}
	said := Said(q.Text)
	if len(Words(q.Text)) == 0 && q.Text != "" && strings.TrimSpace(q.Text) != "" {
		return ticket.Invalid("q", "has no word to look for")
	}
	q.Text = said
	q.City, q.Genre, q.Artist = Fold(q.City), Fold(q.Genre), Fold(q.Artist)
	q.Country = strings.ToUpper(q.Country)
	if q.RadiusKm == 0 && q.Sort != ticket.SortDistance {
		q.Near = nil
	}
	return nil
}

// Said folds a text and leaves out the words that say nothing, and those too many.
func Said(text string) string {
	return joinWords(slices.DeleteFunc(Words(text), func(w string) bool { return slices.Contains(noise, w) }))
}

// key writes a folded query as a text that no other query has.
func key(q *ticket.SearchQuery) string {
	b := make([]byte, 0, 128)
	for _, s := range []string{q.Text, q.City, q.Country, q.Genre, q.Artist, string(q.Sort)} {
		b = append(append(b, s...), 0x1f)
	}
	b = append(appendTime(appendTime(b, q.From), q.To), 0x1f)
	if q.Near != nil {
		b = fmt.Appendf(b, "%v,%v,%v", q.Near.Lat, q.Near.Lon, q.RadiusKm)
	}
	b = append(appendPrice(append(b, 0x1f), q.MinPrice), 0x1f)
	b = append(appendPrice(b, q.MaxPrice), 0x1f)
	if q.Available {
		b = append(b, 'a')
	}
	return string(fmt.Appendf(b, "\x1f%d", q.Limit))
}

func appendTime(b []byte, t time.Time) []byte {
	if !t.IsZero() {
		b = t.UTC().AppendFormat(b, time.RFC3339Nano)
	}
	return append(b, 0x1f)
}

func appendPrice(b []byte, p *int64) []byte {
	if p != nil {
		b = fmt.Append(b, *p)
	}
	return b
}

// cursor is a place in the list of a query, as callers carry it.
type cursor struct {
	Query  string    `json:"q"`
	Now    int64     `json:"n"`
	Given  int       `json:"g"`
	Keys   []float64 `json:"k,omitempty"`
	ID     string    `json:"i"`
	Engine string    `json:"e"`
	View   string    `json:"v,omitempty"`
	Loose  bool      `json:"l,omitempty"`
}

// fingerprint ties a cursor to its query. A limit may change on the way.
func fingerprint(q *ticket.SearchQuery) string {
	same := *q
	same.Limit = 0
	sum := sha256.Sum256([]byte(key(&same)))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

func writeCursor(q *ticket.SearchQuery, p *ticket.SearchPlace) string {
	if p == nil {
		return ""
	}
	text, err := json.Marshal(cursor{
		Query: fingerprint(q), Now: p.Now.Unix(), Given: p.Given, Keys: p.Keys, ID: p.ID, Engine: p.Engine, View: p.View, Loose: p.Similar,
	})
	if err != nil {
		return "" // it holds plain fields and finite numbers, which always encode
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

const (
	// maxGiven bounds how deep a list is read; each page costs the engines more.
	maxGiven = 1_000_000
	// maxBegun is how long ago a list may have been begun.
	maxBegun = 24 * time.Hour
)

func readCursor(q *ticket.SearchQuery, text string, now time.Time) (ticket.SearchPlace, error) {
	var c cursor
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	begun := time.Unix(c.Now, 0)
	switch {
	case err != nil || c.Query != fingerprint(q):
		return ticket.SearchPlace{}, ticket.Invalid("cursor", "is not a cursor of this search")
	case c.Given < 1 || c.Given > maxGiven || len(c.Keys) > 3 || slices.ContainsFunc(c.Keys, impossible) ||
		len(c.ID) > 64 || strings.ContainsRune(c.ID, 0):
		return ticket.SearchPlace{}, ticket.Invalid("cursor", "is not a cursor of this search")
	case now.Sub(begun) > maxBegun || begun.After(now.Add(time.Minute)):
		return ticket.SearchPlace{}, ticket.Invalid("cursor", "is too old; begin the search anew")
	}
	return ticket.SearchPlace{
		Now: begun.UTC(), Given: c.Given, Keys: c.Keys, ID: c.ID, Engine: c.Engine, View: c.View, Similar: c.Loose,
	}, nil
}

func impossible(key float64) bool { return math.Abs(key) > 1<<53 }
