package parts_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/parts"
)

// claimPorts is the variable that makes this test program ask for free ports,
// print them, and hold them until its input ends, see
// TestNoPortIsGivenOutTwice.
const claimPorts = "PARTS_TEST_CLAIM_PORTS"

// portsEach is how many each process asks for: enough that random choices
// without claims would meet many times.
const portsEach = 500

func beClaimant() int {
	for range portsEach {
		port, err := parts.FreePort()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		fmt.Println(port)
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // how it ends does not matter
	return 0
}

// Ports that are chosen but not yet listened on are not given to anybody else,
// neither by this process nor by others.
func TestNoPortIsGivenOutTwice(t *testing.T) {
	t.Parallel()
	var (
		mu    sync.Mutex
		given = map[int]bool{}
		twice []int
		all   sync.WaitGroup
	)
	got := func(port int) {
		mu.Lock()
		defer mu.Unlock()
		if given[port] {
			twice = append(twice, port)
		}
		given[port] = true
	}
	for range 3 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), claimPorts+"=1")
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		require.NoError(t, err)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		t.Cleanup(func() {
			_ = in.Close() // ends it
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			lines := bufio.NewReader(out)
			for range portsEach {
				var port int
				if _, err := fmt.Fscanln(lines, &port); err != nil {
					t.Error(err)
					return
				}
				got(port)
			}
		})
	}
	for range 4 {
		all.Go(func() {
			for range portsEach / 4 {
				port, err := parts.FreePort()
				if err != nil {
					t.Error(err)
					return
				}
				got(port)
			}
		})
	}
	all.Wait()
	require.Empty(t, twice)
}
