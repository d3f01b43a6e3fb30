package cdc

import (
	"context"
	"time"

	"yourticket.example/internal/postgres"
)

// follower acts on the changes of a database.
type follower interface {
	// publications and columns are what it wants to be told.
	publications() []string
	columns() []string
	// lost records that changes are missed, before the slot is made anew.
	lost(ctx context.Context) error
	// begin is called when the slot is had, before any change. What it starts
	// ends with ctx.
	begin(ctx context.Context) error
	// note remembers a change and tells whether it has to do something for it,
	// even if that was to be done anyway: 1 or 0.
	note(c postgres.Change) int
	// flush does what was noted, so far as it must be done now.
	flush(ctx context.Context, r received) error
	// held is the commit of the first change that is still to be done, or 0.
	held() postgres.Position
	// beat looks after what no change announces, every beatEvery.
	beat(ctx context.Context) error
}

// received is how far the stream came.
type received struct {
	// through is the last commit of which something was noted.
	through postgres.Position
	// xids are the transactions of which something was noted since the last flush.
	xids map[uint32]struct{}
	// since is when the first of them was committed.
	since time.Time
}

// see reads in a view that includes all that was received. The stream may be a
// moment ahead of the commit.
func see(ctx context.Context, db *postgres.Capture, xids map[uint32]struct{}, read func(ctx context.Context, v *postgres.View) error) error {
	pause := 2 * time.Millisecond
	for {
		sees := false
		err := db.View(ctx, func(ctx context.Context, v *postgres.View) (err error) {
			if sees, err = v.Sees(ctx, xids); err != nil || !sees {
				return err
			}
			return read(ctx, v)
		})
		if err != nil || sees {
			return err
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, 250*time.Millisecond)
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
