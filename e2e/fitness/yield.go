package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"yourticket.example/e2e/cputime"
)

// behind is how far what does a purchase's work stands back from what answers
// the crowd (nice 10). In production those are machines of their own; here both
// share the processors, and the crowd's requests, which are short, would wait
// behind work that nobody waits for by the millisecond. Purchases get what the
// crowd leaves, and have a goal of their own.
const behind = 10

// yield lets the processes behind the services stand back. Systems without /proc
// leave all alike.
func (f *fitness) yield() error {
	for _, p := range f.Watched() {
		if strings.HasPrefix(p.Name, "api") || p.Name == "redis" {
			continue
		}
		if err := lower(p.Pid); err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	return nil
}

// lower gives a process, its threads and its descendants a lower priority; what
// they start later inherits it.
func lower(pid int) error {
	for _, process := range cputime.Family(pid) {
		tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/[0-9]*", process)) // the pattern is well-formed
		for _, task := range tasks {
			id, err := strconv.Atoi(filepath.Base(task))
			if err != nil {
				continue
			}
			err = syscall.Setpriority(syscall.PRIO_PROCESS, id, behind)
			if err != nil && !errors.Is(err, syscall.ESRCH) { // it may have ended
				return os.NewSyscallError("setpriority", err)
			}
		}
	}
	return nil
}
