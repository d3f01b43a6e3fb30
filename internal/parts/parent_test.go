package parts_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/parts"
)

func TestPartsDieWithTheirParent(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	self, err := os.Executable()
	require.NoError(t, err)
	parent := exec.CommandContext(t.Context(), self)
	parent.Env = append(os.Environ(), parentDir+"="+dir)
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())

	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	var postgres, redis, elasticsearch, temporal int
	_, err = fmt.Sscan(line, &postgres, &redis, &elasticsearch, &temporal)
	require.NoError(t, err)
	family := append(parts.DescendantsOf(parent.Process.Pid), postgres, redis, elasticsearch, temporal)
	require.Greater(t, len(family), 6, "PostgreSQL has children of its own")

	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait() // It was killed, and says so.
	for _, pid := range family {
		require.Eventually(t, func() bool { return !parts.Alive(pid) }, 10*time.Second, 10*time.Millisecond,
			"process %d outlived its parent", pid)
	}

	for _, f := range []starter{parts.StartPostgres, parts.StartElasticsearch} {
		requireAnswers(t, start(t, f, parts.Options{Dir: dir}))
	}
}

func TestWatchdogSignalsWhenItsParentDies(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		parentDies bool
		want       bool
	}{
		"dismissed, the child lives on": {parentDies: false, want: true},
		"parent gone, the child dies":   {parentDies: true, want: false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			child := exec.CommandContext(t.Context(), "sleep", "60")
			require.NoError(t, child.Start())
			go func() { _ = child.Wait() }()
			w, err := parts.StartWatchdog(child.Process.Pid, syscall.SIGKILL)
			require.NoError(t, err)
			if tt.parentDies {
				w.LoseParent()
				require.Eventually(t, func() bool { return !parts.Alive(child.Process.Pid) }, 5*time.Second, 5*time.Millisecond)
				w.Release()
				return
			}
			w.Release()
			time.Sleep(100 * time.Millisecond) // A wrong signal would come within this.
			require.True(t, parts.Alive(child.Process.Pid))
			require.NoError(t, child.Process.Kill())
		})
	}
}
