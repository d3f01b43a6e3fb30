package cdc

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"yourticket.example/internal/postgres"
)

// Times of a source.
const (
	// standbyEvery is how often a process that stands by tries to take over.
	standbyEvery = time.Second
	// beatEvery is how often followers look after themselves, and how much the
	// position of an idle database can be behind.
	beatEvery = 2 * time.Second
	// linger is how long a change waits for others that go with it.
	linger = 20 * time.Millisecond
	// slowest bounds the pauses between attempts.
	slowest = 5 * time.Second
)

// batchSize bounds what a follower has to do before it does it.
const batchSize = 500

// source follows one database for all who want to know of it.
type source struct {
	name      string
	db        *postgres.Capture
	followers []follower
	metrics   *metrics
}

// run follows until ctx ends, through whatever failures.
func (s *source) run(ctx context.Context) {
	pause := time.Duration(0)
	for ctx.Err() == nil {
		began := time.Now()
		err := s.session(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, postgres.ErrSlotInUse):
			s.metrics.state(s.name, stateStandby)
			pause = standbyEvery
		default:
			s.metrics.state(s.name, stateWaiting)
			s.metrics.failures.WithLabelValues(s.name).Inc()
			if time.Since(began) > time.Minute {
				pause = 0
			}
			pause = min(max(2*pause, 250*time.Millisecond), slowest)
			slog.WarnContext(ctx, "change capture begins again", "database", s.name, "in", pause.String(), "error", err)
		}
		_ = sleep(ctx, pause) // the loop looks at ctx itself
	}
}

// session has the slot from beginning to end.
func (s *source) session(ctx context.Context) error {
	stream, err := s.follow(ctx)
	if err != nil {
		return err
	}
	defer stream.Close()
	// Nothing of this session outlives its stream: whoever has lost the slot
	// has to stop writing.
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		defer stop()
		select {
		case <-stream.Done():
		case <-ctx.Done():
		}
	}()
	go s.watch(ctx)
	s.metrics.state(s.name, stateStarting)
	slog.InfoContext(ctx, "change capture follows", "database", s.name)
	err = s.work(ctx, stream)
	if broken := stream.Err(); broken != nil {
		return broken
	}
	return err
}

// follow takes the slot, which it makes anew if it was lost.
func (s *source) follow(ctx context.Context) (*postgres.Stream, error) {
	slot, err := s.db.SlotName(ctx)
	if err != nil {
		return nil, err
	}
	err = s.db.CheckSlot(ctx, slot)
	if errors.Is(err, postgres.ErrSlotLost) {
		slog.WarnContext(ctx, "change capture makes its slot anew", "database", s.name, "slot", slot)
		err = s.db.RenewSlot(ctx, slot, func(ctx context.Context) error {
			for _, f := range s.followers {
				if err := f.lost(ctx); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return nil, err
	}
	o := postgres.StreamOptions{Slot: slot}
	for _, f := range s.followers {
		o.Publications, o.Columns = append(o.Publications, f.publications()...), append(o.Columns, f.columns()...)
	}
	slices.Sort(o.Publications)
	o.Publications = slices.Compact(o.Publications)
	return s.db.Follow(ctx, o)
}

// progress is how far a session came.
type progress struct {
	received
	// end is what may be confirmed when all that was noted is done.
	end postgres.Position
	// work counts what was noted; due is when it is done at the latest.
	work int
	due  <-chan time.Time
	// at is when the last transaction that is done with was committed.
	at time.Time
}

func (s *source) work(ctx context.Context, stream *postgres.Stream) error {
	for _, f := range s.followers {
		if err := f.begin(ctx); err != nil {
			return err
		}
	}
	s.metrics.state(s.name, stateStreaming)
	if err := s.beat(ctx); err != nil {
		return err
	}
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	p := progress{received: received{xids: map[uint32]struct{}{}}}
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-beat.C:
			if err = s.beat(ctx); err == nil {
				err = s.flush(ctx, stream, &p)
			}
		case <-p.due:
			err = s.flush(ctx, stream, &p)
		case c, ok := <-stream.Changes():
			if !ok {
				return stream.Err()
			}
			err = s.take(ctx, stream, &p, c)
		}
		if err != nil {
			return err
		}
	}
}

// take notes a change. What is noted is done after a moment, or at once when it
// is much; that may be in the middle of a large transaction, since the server
// sends none that is not committed.
func (s *source) take(ctx context.Context, stream *postgres.Stream, p *progress, c postgres.Change) error {
	work := 0
	switch c.Kind {
	case postgres.ChangeCommit:
		p.end, p.at = c.End, c.At
	case postgres.ChangeIdle:
		p.end, p.at = max(p.end, c.End), time.Now()
	default:
		for _, f := range s.followers {
			work += f.note(c)
		}
	}
	if work > 0 {
		if p.work == 0 {
			p.since = c.At
		}
		p.through, p.xids[c.XID] = c.Commit, struct{}{}
		p.work += work
	}
	switch {
	case p.work >= batchSize || len(p.xids) >= batchSize:
		return s.flush(ctx, stream, p)
	case p.work == 0:
		s.confirm(stream, p)
	case p.due == nil:
		p.due = time.After(linger)
	}
	return nil
}

func (s *source) flush(ctx context.Context, stream *postgres.Stream, p *progress) error {
	for _, f := range s.followers {
		if err := f.flush(ctx, p.received); err != nil {
			return err
		}
	}
	if p.work > 0 {
		s.metrics.delay.WithLabelValues(s.name).Observe(time.Since(p.since).Seconds())
	}
	p.work, p.due = 0, nil
	clear(p.xids)
	s.confirm(stream, p)
	return nil
}

// confirm tells the server what it may forget: all, up to the first commit that
// somebody still has to do something for.
func (s *source) confirm(stream *postgres.Stream, p *progress) {
	if p.end == 0 {
		return
	}
	end := p.end
	for _, f := range s.followers {
		if held := f.held(); held != 0 {
			end = min(end, held)
		}
	}
	stream.Confirm(end)
	s.metrics.done(s.name, p.at)
}

func (s *source) beat(ctx context.Context) error {
	for _, f := range s.followers {
		if err := f.beat(ctx); err != nil {
			return err
		}
	}
	return nil
}

// watch measures how much the server keeps, also while everything else waits.
func (s *source) watch(ctx context.Context) {
	for ctx.Err() == nil {
		if behind, err := s.behind(ctx); err == nil {
			s.metrics.behind.WithLabelValues(s.name).Set(float64(behind))
		}
		_ = sleep(ctx, beatEvery) // the loop looks at ctx itself
	}
}

func (s *source) behind(ctx context.Context) (int64, error) {
	slot, err := s.db.SlotName(ctx)
	if err != nil {
		return 0, err
	}
	return s.db.Behind(ctx, slot)
}
