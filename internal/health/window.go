package health

import (
	"math/bits"
	"sync/atomic"
	"time"
)

const (
	// A window is made of slots, so that what is older than a minute goes out.
	slots   = 6
	slotFor = 10 * time.Second
	// A power of two of microseconds has eight buckets: a quantile is at most an
	// eighth too high.
	subBits = 3
	buckets = 28 << subBits // up to two minutes
)

// window is the durations of the last minute, and how many of them failed.
type window struct{ slots [slots]slot }

type slot struct {
	epoch  atomic.Int64
	failed atomic.Uint64
	counts [buckets]atomic.Uint64
}

// add counts one duration. Around the change of a slot a sample may be lost.
func (w *window) add(now time.Time, took time.Duration, failed bool) {
	epoch := now.UnixNano() / int64(slotFor)
	s := &w.slots[epoch%slots]
	if old := s.epoch.Load(); old != epoch && s.epoch.CompareAndSwap(old, epoch) {
		s.failed.Store(0)
		for i := range s.counts {
			s.counts[i].Store(0)
		}
	}
	s.counts[bucketOf(took)].Add(1)
	if failed {
		s.failed.Add(1)
	}
}

// bucketOf is monotonic: the first buckets are a microsecond wide each, later
// ones an eighth of their power of two.
func bucketOf(took time.Duration) int {
	us := uint64(max(0, took.Microseconds()))
	if us < 1<<subBits {
		return int(us)
	}
	exp := bits.Len64(us) - 1 - subBits
	return min(buckets-1, exp<<subBits+int(us>>exp)) //nolint:gosec // us>>exp is less than sixteen
}

// upper is the end of a bucket.
func upper(bucket int) time.Duration {
	if bucket < 1<<subBits {
		return time.Duration(bucket+1) * time.Microsecond
	}
	exp := bucket>>subBits - 1
	us := int64(bucket-exp<<subBits+1) << exp
	return time.Duration(us) * time.Microsecond
}

// reading is a window's sum.
type reading struct {
	total, failed uint64
	p99           time.Duration
}

func (w *window) read(now time.Time) reading {
	epoch := now.UnixNano() / int64(slotFor)
	var (
		sum [buckets]uint64
		r   reading
	)
	for i := range w.slots {
		s := &w.slots[i]
		if age := epoch - s.epoch.Load(); age < 0 || age >= slots {
			continue
		}
		r.failed += s.failed.Load()
		for b := range s.counts {
			n := s.counts[b].Load()
			sum[b] += n
			r.total += n
		}
	}
	rest := r.total / 100 // how many may be slower than the 99th percentile
	for b := buckets - 1; b >= 0 && r.total > 0; b-- {
		if sum[b] > rest {
			r.p99 = upper(b)
			break
		}
		rest -= sum[b]
	}
	return r
}
