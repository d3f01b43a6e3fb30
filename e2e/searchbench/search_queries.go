package main

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"
)

// differentSearches is how many searches the mix has.
const differentSearches = 50_000

// searches makes n different searches, the same ones every time: most have a
// few words, some also filters, some only those.
func searches(n int, seed uint64) []string {
	r := rand.New(rand.NewPCG(seed, 5))
	now := time.Now().UTC().Truncate(24 * time.Hour)
	seen := make(map[string]bool, n)
	list := make([]string, 0, n)
	for len(list) < n {
		q := oneSearch(r, now)
		if !seen[q] {
			seen[q] = true
			list = append(list, q)
		}
	}
	return list
}

func oneSearch(r *rand.Rand, now time.Time) string {
	v := url.Values{}
	switch r.IntN(10) {
	case 0, 1, 2, 3: // an artist, perhaps with a typo, perhaps not to the end
		v.Set("q", misspelt(r, fmt.Sprintf("%s %s %d", pick(r, firsts), pick(r, seconds), r.IntN(20))))
	case 4, 5:
		v.Set("q", misspelt(r, pick(r, firsts)+" "+pick(r, seconds)))
	case 6:
		v.Set("q", pick(r, seconds)+" "+cities[r.IntN(len(cities))].name)
	case 7:
		v.Set("q", pick(r, genres)+" "+cities[r.IntN(len(cities))].name)
	default:
		v.Set("city", cities[r.IntN(len(cities))].name)
	}
	if r.IntN(3) == 0 || v.Get("q") == "" {
		v.Set("genre", pick(r, genres))
	}
	if r.IntN(3) == 0 || v.Get("q") == "" {
		from := now.AddDate(0, 0, r.IntN(300))
		v.Set("from", from.Format(time.DateOnly))
		v.Set("to", from.AddDate(0, 0, 7+r.IntN(60)).Format(time.DateOnly))
	}
	if r.IntN(5) == 0 {
		v.Set("max_price", fmt.Sprint(3000+500*r.IntN(20)))
	}
	if r.IntN(4) == 0 {
		v.Set("sort", pick(r, []string{"date", "price"}))
	}
	if r.IntN(6) == 0 {
		v.Set("available", "true")
	}
	return v.Encode()
}

func misspelt(r *rand.Rand, text string) string {
	switch r.IntN(6) {
	case 0: // one letter is left out, not the first
		i := 1 + r.IntN(len(text)-1)
		return strings.TrimSpace(text[:i] + text[i+1:])
	case 1:
		return strings.TrimSpace(text[:len(text)-1-r.IntN(3)])
	}
	return strings.ToLower(text)
}
