package parts

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// descendants lists the children of pid, their children, and so on.
func descendants(pid int) []int {
	children := map[int][]int{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat") // The pattern is well-formed.
	for _, file := range files {
		if st, ok := parseStat(file); ok {
			children[st.parent] = append(children[st.parent], st.pid)
		}
	}
	var all []int
	for queue := children[pid]; len(queue) > 0; queue = queue[1:] {
		all = append(all, queue[0])
		queue = append(queue, children[queue[0]]...)
	}
	return all
}

// alive says whether a process with this id exists, whoever owns it. One that
// has ended and only waits to be reaped does not count; one whose first thread
// has ended before the others, as happens to a Java that is killed, does: it
// still holds its ports.
func alive(pid int) bool {
	st, ok := parseStat(fmt.Sprintf("/proc/%d/stat", pid))
	ended := st.state == "Z" || st.state == "X"
	return ok && (!ended || st.threads > 1)
}

// stat is what we want to know of a process.
type stat struct {
	pid, parent int
	state       string // One letter, such as R, S or Z.
	threads     int
}

// parseStat reads a /proc/<pid>/stat file. Its second field, the command in
// parentheses, may itself hold spaces and parentheses.
func parseStat(file string) (stat, bool) {
	b, err := os.ReadFile(file)
	if err != nil {
		return stat{}, false // It ended meanwhile.
	}
	head, tail, found := cutLast(string(b), ")")
	before, after := strings.Fields(head), strings.Fields(tail)
	if !found || len(before) == 0 || len(after) < 18 {
		return stat{}, false
	}
	pid, err1 := strconv.Atoi(before[0])
	parent, err2 := strconv.Atoi(after[1])
	threads, err3 := strconv.Atoi(after[17])
	st := stat{pid: pid, parent: parent, state: after[0], threads: threads}
	return st, err1 == nil && err2 == nil && err3 == nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// workingDir returns the working directory of a process, or "" when it is
// gone or hidden from us.
func workingDir(pid int) string {
	dir, _ := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	return dir
}
