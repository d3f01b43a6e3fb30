// Package cputime measures the processor time of processes and their
// descendants, to tell which of them a load costs what. It reads /proc.
package cputime

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the unit in which Linux counts a process's time.
const tick = 10 * time.Millisecond

// Process is one of those whose time is measured.
type Process struct {
	Name string
	Pid  int
}

// Load is the name of the measuring process itself.
const Load = "load"

// Usage is the processor time that processes have used, by name.
type Usage map[string]time.Duration

// Read reads the time of processes and of all their descendants, those that
// have ended included. Load is this process itself. On systems
// without /proc there are no figures but that.
func Read(processes []Process) Usage {
	all := readProcesses()
	out := Usage{}
	for _, p := range processes {
		out[p.Name] += all.family(p.Pid)
	}
	var self syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &self); err == nil {
		out[Load] = time.Duration(self.Utime.Nano() + self.Stime.Nano())
	}
	return out
}

// Since is the time that was used after an earlier reading.
func (u Usage) Since(before Usage) Usage {
	out := Usage{}
	for name, t := range u {
		out[name] = t - before[name]
	}
	return out
}

// times are the figures of one process.
type times struct {
	parent   int
	own      time.Duration
	children time.Duration // of children that have ended
}

type processTable map[int]times

// family is the time of a process and its living descendants, and of those
// that they have outlived.
func (t processTable) family(pid int) time.Duration {
	p, ok := t[pid]
	if !ok {
		return 0
	}
	sum := p.own + p.children
	for child, c := range t {
		if c.parent == pid {
			sum += t.family(child)
		}
	}
	return sum
}

// Family lists a process and its living descendants; nobody on systems without
// /proc.
func Family(pid int) []int {
	all := readProcesses()
	if _, ok := all[pid]; !ok {
		return nil
	}
	family := []int{pid}
	for i := 0; i < len(family); i++ {
		for child, c := range all {
			if c.parent == family[i] {
				family = append(family, child)
			}
		}
	}
	return family
}

func readProcesses() processTable {
	table := processTable{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well-formed
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended meanwhile
		}
		if pid, t, err := parseStat(string(text)); err == nil {
			table[pid] = t
		}
	}
	return table
}

// parseStat reads a line of /proc/<pid>/stat. Its second field, the command in
// parentheses, may itself hold spaces and parentheses.
func parseStat(line string) (int, times, error) {
	end := strings.LastIndex(line, ")")
	head, _, found := strings.Cut(line, " ")
	if end < 0 || !found {
		return 0, times{}, fmt.Errorf("not a process: %q", line)
	}
	pid, err := strconv.Atoi(head)
	fields := strings.Fields(line[end+1:]) // from the third field, the state, on
	if err != nil || len(fields) < 15 {
		return 0, times{}, fmt.Errorf("not a process: %q", line)
	}
	var n [15]int64
	for i := 1; i < len(n); i++ {
		if n[i], err = strconv.ParseInt(fields[i], 10, 64); err != nil {
			return 0, times{}, err
		}
	}
	return pid, times{
		parent: int(n[1]), own: time.Duration(n[11]+n[12]) * tick, children: time.Duration(n[13]+n[14]) * tick,
	}, nil
}
