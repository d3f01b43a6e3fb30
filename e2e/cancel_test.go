package e2e_test

import (
	"context"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"yourticket.example/e2e/system"
	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

// TestCancelEvent cancels a sold event while both providers fail a tenth of the
// time and workers are killed; support pauses it, and terminates it, too. Every
// booking is refunded exactly once, every buyer told exactly once. The whole of it:
//
//	E2E_CANCEL_BOOKINGS=50000 go test ./e2e -run TestCancelEvent -timeout 3h -v
//
// kills a worker every 20 s (E2E_CANCEL_KILLS_S) and says how long it took, what
// the providers were asked, and how long the histories are.
func TestCancelEvent(t *testing.T) {
	t.Parallel()
	bookings := number("E2E_CANCEL_BOOKINGS", 60)
	s := openShow(t, bookings)
	ann, bob := buyer(t, s.System), buyer(t, s.System)
	free := s.event.Seats[len(s.event.Seats)-10:]
	bought := booked(t, "confirmed")(ann.Book(t.Context(), "k", system.Order{EventID: s.event.ID, Seats: free[:2], Payment: system.Visa}))
	held := booked(t, "held")(bob.Book(t.Context(), "k", system.Order{EventID: s.event.ID, Seats: free[2:3]}))
	refused(t, http.StatusForbidden, "forbidden")(bob.Do(t.Context(), http.MethodPost, "/v1/events/"+s.event.ID+"/cancel", nil))
	s.fail(t)

	began := time.Now()
	first := s.cancel(t, "k")
	require.Equal(t, bookings+1, first.Bookings["sold"])
	require.Equal(t, first.Bookings["sold"], s.cancel(t, "k").Bookings["sold"], "again it says how it stands")
	s.pausedAndTerminated(t)
	ctx, stop := context.WithCancel(t.Context())
	killed := make(chan int)
	every := time.Duration(number("E2E_CANCEL_KILLS_S", map[bool]int{true: 1, false: 20}[bookings < 1000])) * time.Second
	go func() { killed <- s.killWorkers(ctx, every) }()

	refused(t, http.StatusConflict, "not-on-sale")(bob.Book(t.Context(), "late", system.Order{EventID: s.event.ID, Seats: free[4:5], Payment: system.Visa}))
	becomes(t, bob, held.ID, "canceled", time.Minute)
	within := time.Minute + time.Duration(bookings)*100*time.Millisecond
	last := time.Now()
	require.Eventually(t, func() bool {
		p := s.progress(t)
		if time.Since(last) > 20*time.Second {
			last = time.Now()
			t.Logf("%s: %s %v %s", time.Since(began).Round(time.Second), p.State, p.Bookings, p.Note)
		}
		return p.Bookings["refunded"] == bookings+1
	}, within, time.Second)
	took := time.Since(began)
	stop()
	kills := <-killed
	require.NoError(t, s.Mend(t.Context()))
	require.Eventually(t, func() bool { return s.progress(t).State == "done" }, 3*time.Minute, time.Second)
	p := s.progress(t)
	require.Equal(t, int64(bookings+2)*system.SeatTotal, p.Refunded.Amount)
	require.Zero(t, p.Kept.Amount+p.Owed.Amount)
	// Ann's token may have ended meanwhile.
	shard, _ := ticket.ShardOf(bought.ID)
	var status string
	require.NoError(t, s.Shards[shard].QueryRow(t.Context(), `SELECT status FROM bookings WHERE id = $1`, bought.ID).Scan(&status))
	require.Equal(t, "refunded", status)

	s.refundedOnce(t, bookings+1)
	s.allAgrees(t, bookings)
	s.toldOnce(t, bookings+1)
	require.Positive(t, kills)
	for provider, rate := range rates(bookings) {
		all, most := s.gate.counted(provider)
		t.Logf("%s: %d requests, at most %d in a second, %d allowed", provider, all, most, rate)
		require.LessOrEqual(t, most, rate+rate/10+1, "the burst of its permits included")
	}
	t.Logf("%d bookings refunded in %s (%.1f/s), %d workers killed, %d refunds needed a workflow of their own, runs of CancelEvent have %v events",
		bookings+1, took.Round(time.Second), float64(bookings)/took.Seconds(), kills, s.children(t), s.runs(t))
	if out := os.Getenv("E2E_CANCEL_LOG"); out != "" {
		require.NoError(t, os.WriteFile(out, []byte(s.Logs(200)), 0o600))
	}
}

// pausedAndTerminated has support stop the cancellation, in both ways, and go on.
func (s *show) pausedAndTerminated(t *testing.T) {
	t.Helper()
	id := workflows.CancelEventID(s.event.ID)
	update := func(name string) (status workflows.CancelStatus) {
		handle, err := s.TemporalSDK.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
			WorkflowID: id, UpdateName: name, Args: []any{workflows.SaleRequest{By: "ann", Reason: "drill"}}, WaitForStage: client.WorkflowUpdateStageCompleted,
		})
		require.NoError(t, err)
		require.NoError(t, handle.Get(t.Context(), &status))
		return status
	}
	require.Equal(t, "paused", string(update(workflows.UpdatePause).Phase))
	require.Eventually(t, func() bool { return s.progress(t).State == "paused" }, 20*time.Second, 100*time.Millisecond)
	require.Contains(t, s.progress(t).Note, "Paused by ann. drill")
	update(workflows.UpdateResume)
	require.NoError(t, s.TemporalSDK.TerminateWorkflow(t.Context(), id, "", "drill"))
	s.cancel(t, "again")
}

// refundedOnce makes sure that the sandbox's own books have one refund of each
// booking, over all of it.
func (s *show) refundedOnce(t *testing.T, bookings int) {
	t.Helper()
	ledger, err := s.Ledger(t.Context(), "")
	require.NoError(t, err)
	times, captured := map[string]int{}, map[string]int64{}
	for _, e := range ledger.Entries {
		switch e.Type {
		case "refund":
			times[e.BookingID]++
			captured[e.BookingID] -= e.Amount
		case "capture":
			captured[e.BookingID] += e.Amount
		}
	}
	require.Len(t, times, bookings)
	for id, n := range times {
		require.Equal(t, 1, n, id)
		require.Zero(t, captured[id], id)
	}
}

// allAgrees makes sure that every book says the same: by the checks of this
// package, and on a large scale by the product's own audit.
func (s *show) allAgrees(t *testing.T, bookings int) {
	t.Helper()
	if bookings < 1000 {
		settled(t, s.System, time.Minute)
		return
	}
	report, code, err := s.Audit(t.Context(), "--settle", "30s", "--looks", strconv.Itoa(bookings))
	require.NoError(t, err)
	require.Zero(t, code, "%+v", report)
}

// toldOnce makes sure that every buyer has got two mails, each once by its
// Message-ID: that the event is canceled, and that the money is on its way.
func (s *show) toldOnce(t *testing.T, bookings int) {
	t.Helper()
	count := func(where string) (n int) {
		for _, db := range s.Shards {
			var some int
			require.NoError(t, db.QueryRow(t.Context(), `SELECT count(*) FROM outbox WHERE event_id = $1 AND `+where, s.event.ID).Scan(&some))
			n += some
		}
		return n
	}
	for _, kind := range []string{"cancellation", "refund"} {
		require.Equal(t, bookings, count("kind = '"+kind+"'"))
	}
	if bookings > 400 { // the catcher keeps a thousand mails
		return
	}
	// What a killed sender had taken is taken again when its lease has ended.
	require.Eventually(t, func() bool { return count("status = 'waiting'") == 0 }, 5*time.Minute, 200*time.Millisecond)
	// A sender that is killed between handing a mail over and knowing so leaves
	// it to another, which SMTP cannot prevent; the second copy has the first
	// one's Message-ID, by which mailboxes show one. So mails are counted by it.
	got := map[string]string{}
	for _, m := range s.mail.Mails() {
		about := m.To[0] + m.Subject[:6]
		if id, known := got[about]; known {
			require.Equal(t, id, m.MessageID, "%s: told twice", about)
		}
		got[about] = m.MessageID
		if m.Subject[:6] == "Cancel" {
			require.Contains(t, m.Text, "The organizer writes: The singer is ill.")
			require.Regexp(t, `To be refunded: (52|105)\.[05]0 EUR`, m.Text)
		}
	}
	require.Len(t, got, 2*bookings+1, "and the one who bought has the tickets, once")
}
