package redis

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"yourticket.example/ticket"
)

// State is an event's live state as it is rebuilt.
type State struct {
	// Places is the number of places of the plan.
	Places  int
	Blocked []int
	Sold    []Owned
	Holds   []LoadedHold
}

// Owned is a place and whose it is.
type Owned struct {
	Seat    int
	BuyerID string
}

// LoadedHold is a hold as it was before Redis forgot it.
type LoadedHold struct {
	ID        string
	BuyerID   string
	Fence     int64
	ExpiresAt time.Time // zero while it is being paid
	Seats     []int
}

// Load sets an event's live state, unless there is one already: of several
// processes that rebuild at once the first wins, and the others use its state.
func (s *Seats) Load(ctx context.Context, eventID string, st State) error {
	seats, buyers := st.fill()
	available := strings.Count(seats, string(rune(ticket.SeatAvailable)))
	args := []any{seats, freshFence(), available, len(buyers)}
	for id, n := range buyers {
		args = append(args, id, n)
	}
	for _, h := range st.Holds {
		ms := int64(0)
		if !h.ExpiresAt.IsZero() {
			ms = h.ExpiresAt.UnixMilli()
		}
		list := make([]string, len(h.Seats))
		for i, seat := range h.Seats {
			list[i] = strconv.Itoa(seat)
		}
		record := fmt.Sprintf("%s|%d|%d|%s", h.BuyerID, ms, h.Fence, strings.Join(list, ","))
		args = append(args, h.ID, record, ms)
	}
	_, err := s.run(ctx, loadScript, eventID, args...)
	return err
}

// fill draws the map and counts what each buyer holds and owns.
func (st *State) fill() (seats string, buyers map[string]int) {
	b := []byte(strings.Repeat(string(rune(ticket.SeatAvailable)), st.Places))
	buyers = map[string]int{}
	for _, i := range st.Blocked {
		b[i] = byte(ticket.SeatBlocked)
	}
	for _, h := range st.Holds {
		for _, i := range h.Seats {
			b[i] = byte(ticket.SeatHeld)
		}
		buyers[h.BuyerID] += len(h.Seats)
	}
	for _, o := range st.Sold {
		b[o.Seat] = byte(ticket.SeatSold)
		buyers[o.BuyerID]++
	}
	return string(b), buyers
}

// freshFence starts a rebuilt event's fences above all it can have given out
// before: fences count single holds, so the clock's microseconds outrun them.
func freshFence() int64 { return time.Now().UnixMicro() }
