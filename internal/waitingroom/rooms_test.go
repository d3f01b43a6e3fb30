package waitingroom_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/waitingroom"
	"yourticket.example/ticket"
)

var small = ticket.WaitingRoom{MaxSessions: 3, SessionMinutes: 10, GraceSeconds: 60}

func (w *world) status(t testing.TB) waitingroom.Status {
	t.Helper()
	time.Sleep(time.Second) // a notice is at most that old
	n, err := w.Notice(context.Background(), w.event.ID)
	require.NoError(t, err)
	var s waitingroom.Status
	require.NoError(t, json.Unmarshal(n.Body, &s))
	return s
}

func TestOneAccountHasOnePlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour, small)
	first, fresh, err := w.Join(t.Context(), w.event, "us_anna")
	require.NoError(t, err)
	require.True(t, fresh)
	require.Equal(t, int64(1), first.Entry)
	require.Zero(t, first.Number)
	for _, process := range []*waitingroom.Rooms{w.Rooms, w.process(t)} {
		again, fresh, err := process.Join(t.Context(), w.event, "us_anna")
		require.NoError(t, err)
		require.False(t, fresh)
		require.Equal(t, first, again)
	}
	kept, err := w.books.QueueEntryOf(t.Context(), w.event.ID, "us_anna")
	require.NoError(t, err)
	require.Equal(t, first.JoinedAt, kept.JoinedAt, "what is acknowledged is in the books")
	s, err := w.Standing(t.Context(), w.event, "us_anna")
	require.NoError(t, err)
	require.Equal(t, waitingroom.Standing{Entry: 1, State: waitingroom.StateWaiting, Number: -1, Ahead: -1, Wait: -1}, s)
	_, err = w.Standing(t.Context(), w.event, "us_ben")
	require.Equal(t, ticket.CodeNotFound, ticket.CodeOf(err))
	_, code := w.claim("us_anna")
	require.Equal(t, ticket.CodeNotYourTurn, code)
	_, code = w.claim("us_ben")
	require.Equal(t, ticket.CodeNotFound, code)
}

func TestSeedIsCommittedToBeforeAndRevealedAfterTheDraw(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3*time.Second, small)
	w.join(t, 1, 100)
	before := w.status(t)
	require.Equal(t, waitingroom.PhasePrequeue, before.Phase)
	require.Nil(t, before.Draw.Seed)
	require.Equal(t, int64(100), before.Draw.Entries)
	require.Equal(t, w.event.OnSaleAt, before.OpensAt)
	require.Equal(t, int64(100), w.open(t))
	require.Equal(t, int64(100), w.open(t), "a second opening changes nothing")
	w.join(t, 101, 110)
	after := w.status(t)
	require.Equal(t, waitingroom.PhaseOpen, after.Phase)
	require.Equal(t, *before.Draw.Commitment, *after.Draw.Commitment)
	require.Equal(t, int64(100), after.Draw.Entries)
	require.Equal(t, int64(110), after.Issued)

	seed, err := hex.DecodeString(*after.Draw.Seed)
	require.NoError(t, err)
	commitment, err := hex.DecodeString(*before.Draw.Commitment)
	require.NoError(t, err)
	require.True(t, waitingroom.Reveals(seed, commitment))
	w.byNumber(t, 110)
	for i := 1; i <= 110; i++ {
		s, err := w.Standing(t.Context(), w.event, buyer(i))
		require.NoError(t, err)
		require.Equal(t, numberOf(seed, 100, uint64(s.Entry)), uint64(s.Number), "anyone can recompute it")
		if i > 100 {
			require.Equal(t, s.Entry, s.Number, "late ones follow in order")
		}
	}
}

func TestWhoJoinsAfterTheOpeningIsNotDrawnHoweverLateTheDraw(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Second, small)
	w.join(t, 1, 10)
	time.Sleep(time.Until(w.event.OnSaleAt) + 50*time.Millisecond)
	w.join(t, 11, 30) // nobody has drawn yet
	require.Equal(t, int64(10), w.open(t))
}

func TestAnOpeningThatMovesIsWaitedForAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 300*time.Millisecond, small)
	w.join(t, 1, 5)
	stale := *w.event
	time.Sleep(400 * time.Millisecond)
	w.change(t, func(e *ticket.Event) { e.OnSaleAt = time.Now().Add(2 * time.Second).UTC().Truncate(time.Millisecond) })
	// A process that has not heard of it yet takes a join for a late one.
	_, _, err := w.Join(t.Context(), &stale, buyer(6))
	require.NoError(t, err)
	_, wait, err := w.Open(t.Context(), w.event.ID)
	require.NoError(t, err)
	require.Positive(t, wait)
	w.join(t, 7, 8)
	require.Equal(t, int64(8), w.open(t))
}

func TestEventsWithoutAnOpenWaitingRoomRefuse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*ticket.Event)
		phase  waitingroom.Phase
		code   ticket.Code
	}{
		"off":       {func(e *ticket.Event) { e.WaitingRoom.Enabled = false }, waitingroom.PhaseOff, ticket.CodeNotFound},
		"canceled":  {func(e *ticket.Event) { e.Status = ticket.EventCanceled }, waitingroom.PhaseClosed, ticket.CodeNotOnSale},
		"postponed": {func(e *ticket.Event) { e.Status = ticket.EventPostponed }, waitingroom.PhaseClosed, ticket.CodeNotOnSale},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, time.Hour, small)
			w.change(t, c.change)
			_, _, err := w.Join(t.Context(), w.event, "us_anna")
			require.Equal(t, c.code, ticket.CodeOf(err))
			_, code := w.claim("us_anna")
			require.Equal(t, c.code, code)
			require.Equal(t, c.phase, w.status(t).Phase)
		})
	}
	w := newWorld(t, time.Hour, small)
	_, err := w.Notice(t.Context(), "nothing")
	require.Equal(t, ticket.CodeNotFound, ticket.CodeOf(err))
	w.change(t, func(e *ticket.Event) { e.Status = ticket.EventDraft })
	_, err = w.Notice(t.Context(), w.event.Slug)
	require.Equal(t, ticket.CodeNotFound, ticket.CodeOf(err), "drafts are not shown")
}

func TestTurnsComeInOrderWithinTheBound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 500*time.Millisecond, small)
	w.join(t, 1, 10)
	w.open(t)
	order := w.byNumber(t, 10)
	_, code := w.claim(order[0])
	require.Equal(t, ticket.CodeNotYourTurn, code)
	require.Equal(t, 3, w.serve(t, 100), "as many as sessions are free")
	require.Zero(t, w.serve(t, 100), "open turns keep a session")

	s, err := w.Standing(t.Context(), w.event, order[2])
	require.NoError(t, err)
	require.Equal(t, waitingroom.StateYourTurn, s.State)
	first, code := w.claim(order[0])
	require.Empty(t, code)
	require.WithinDuration(t, time.Now().Add(10*time.Minute), first.ExpiresAt, 2*time.Second)
	again, code := w.claim(order[0])
	require.Empty(t, code)
	require.Equal(t, first, again, "claiming again gives the same admission")
	_, code = w.claim(order[3])
	require.Equal(t, ticket.CodeNotYourTurn, code)
	for _, b := range order[1:3] {
		_, code = w.claim(b)
		require.Empty(t, code)
	}
	require.Zero(t, w.serve(t, 100))
	s, err = w.Standing(t.Context(), w.event, order[0])
	require.NoError(t, err)
	require.Equal(t, waitingroom.StateAdmitted, s.State)
	s, err = w.Standing(t.Context(), w.event, order[5])
	require.NoError(t, err)
	require.Equal(t, int64(2), s.Ahead)
	require.Empty(t, w.skips(t))
}

func TestTurnsThatPassAreSkippedAndRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 500*time.Millisecond, small)
	w.join(t, 1, 10)
	w.open(t)
	order := w.byNumber(t, 10)
	require.NoError(t, w.Leave(t.Context(), w.event, order[1]), "before the turn")
	require.Equal(t, 3, w.serve(t, 3))
	require.NoError(t, w.Leave(t.Context(), w.event, order[2]), "within the turn")
	require.Equal(t, 1, w.serve(t, 3), "who leaves within the turn makes room at once")
	_, code := w.claim(order[0])
	require.Empty(t, code)
	w.hurry(t, 61*time.Second)
	room := w.tick(t)
	require.Equal(t, int64(5), room.Passed)
	require.Zero(t, room.Open)
	_, code = w.claim(order[3])
	require.Equal(t, ticket.CodeTurnExpired, code)
	_, code = w.claim(order[1])
	require.Equal(t, ticket.CodeTurnExpired, code)
	s, err := w.Standing(t.Context(), w.event, order[4])
	require.NoError(t, err)
	require.Equal(t, waitingroom.StateExpired, s.State)
	w.tick(t)
	require.Equal(t, map[int64]string{
		2: "left " + order[1], 3: "left " + order[2], 4: "turn-expired " + order[3], 5: "turn-expired " + order[4],
	}, w.skips(t))
	require.Equal(t, 2, w.serve(t, 100), "those behind go on")
	require.Eventually(t, func() bool { // a process may know of the draw a second late
		place, fresh, err := w.Join(t.Context(), w.event, order[3])
		require.NoError(t, err)
		require.False(t, fresh, "a place that is over is not given anew")
		return place.Number == 4
	}, 5*time.Second, 50*time.Millisecond)
}

func TestAnAdmissionIsForOneAccountAndOneEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, -time.Minute, small)
	w.open(t)
	w.join(t, 1, 3)
	require.Equal(t, 3, w.serve(t, 3))
	a, code := w.claim(buyer(1))
	require.Empty(t, code)
	other, code := w.claim(buyer(2))
	require.Empty(t, code)
	verify := func(e *ticket.Event, buyerID, token, booking string) ticket.Code {
		return ticket.CodeOf(w.Verify(t.Context(), e, buyerID, token, booking))
	}
	require.Empty(t, verify(w.event, buyer(1), a.Token, "bk_1"))
	elsewhere := *w.event
	elsewhere.ID, elsewhere.Slug = "", "day"
	require.NoError(t, w.books.CreateEvent(t.Context(), &elsewhere))
	free := *w.event
	free.WaitingRoom.Enabled = false
	require.Empty(t, verify(&free, buyer(1), "", "bk_1"), "without a waiting room none is needed")
	for name, code := range map[string]ticket.Code{
		"none":              verify(w.event, buyer(1), "", "bk_1"),
		"another account":   verify(w.event, buyer(2), a.Token, "bk_1"),
		"another event":     verify(&elsewhere, buyer(1), a.Token, "bk_1"),
		"another's":         verify(w.event, buyer(1), other.Token, "bk_1"),
		"never admitted":    verify(w.event, buyer(3), a.Token, "bk_1"),
		"tampered":          verify(w.event, buyer(1), a.Token[:9]+flipped(a.Token[9:10])+a.Token[10:], "bk_1"),
		"garbage":           verify(w.event, buyer(1), strings.Repeat("x", 44), "bk_1"),
		"trailing bits set": verify(w.event, buyer(1), a.Token[:len(a.Token)-1], "bk_1"),
	} {
		require.Equal(t, ticket.CodeAdmissionRequired, code, name)
	}
	w.hurry(t, 10*time.Minute+time.Second)
	require.Equal(t, ticket.CodeAdmissionRequired, verify(w.event, buyer(1), a.Token, "bk_1"), "expired")
	_, code = w.claim(buyer(1))
	require.Equal(t, ticket.CodeTurnExpired, code)
}

func flipped(letter string) string {
	if letter == "A" {
		return "B"
	}
	return "A"
}

func TestAnAdmissionCarriesOnePurchaseAndIsUsedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, -time.Minute, small)
	w.open(t)
	w.join(t, 1, 4)
	w.serve(t, 3)
	a, _ := w.claim(buyer(1))
	take := func(booking string) ticket.Code {
		return ticket.CodeOf(w.TakeSlot(t.Context(), w.event, buyer(1), booking))
	}
	require.Equal(t, ticket.CodeAdmissionRequired, ticket.CodeOf(w.TakeSlot(t.Context(), w.event, buyer(2), "bk_x")), "not admitted")
	require.Empty(t, take("bk_1"))
	require.Empty(t, take("bk_1"), "the same booking again")
	require.Equal(t, ticket.CodeAdmissionRequired, take("bk_2"), "one live purchase")
	require.Empty(t, ticket.CodeOf(w.Verify(t.Context(), w.event, buyer(1), a.Token, "bk_1")))
	require.Equal(t, ticket.CodeAdmissionRequired, ticket.CodeOf(w.Verify(t.Context(), w.event, buyer(1), a.Token, "bk_2")))
	require.Equal(t, ticket.CodeConflict, ticket.CodeOf(w.Leave(t.Context(), w.event, buyer(1))))

	require.NoError(t, w.ReleaseSlot(t.Context(), w.event, buyer(1), "bk_2"), "what was not taken is not given back")
	require.Equal(t, ticket.CodeAdmissionRequired, take("bk_2"))
	require.NoError(t, w.ReleaseSlot(t.Context(), w.event, buyer(1), "bk_1"))
	require.Empty(t, take("bk_2"), "a failed purchase gives it back")

	w.hurry(t, 11*time.Minute)
	require.Equal(t, int64(1), w.tick(t).Live, "a session outlives its purchase")
	for range 2 {
		require.NoError(t, w.UseSlot(t.Context(), w.event, buyer(1), "bk_2"))
	}
	require.Zero(t, w.tick(t).Live)
	require.Empty(t, take("bk_2"), "the purchase that used it, run again")
	require.Equal(t, ticket.CodeAdmissionRequired, take("bk_3"), "used up")
	require.Equal(t, ticket.CodeAdmissionRequired, ticket.CodeOf(w.Verify(t.Context(), w.event, buyer(1), a.Token, "bk_3")))
	_, code := w.claim(buyer(1))
	require.Equal(t, ticket.CodeTurnExpired, code)
	require.NoError(t, w.ReleaseSlot(t.Context(), w.event, buyer(1), "bk_2"), "too late to give it back")
	require.Equal(t, ticket.CodeAdmissionRequired, take("bk_3"))
}

func TestNobodysTimeRunsWhileTheSaleIsPaused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, -time.Minute, ticket.WaitingRoom{MaxSessions: 2, SessionMinutes: 1, GraceSeconds: 10})
	w.open(t)
	w.join(t, 1, 4)
	w.serve(t, 2)
	a, _ := w.claim(buyer(1))
	require.NoError(t, w.Show(t.Context(), w.event.ID, waitingroom.PhasePaused, "test", 10, 10))
	_, code := w.claim(buyer(2))
	require.Equal(t, ticket.CodeNotYourTurn, code, "nobody is admitted meanwhile")
	b, code := w.claim(buyer(1))
	require.Empty(t, code)
	require.Equal(t, a.Token, b.Token)
	require.Zero(t, w.serve(t, 1))
	// Two minutes pass: as if the last tick had been that long ago.
	key := "{" + w.event.ID + "}:queue"
	require.NoError(t, w.redis.HIncrBy(t.Context(), key, "tick", -120_000).Err())
	w.tick(t)
	require.NoError(t, w.Show(t.Context(), w.event.ID, waitingroom.PhaseOpen, "", 10, 10))
	room := w.tick(t)
	require.InDelta(t, 120, room.Held.Seconds(), 2)
	require.Equal(t, int64(1), room.Live)
	require.Equal(t, int64(1), room.Open)
	_, code = w.claim(buyer(2))
	require.Empty(t, code, "the turn has waited")
	b, code = w.claim(buyer(1))
	require.Empty(t, code)
	require.Equal(t, a.Token, b.Token)
	require.InDelta(t, 120, b.ExpiresAt.Sub(a.ExpiresAt).Seconds(), 2)
	require.NoError(t, w.Verify(t.Context(), w.event, buyer(1), a.Token, "bk"))

	// The same when nobody ticked, because the workers were away.
	require.NoError(t, w.redis.HIncrBy(t.Context(), key, "tick", -300_000).Err())
	require.NoError(t, w.Verify(t.Context(), w.event, buyer(1), a.Token, "bk"))
	require.Equal(t, int64(2), w.tick(t).Live)
}

func TestTheFirstWhoComesToAnIdleSaleWakesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, -time.Minute, small)
	w.open(t)
	require.True(t, w.tick(t).Idle)
	w.join(t, 1, 3)
	require.Equal(t, w.event.ID, <-w.woken)
	require.Empty(t, w.woken)
}

func TestAClosedSaleTakesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, -time.Minute, small)
	w.open(t)
	w.join(t, 1, 1)
	require.NoError(t, w.Show(t.Context(), w.event.ID, waitingroom.PhaseClosed, "sold", 0, 0))
	_, _, err := w.Join(t.Context(), w.event, buyer(2))
	require.Equal(t, ticket.CodeSoldOut, ticket.CodeOf(err))
	_, fresh, err := w.Join(t.Context(), w.event, buyer(1))
	require.NoError(t, err)
	require.False(t, fresh)
	require.Equal(t, waitingroom.PhaseClosed, w.status(t).Phase)
}
