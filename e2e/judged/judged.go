package judged

import (
	_ "embed"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"yourticket.example/ticket"
)

//go:embed catalogue.txt
var catalogueFile string

//go:embed queries.txt
var queriesFile string

// Event is an event and whether it is sold out. Its id is "ev_" and its slug.
type Event struct {
	ticket.Event
	SoldOut bool
}

// Query is what somebody typed, and how good each answer is to it.
type Query struct {
	Text   string
	Grades map[string]int // by slug; what is missing is worth nothing
}

// Catalogue gives the events, the days counted from a time.
func Catalogue(from time.Time) []Event {
	var events []Event
	for _, f := range fields(catalogueFile) {
		days, err := strconv.Atoi(f[6])
		if err != nil {
			panic(fmt.Sprintf("judged: %v", err)) // part of the program
		}
		starts := from.Add(time.Duration(days) * 24 * time.Hour)
		venue := fnv.New32()
		_, _ = venue.Write([]byte(f[4])) // it cannot fail
		events = append(events, Event{SoldOut: f[7] == "x", Event: ticket.Event{
			ID: "ev_" + f[0], Slug: f[0], Artist: f[1], Name: f[2], Genre: f[3], Description: f[8], Status: ticket.EventScheduled,
			Venue:    ticket.Venue{ID: fmt.Sprintf("vn_%08x", venue.Sum32()), Name: f[4], City: f[5], Country: "DE"},
			StartsAt: starts, DoorsAt: starts.Add(-time.Hour), OnSaleAt: from, MaxTicketsPerBuyer: 4, Currency: "EUR", Capacity: 100,
			Prices: []ticket.Price{{Category: "A", Price: ticket.Money{Amount: 5000, Currency: "EUR"}, Fee: ticket.Money{Currency: "EUR"}}},
		}})
	}
	return events
}

// Queries gives the judged searches.
func Queries() []Query {
	var queries []Query
	for _, f := range fields(queriesFile) {
		q := Query{Text: f[0], Grades: map[string]int{}}
		for judgment := range strings.FieldsSeq(f[1]) {
			slug, grade, _ := strings.Cut(judgment, "=")
			n, err := strconv.Atoi(grade)
			if err != nil {
				panic(fmt.Sprintf("judged: %v", err)) // part of the program
			}
			q.Grades[slug] = n
		}
		queries = append(queries, q)
	}
	return queries
}

// fields gives the fields of each line that is no comment.
func fields(file string) (lines [][]string) {
	for line := range strings.Lines(file) {
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		parts := strings.Split(line, "|")
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		lines = append(lines, parts)
	}
	return lines
}

// depth is how many answers count.
const depth = 10

// NDCG is the normalized discounted cumulative gain of the first ten answers,
// given by slug: 1 for an order that nobody can improve, 0 for no good answer.
func (q Query) NDCG(answers []string) float64 {
	var got []int
	for _, slug := range answers[:min(len(answers), depth)] {
		got = append(got, q.Grades[slug])
	}
	var best []int
	for _, grade := range q.Grades {
		best = append(best, grade)
	}
	slices.SortFunc(best, func(a, b int) int { return b - a })
	return gain(got) / gain(best[:min(len(best), depth)])
}

func gain(grades []int) (sum float64) {
	for i, g := range grades {
		sum += (math.Exp2(float64(g)) - 1) / math.Log2(float64(i)+2)
	}
	return sum
}
