package bestseats

import (
	"math/rand/v2"
	"slices"
)

// The number of blocks that count as nearly equal: the best sixteenth of the
// category, within these bounds.
const (
	fewestBlocks = 24
	mostBlocks   = 1024
	equalShare   = 16
)

// patience is how many choices a buyer may lose before a single seat left
// behind does not matter any more.
const patience = 3

// window is how many blocks one query chooses from.
func (c *category) window(q Query) int {
	n := min(max(len(c.seats)/equalShare/q.Quantity, fewestBlocks), mostBlocks)
	for range min(q.Attempt, 8) {
		n *= 4
	}
	return min(n, len(c.seats))
}

// candidates are positions of blocks of free neighbours, best first.
type candidates struct {
	clean     []int // leave no single seat behind
	stranding []int // do
}

// together chooses places side by side in one row, or anywhere in one standing
// area; nil when there are none.
func (c *category) together(state []byte, q Query, r *rand.Rand) []int {
	var found candidates
	enough := c.window(q)
	for i := range c.rows {
		row := &c.rows[i]
		if !row.standing {
			c.blocks(state, row, q.Quantity, &found)
			if n := len(found.clean); n >= enough || n+len(found.stranding) >= 4*enough {
				break
			}
			continue
		}
		if len(found.clean) > 0 || len(found.stranding) > 0 {
			continue // the seats in front of this area are better
		}
		if seats := c.stand(state, row, q.Quantity, r); seats != nil {
			return seats
		}
	}
	choice := found.clean
	if len(choice) == 0 || q.Attempt >= patience && len(choice) < enough {
		choice = append(choice, found.stranding...)
	}
	if len(choice) == 0 {
		return nil
	}
	return c.take(choice[weighted(r, len(choice))], q.Quantity)
}

// blocks adds the blocks of n free neighbours in a row. They do not overlap, so
// that buyers who choose different ones do not meet; those near the middle of
// the row come first.
func (c *category) blocks(state []byte, w *row, n int, found *candidates) {
	clean, stranding := len(found.clean), len(found.stranding)
	for from := w.from; from < w.to; {
		if !free(state, c.seats[from]) {
			from++
			continue
		}
		to := from + 1
		for to < w.to && free(state, c.seats[to]) {
			to++
		}
		found.add(from, to, n)
		from = to + 1
	}
	towardsMiddle(found.clean[clean:], w, n)
	towardsMiddle(found.stranding[stranding:], w, n)
}

// add divides a run of free neighbours into blocks of n. Whatever a block
// leaves on either side is none or at least two seats, but in a run that is
// one seat too long.
func (f *candidates) add(from, to, n int) {
	switch free := to - from; {
	case free < n:
		return
	case free == n+1:
		f.stranding = append(f.stranding, from)
		return
	}
	for at := from; at+n <= to; at += n {
		if to-at-n == 1 {
			at++ // the last block moves to the end of the run
		}
		if at-from != 1 {
			f.clean = append(f.clean, at)
		}
	}
}

// towardsMiddle sorts the blocks of one row by their distance from its middle.
func towardsMiddle(blocks []int, w *row, n int) {
	away := func(at int) int {
		d := 2*at + n - w.from - w.to
		return max(d, -d)
	}
	slices.SortFunc(blocks, func(a, b int) int { return away(a) - away(b) })
}

// stand chooses n free places of a standing area, from a random one onward; nil
// when it has not that many.
func (c *category) stand(state []byte, w *row, n int, r *rand.Rand) []int {
	places := c.seats[w.from:w.to]
	if len(places) < n {
		return nil
	}
	out := make([]int, 0, n)
	start := r.IntN(len(places))
	for i := range places {
		at := start + i
		if at >= len(places) {
			at -= len(places)
		}
		if free(state, places[at]) {
			if out = append(out, int(places[at])); len(out) == n {
				return out
			}
		}
	}
	return nil
}
