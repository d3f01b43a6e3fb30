package waitingroom

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"yourticket.example/internal/postgres"
	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
)

const (
	// batchMost bounds one write, batchWriters how many run at the same time.
	batchMost    = 500
	batchWriters = 2
	// batchTime bounds one write, tries included.
	batchTime  = 8 * time.Second
	batchTries = 3
)

// joins writes places to the books, many at a time: while one write runs, those
// who come meanwhile gather for the next. Nobody waits longer than two writes.
type joins struct {
	write func(ctx context.Context, entries []postgres.QueueEntry) ([]postgres.QueueEntry, error)

	mu      sync.Mutex
	next    *batch
	writers int
	waiting []*batch
}

// batch is one write and those who wait for it.
type batch struct {
	entries []postgres.QueueEntry
	truth   []postgres.QueueEntry
	err     error
	done    chan struct{}
}

// keep returns when the place is in the books, with what the books say. The
// write goes on when the caller leaves.
func (j *joins) keep(ctx context.Context, e postgres.QueueEntry) (postgres.QueueEntry, error) {
	b, i := j.add(context.WithoutCancel(ctx), e)
	select {
	case <-b.done:
		if b.err != nil {
			return postgres.QueueEntry{}, b.err
		}
		return b.truth[i], nil
	case <-ctx.Done():
		return postgres.QueueEntry{}, fmt.Errorf("waitingroom: join: %w", ctx.Err())
	}
}

func (j *joins) add(ctx context.Context, e postgres.QueueEntry) (*batch, int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.next == nil || len(j.next.entries) == batchMost {
		j.next = &batch{done: make(chan struct{})}
		j.waiting = append(j.waiting, j.next)
		if j.writers < batchWriters {
			j.writers++
			go j.work(ctx)
		}
	}
	j.next.entries = append(j.next.entries, e)
	return j.next, len(j.next.entries) - 1
}

// work writes what waits until nothing does.
func (j *joins) work(ctx context.Context) {
	for {
		j.mu.Lock()
		if len(j.waiting) == 0 {
			j.writers--
			j.mu.Unlock()
			return
		}
		b := j.waiting[0]
		j.waiting = j.waiting[1:]
		if j.next == b {
			j.next = nil // it is closed: who comes now waits for the next one
		}
		j.mu.Unlock()
		writing, cancel := context.WithTimeout(ctx, batchTime)
		b.truth, b.err = j.write(writing, b.entries)
		cancel()
		close(b.done)
	}
}

// saveJoins writes places to the books and tells Redis what the books say.
func (r *Rooms) saveJoins(ctx context.Context, entries []postgres.QueueEntry) ([]postgres.QueueEntry, error) {
	// One order for all writers, so that two that hold the same buyers do not
	// wait for one another; those who wait know their entries by position.
	order := make([]int, len(entries))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(strings.Compare(entries[a].EventID, entries[b].EventID), strings.Compare(entries[a].BuyerID, entries[b].BuyerID))
	})
	sorted := make([]postgres.QueueEntry, len(entries))
	for place, i := range order {
		sorted[place] = entries[i]
	}
	truth, err := r.saveEntries(ctx, sorted)
	if err != nil {
		return nil, err
	}
	marks, answer := make([]redis.Marked, len(truth)), make([]postgres.QueueEntry, len(entries))
	for place, e := range truth {
		marks[place] = redis.Marked{
			EventID: e.EventID, BuyerID: e.BuyerID, Tried: sorted[place].Entry, Entry: e.Entry, JoinedAt: e.JoinedAt,
		}
		if e.Entry == 0 { // Redis counts from where it was: it has forgotten the last ones
			if marks[place].Last, err = r.books.LastQueueEntry(ctx, e.EventID, r.now().Add(time.Hour)); err != nil {
				return nil, err
			}
		}
		answer[order[place]] = e
	}
	return answer, r.live.MarkPlaces(ctx, marks)
}

// saveEntries tries again while the books do not answer.
func (r *Rooms) saveEntries(ctx context.Context, entries []postgres.QueueEntry) ([]postgres.QueueEntry, error) {
	for try := 1; ; try++ {
		truth, err := r.books.SaveQueueEntries(ctx, entries)
		if err == nil || try == batchTries || ticket.CodeOf(err) != ticket.CodeUnavailable || ctx.Err() != nil {
			return truth, err
		}
		time.Sleep(time.Duration(try) * 20 * time.Millisecond)
	}
}
