package main

import (
	"context"
	"time"
)

// outage kills Elasticsearch under load and starts it again.
func (b *searchBench) outage(ctx context.Context, mix []string, rate int) error {
	var killed, back time.Time
	degradedAt, normalAt := make(chan time.Time, 1), make(chan time.Time, 1)
	dead, alive := make(chan struct{}), make(chan struct{})
	tell := func(at time.Time, _ int, degraded bool) {
		select {
		case <-alive:
			if !degraded {
				offer(normalAt, at)
			}
			return
		default:
		}
		select {
		case <-dead:
			if degraded {
				offer(degradedAt, at)
			}
		default:
		}
	}
	loading, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan *outcome, 1)
	go func() {
		done <- b.drive(loading, func(i int) string { return mix[i%len(mix)] }, rate, loadConnections, 10*time.Minute, tell)
	}()
	if err := pause(ctx, 5*time.Second); err != nil {
		return err
	}
	killed = time.Now()
	b.Elasticsearch.Kill()
	close(dead)
	if err := pause(ctx, 10*time.Second); err != nil {
		return err
	}
	if err := b.Elasticsearch.Restart(ctx); err != nil {
		return err
	}
	back = time.Now()
	close(alive)
	normal := await(ctx, normalAt)
	if err := pause(ctx, 5*time.Second); err != nil {
		return err
	}
	stop()
	o := <-done
	b.say("Elasticsearch killed at %d searches a second: degraded after %s, normal %s after it answered again; %d searches, %d failed, %d degraded, p99 %s",
		rate, await(ctx, degradedAt).Sub(killed).Round(time.Millisecond), normal.Sub(back).Round(time.Millisecond),
		len(o.took), o.failed, o.degraded, o.at(.99))
	if o.firstBad != "" {
		b.say("  the first failure: %.300s", o.firstBad)
	}
	return nil
}

func offer(ch chan time.Time, at time.Time) {
	select {
	case ch <- at:
	default:
	}
}

func await(ctx context.Context, ch chan time.Time) time.Time {
	select {
	case at := <-ch:
		return at
	case <-time.After(time.Minute):
	case <-ctx.Done():
	}
	return time.Time{}
}
