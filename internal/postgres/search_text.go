package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// textQuery writes folded words as a tsquery: all of them, or what means the
// same, in what names the event, and the last may go on; or all of them in its
// description.
func textQuery(text string) string {
	words := strings.Fields(text)
	described := make([]string, len(words))
	for i, w := range words {
		described[i] = quote(w) + ":D"
	}
	var named []string
	for len(words) > 0 {
		taken, term := synonymsOf(words)
		if taken == 0 {
			taken, term = 1, quote(words[0])+suffix(len(words) == 1)
		}
		named = append(named, term)
		words = words[taken:]
	}
	return "(" + strings.Join(named, " & ") + ") | (" + strings.Join(described, " & ") + ")"
}

// suffix limits a lexeme to what names the event; the last word may go on.
func suffix(last bool) string {
	if last {
		return ":*ABC"
	}
	return ":ABC"
}

// synonymsOf tells how many of the first words are a phrase that has synonyms,
// the longest one, and writes them all as a term; 0 when there is none.
func synonymsOf(words []string) (taken int, term string) {
	for _, group := range ticket.Synonyms {
		for _, phrase := range group {
			n := len(strings.Fields(phrase))
			if n <= taken || n > len(words) || strings.Join(words[:n], " ") != phrase {
				continue
			}
			taken, term = n, groupTerm(group, n == len(words))
		}
	}
	return taken, term
}

func groupTerm(group []string, last bool) string {
	alternatives := make([]string, len(group))
	for i, phrase := range group {
		words := strings.Fields(phrase)
		for j, w := range words {
			words[j] = quote(w) + suffix(last && j == len(words)-1)
		}
		alternatives[i] = strings.Join(words, " <-> ")
	}
	return "(" + strings.Join(alternatives, " | ") + ")"
}

// quote writes a word as a lexeme. Words hold letters, digits and marks only,
// but this is not the place to rely on it.
func quote(word string) string {
	return "'" + strings.NewReplacer(`'`, `''`, `\`, `\\`, "\x00", "").Replace(word) + "'"
}

// Suggest completes a folded text: artists and events whose words begin so,
// then cities and venues, those of events to come.
func (s *Search) Suggest(ctx context.Context, text string, now time.Time) (list []ticket.Suggestion, err error) {
	defer wrap(&err, "postgres.Suggest(%q)", text)
	rows, err := s.pool.Query(ctx, `
		WITH found AS MATERIALIZED (
			SELECT e.id, e.name, e.artist, e.starts_at, v.id AS venue_id, v.name AS venue, v.city, s.words, s.venue AS venue_words, s.city AS city_words
			FROM event_search s JOIN events e ON e.id = s.event_id JOIN venues v ON v.id = e.venue_id
			WHERE s.words @@ to_tsquery('simple', $1) AND e.status IN ('scheduled', 'postponed') AND e.starts_at > $5
			LIMIT 5000)
		(SELECT artist, 'artist', '' FROM found WHERE words @@ to_tsquery('simple', $2) GROUP BY artist ORDER BY count(*) DESC, artist LIMIT 4)
		UNION ALL
		(SELECT name, 'event', id FROM found WHERE words @@ to_tsquery('simple', $3) ORDER BY starts_at, id LIMIT 4)
		UNION ALL
		(SELECT city, 'city', '' FROM found WHERE starts_with(city_words, $4) GROUP BY city ORDER BY count(*) DESC, city LIMIT 3)
		UNION ALL
		(SELECT venue, 'venue', venue_id FROM found WHERE position(' ' || $4 IN ' ' || venue_words) > 0
		 GROUP BY venue, venue_id ORDER BY count(*) DESC, venue_id LIMIT 3)`,
		beginnings(text, ":*ABC"), beginnings(text, ":*A"), beginnings(text, ":*B"), text, now)
	if err != nil {
		return nil, err
	}
	list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[ticket.Suggestion])
	return list[:min(len(list), ticket.MaxSuggestions)], err
}

// beginnings writes folded words as a tsquery of words that begin so.
func beginnings(text, weights string) string {
	words := strings.Fields(text)
	for i, w := range words {
		words[i] = quote(w) + weights
	}
	return strings.Join(words, " & ")
}
