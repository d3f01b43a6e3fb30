package bestseats

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// stretch is some successive rows, by number, that together have enough places.
type stretch []int

// run is some free neighbours: a position in category.seats and their number.
type run struct{ at, n int }

// scattered chooses free places that are as near to each other as can be: in
// one row, else in as few successive rows of a zone as possible, else in rows
// of about the same rank; nil when the category has not that many.
func (c *category) scattered(state []byte, q Query, r *rand.Rand) []int {
	counts := make([]int, len(c.rows))
	for i, w := range c.rows {
		for _, s := range c.seats[w.from:w.to] {
			if free(state, s) {
				counts[i]++
			}
		}
	}
	var found []stretch
	for _, rows := range c.zones {
		found = append(found, shortest(rows, counts, q.Quantity)...)
	}
	if len(found) == 0 {
		all := make([]int, len(c.rows))
		for i := range all {
			all[i] = i
		}
		found = shortest(all, counts, q.Quantity)
	}
	if len(found) == 0 {
		return nil
	}
	slices.SortStableFunc(found, func(a, b stretch) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a[0], b[0]))
	})
	equal := 1
	for equal < len(found) && len(found[equal]) == len(found[0]) {
		equal++
	}
	return c.fill(state, found[weighted(r, min(equal, c.window(q)))], q.Quantity)
}

// shortest lists the stretches of successive rows that have at least n free
// places and of which no end could be left out.
func shortest(rows, counts []int, n int) []stretch {
	var out []stretch
	from, sum := 0, 0
	for to := range rows {
		sum += counts[rows[to]]
		for from < to && sum-counts[rows[from]] >= n {
			sum -= counts[rows[from]]
			from++
		}
		// A row without free places at the end repeats the stretch before it.
		if sum >= n && counts[rows[to]] > 0 {
			out = append(out, rows[from:to+1])
		}
	}
	return out
}

// fill takes n places of a stretch that has at least as many.
func (c *category) fill(state []byte, s stretch, n int) []int {
	var runs []run
	for _, i := range s {
		runs = append(runs, c.freeRuns(state, &c.rows[i])...)
	}
	if len(s) == 1 {
		runs = narrowest(runs, n)
	}
	slices.SortStableFunc(runs, func(a, b run) int { return cmp.Compare(b.n, a.n) })
	out := make([]int, 0, n)
	for i, w := range runs {
		k := min(w.n, n-len(out))
		if n-len(out)-k == 1 && k > 2 && i+1 < len(runs) && runs[i+1].n > 1 {
			k-- // two and two instead of three and one
		}
		if out = append(out, c.take(w.at, k)...); len(out) == n {
			return out
		}
	}
	return out
}

func (c *category) freeRuns(state []byte, w *row) []run {
	var out []run
	for at := w.from; at < w.to; at++ {
		if !free(state, c.seats[at]) {
			continue
		}
		if k := len(out) - 1; k >= 0 && out[k].at+out[k].n == at {
			out[k].n++
		} else {
			out = append(out, run{at: at, n: 1})
		}
	}
	return out
}

// narrowest gives n places of one row's runs that lie in the shortest span.
func narrowest(runs []run, n int) []run {
	var places []int
	for _, w := range runs {
		for i := range w.n {
			places = append(places, w.at+i)
		}
	}
	best := 0
	for i := 1; i+n <= len(places); i++ {
		if places[i+n-1]-places[i] < places[best+n-1]-places[best] {
			best = i
		}
	}
	out := make([]run, n)
	for i := range out {
		out[i] = run{at: places[best+i], n: 1}
	}
	return out
}
