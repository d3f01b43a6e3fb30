package e2e_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/system"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := system.RemoveBinary(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// rounds is how often a test that may fail by chance is repeated: E2E_ROUNDS,
// else the number that fits a run of all tests.
func rounds(usual int) int {
	if n, err := strconv.Atoi(os.Getenv("E2E_ROUNDS")); err == nil && n > 0 {
		return n
	}
	return usual
}

// start runs a system for a test and stops it at its end. When the test fails
// the end of every log is printed. A process that died by itself, or that
// panicked, fails the test.
func start(t *testing.T, o system.Options) *system.System {
	t.Helper()
	o.Name = t.Name()
	o.Say = func(line string) { t.Log(line) }
	s, err := system.Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() {
		for _, end := range s.Died() {
			t.Error(end)
		}
		if log := s.Logs(1 << 20); strings.Contains(log, `"msg":"panic"`) || strings.Contains(log, "goroutine 1 [") {
			t.Error("a process panicked")
		}
		if t.Failed() {
			t.Log(s.Logs(60))
		}
		if err := s.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return s
}

// buyer makes a buyer.
func buyer(t *testing.T, s *system.System) *system.Client {
	t.Helper()
	c, err := s.Account(t.Context())
	require.NoError(t, err)
	return c
}

func event(t *testing.T, s *system.System, h system.Hall) *system.Event {
	t.Helper()
	e, err := s.NewEvent(t.Context(), h)
	require.NoError(t, err)
	return e
}

// settled waits until all is done and makes sure that every book agrees.
func settled(t *testing.T, s *system.System, within time.Duration, events ...*system.Event) {
	t.Helper()
	if err := s.Settle(t.Context(), within, events...); err != nil {
		t.Error(err)
	}
	agrees(t, s, events...)
}

// agrees makes sure that Postgres, Redis, the providers and the API say the same.
func agrees(t *testing.T, s *system.System, events ...*system.Event) {
	t.Helper()
	findings, err := s.Check(t.Context(), events...)
	require.NoError(t, err)
	for _, f := range findings {
		t.Error(f)
	}
}

// answer makes sure that there was one, of the status wanted.
func answer(t *testing.T, want int) func(a *system.Answer, err error) *system.Answer {
	t.Helper()
	return func(a *system.Answer, err error) *system.Answer {
		t.Helper()
		require.NoError(t, err)
		require.Equal(t, want, a.Status, "%s", a)
		return a
	}
}

// refused makes sure that a request was refused with this status and code.
func refused(t *testing.T, status int, code string) func(a *system.Answer, err error) *system.Answer {
	t.Helper()
	return func(a *system.Answer, err error) *system.Answer {
		t.Helper()
		require.NoError(t, err)
		require.Equal(t, code, a.Code(), "%s", a)
		require.Equal(t, status, a.Status, "%s", a)
		return a
	}
}

// booked makes sure that the answer is a booking of this status.
func booked(t *testing.T, status string) func(a *system.Answer, err error) system.Booking {
	t.Helper()
	return func(a *system.Answer, err error) system.Booking {
		t.Helper()
		require.NoError(t, err)
		b, err := a.Booking()
		require.NoError(t, err)
		require.Equal(t, status, b.Status, "%s", a)
		return b
	}
}

// becomes reads a booking until it has the status.
func becomes(t *testing.T, c *system.Client, bookingID, status string, within time.Duration) system.Booking {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	var last system.Booking
	for {
		a, err := c.Get(ctx, bookingID)
		if err == nil {
			if b, err := a.Booking(); err == nil && b.Status == status {
				return b
			} else if err == nil {
				last = b
			}
		}
		if ctx.Err() != nil {
			require.Fail(t, "the booking did not get there", "wanted %s within %s, it is %q", status, within, last.Status)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
