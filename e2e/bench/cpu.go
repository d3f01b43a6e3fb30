package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// cpuByProcess is CPU time in milliseconds, by kind of process.
type cpuByProcess map[string]float64

// The kinds of processes, in the order in which they are printed. Temporal is
// what the goal leaves out, load is this program.
var kinds = []string{"api", "worker", "postgres", "redis", "sandbox", "temporal", "floor", "load"}

// cpu reads what each process has used since it started, its children
// included: user and system time of /proc/<pid>/stat.
func (b *bench) cpu() cpuByProcess {
	of := map[int]string{
		b.APIs[0].Pid(): "api", b.Workers[0].Pid(): "worker", b.Sandbox.Pid(): "sandbox", b.Postgres.Pid(): "postgres",
		b.Redis.Pid(): "redis", b.Temporal.Pid(): "temporal", b.floorBy.Process.Pid: "floor", os.Getpid(): "load",
	}
	out := cpuByProcess{}
	stats := readStats()
	for pid, s := range stats {
		if kind, ok := of[owner(pid, of, stats)]; ok {
			out[kind] += s.ms
		}
	}
	return out
}

// owner climbs from a process to the one that the bench knows.
func owner(pid int, known map[int]string, stats map[int]stat) int {
	for pid > 1 {
		if _, ok := known[pid]; ok {
			return pid
		}
		pid = stats[pid].parent
	}
	return 0
}

func (c cpuByProcess) since(before cpuByProcess, n int) cpuByProcess {
	out := cpuByProcess{}
	for kind, v := range c {
		out[kind] = (v - before[kind]) / float64(max(n, 1))
	}
	return out
}

// ours is all that is neither Temporal's nor the load generator's.
func (c cpuByProcess) ours() float64 {
	return c["api"] + c["worker"] + c["postgres"] + c["redis"] + c["sandbox"] + c["floor"]
}

type stat struct {
	parent int
	ms     float64
}

// clockTick is what /proc counts in; it is 100 a second on every Linux that Go
// runs on.
const clockTick = 10.0

func readStats() map[int]stat {
	out := map[int]stat{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is right
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended meanwhile
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		if len(fields) < 13 {
			continue
		}
		var parent, user, system int
		if _, err := fmt.Sscan(fields[1]+" "+fields[11]+" "+fields[12], &parent, &user, &system); err != nil {
			continue
		}
		out[pid] = stat{parent: parent, ms: clockTick * float64(user+system)}
	}
	return out
}
