package ratelimit

import (
	"hash/maphash"
	"sync"
	"time"
)

const (
	shards = 64
	// perShard bounds the subjects of a shard: 130,000 in all, about 16 MB. Of
	// more the process forgets some, which lets those begin anew.
	perShard = 2048
	// sweepEvery is how often a full shard looks for what has ended.
	sweepEvery = time.Second
)

// Local counts in this process alone. It is safe for concurrent use, and its
// memory is bounded.
type Local struct {
	seed   maphash.Seed
	start  time.Time
	shards [shards]shard
}

type shard struct {
	mu    sync.Mutex
	whole map[Ask]time.Duration // when each quota is whole again, since start
	swept time.Duration
	_     [24]byte // keeps two shards' locks off one cache line
}

// NewLocal makes a Local.
func NewLocal() *Local {
	l := &Local{seed: maphash.MakeSeed(), start: time.Now()}
	for i := range l.shards {
		l.shards[i].whole = map[Ask]time.Duration{}
	}
	return l
}

// Take takes one from a limit.
func (l *Local) Take(ask Ask) Verdict { return l.take(ask, ask.Limit.Quota, time.Since(l.start)) }

// take counts against a quota that may be a share of the limit's own.
func (l *Local) take(ask Ask, quota int, now time.Duration) Verdict {
	window := ask.Limit.Window
	interval := window / time.Duration(quota)
	s := &l.shards[maphash.Comparable(l.seed, ask)%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	known, counted := s.whole[ask]
	whole := max(known, now)
	later := whole + interval
	if later-now > window {
		return Verdict{Limit: ask.Limit, Reset: whole - now, RetryAfter: later - now - window}
	}
	if !counted && len(s.whole) >= perShard {
		s.makeRoom(now)
	}
	s.whole[ask] = later
	return Verdict{Limit: ask.Limit, OK: true, Remaining: int((window - (later - now)) / interval), Reset: later - now}
}

// makeRoom deletes what has ended, or else whichever comes first: a shard that
// is full of live counters must not cost a search for each newcomer.
func (s *shard) makeRoom(now time.Duration) {
	if now-s.swept >= sweepEvery {
		s.swept = now
		for ask, whole := range s.whole {
			if whole <= now {
				delete(s.whole, ask)
			}
		}
	}
	for ask := range s.whole {
		if len(s.whole) < perShard {
			return
		}
		delete(s.whole, ask)
	}
}
