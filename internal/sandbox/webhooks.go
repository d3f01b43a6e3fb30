package sandbox

import (
	"bytes"
	"container/heap"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	maxQueued    = 10_000
	maxTries     = 15
	maxBackoff   = 30 * time.Second
	webhookPause = 5 * time.Second
)

// delivery is one event on its way. body is built by the first attempt, not by the request that caused it.
type delivery struct {
	id    string
	kind  string
	build func() []byte
	body  []byte
	due   time.Time
	tries int
}

// courier delivers one provider's events to one URL: at least once, in no promised order, one at a time, with
// growing pauses after a failure. A nil courier delivers nothing.
type courier struct {
	provider string
	url      string
	kinds    []string
	backoff  time.Duration
	sign     func(h http.Header, d *delivery, now time.Time)
	client   *http.Client
	lost     func() bool

	mu     sync.Mutex
	queue  deliveryHeap
	wake   chan struct{}
	counts courierCounts
}

// courierCounts are the figures of /sandbox/webhooks.
type courierCounts struct {
	Provider  string `json:"provider"`
	Delivered int    `json:"delivered"`
	Waiting   int    `json:"waiting"`
	Failures  int    `json:"failed_attempts"`
	GivenUp   int    `json:"given_up"`
}

func newCourier(provider, url string, kinds []string, backoff time.Duration, sign func(http.Header, *delivery, time.Time)) *courier {
	if url == "" {
		return nil
	}
	return &courier{
		provider: provider, url: url, kinds: kinds, backoff: backoff, sign: sign,
		wake:   make(chan struct{}, 1),
		counts: courierCounts{Provider: provider},
		client: &http.Client{
			Timeout: webhookPause,
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse
			},
			Transport: &http.Transport{MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute},
		},
	}
}

// mayLose asks of every event whether it is lost on its way out.
func (c *courier) mayLose(lost func() bool) {
	if c != nil {
		c.lost = lost
	}
}

// wants tells whether anybody subscribed to a kind of event.
func (c *courier) wants(kind string) bool {
	return c != nil && (len(c.kinds) == 0 || slices.Contains(c.kinds, kind))
}

// send queues an event. A full queue drops it, as a provider gives up on an endpoint that is away too long.
func (c *courier) send(d *delivery) {
	lost := c.lost != nil && c.lost()
	c.mu.Lock()
	defer c.mu.Unlock()
	if lost || len(c.queue) >= maxQueued {
		c.counts.GivenUp++
		return
	}
	heap.Push(&c.queue, d)
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// run delivers until ctx ends.
func (c *courier) run(ctx context.Context) {
	for {
		d, wait := c.next(time.Now())
		if d != nil {
			c.settle(d, c.attempt(ctx, d))
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-c.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// next takes the delivery that is due, or says how long to wait for one.
func (c *courier) next(now time.Time) (*delivery, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		return nil, time.Hour
	}
	if wait := c.queue[0].due.Sub(now); wait > 0 {
		return nil, wait
	}
	d, ok := heap.Pop(&c.queue).(*delivery)
	if !ok {
		return nil, time.Hour
	}
	return d, 0
}

func (c *courier) attempt(ctx context.Context, d *delivery) error {
	if d.body == nil {
		d.body = d.build()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(d.body))
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	c.sign(req.Header, d, time.Now())
	resp, err := c.client.Do(req)
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	_ = resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("answered %d", resp.StatusCode)
	}
	return nil
}

// settle counts an attempt and puts a failed delivery back with a pause.
func (c *courier) settle(d *delivery, failure error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if failure == nil {
		c.counts.Delivered++
		return
	}
	c.counts.Failures++
	d.tries++
	if d.tries >= maxTries {
		c.counts.GivenUp++
		slog.Warn("sandbox: webhook given up", "provider", c.provider, "event", d.id, "type", d.kind, "error", failure)
		return
	}
	d.due = time.Now().Add(min(c.backoff<<(d.tries-1), maxBackoff))
	heap.Push(&c.queue, d)
}

func (c *courier) figures() courierCounts {
	c.mu.Lock()
	defer c.mu.Unlock()
	counts := c.counts
	counts.Waiting = len(c.queue)
	return counts
}

// deliveryHeap orders deliveries by when they are due.
type deliveryHeap []*delivery

func (h *deliveryHeap) Len() int           { return len(*h) }
func (h *deliveryHeap) Less(i, j int) bool { return (*h)[i].due.Before((*h)[j].due) }
func (h *deliveryHeap) Swap(i, j int)      { (*h)[i], (*h)[j] = (*h)[j], (*h)[i] }

func (h *deliveryHeap) Push(x any) {
	if d, ok := x.(*delivery); ok {
		*h = append(*h, d)
	}
}

func (h *deliveryHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return last
}
