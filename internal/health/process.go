package health

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync"
	"time"
)

// process reads what this process takes of its machine.
type process struct {
	at  time.Time
	cpu time.Duration
	// limit is the memory that the process may have; 0 when it is not known.
	limit uint64
}

func newProcess(now time.Time) process {
	return process{at: now, cpu: cpuTime(), limit: memoryLimit()}
}

// share gives the CPU used since the last call in per cent of what the process
// may use, and the memory that Go holds in per cent of its limit.
func (p *process) share(now time.Time) map[string]sample {
	used, wall := cpuTime(), now.Sub(p.at)
	values := map[string]sample{}
	if wall > 0 {
		values[CPU] = sample{value: 100 * float64(used-p.cpu) / (float64(wall) * CPUs())}
	}
	p.at, p.cpu = now, used
	if p.limit > 0 {
		values[Memory] = sample{value: 100 * float64(memoryHeld()) / float64(p.limit)}
	}
	return values
}

// CPUs is how many processors the process may use at the same time, parts of one
// included: a control group may give it less than the runtime's least of two.
var CPUs = sync.OnceValue(func() float64 {
	own := float64(runtime.GOMAXPROCS(0))
	text, err := os.ReadFile("/sys/fs/cgroup/cpu.max")
	if err != nil {
		return own
	}
	return min(own, quota(string(text)))
})

// quota reads what a control group may use, in processors: "50000 100000" is half
// of one, "max 100000" no bound.
func quota(text string) float64 {
	fields := strings.Fields(text)
	if len(fields) != 2 {
		return math.Inf(1)
	}
	most, err := strconv.ParseFloat(fields[0], 64)
	period, periodErr := strconv.ParseFloat(fields[1], 64)
	if err != nil || periodErr != nil || most <= 0 || period <= 0 {
		return math.Inf(1)
	}
	return most / period
}

// memoryHeld is what the runtime has from the operating system and not given back.
func memoryHeld() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64() - s[1].Value.Uint64()
}

// memoryLimit is the smallest of the limits that are set: Go's own, the control
// group's, the machine's memory.
func memoryLimit() uint64 {
	limit := uint64(math.MaxUint64)
	if own := debug.SetMemoryLimit(-1); own < math.MaxInt64 {
		limit = uint64(own) //nolint:gosec // a limit is positive
	}
	if text, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64); err == nil {
			limit = min(limit, n)
		}
	}
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		if fields := strings.Fields(string(text)); len(fields) > 1 && fields[0] == "MemTotal:" {
			if kb, err := strconv.ParseUint(fields[1], 10, 64); err == nil {
				limit = min(limit, kb<<10)
			}
		}
	}
	if limit == math.MaxUint64 {
		return 0
	}
	return limit
}
