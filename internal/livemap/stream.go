package livemap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"yourticket.example/ticket"
)

const (
	// socketBuffer bounds what the kernel keeps for a client that does not read.
	// It takes the map of a stadium at once.
	socketBuffer = 64 << 10
	// handTime is how long a client may take for one frame where its connection
	// cannot be taken over.
	handTime = 15 * time.Second
)

// Stream is what one client is about to be sent.
type Stream struct {
	hub    *Hub
	feed   *feed
	next   int
	before []byte
}

// Watch finds where a client goes on that was last sent the given version; ""
// for one that begins. It is ticket.CodeUnavailable when the map cannot be read
// or there are too many clients already. Serve must follow at once.
func (h *Hub) Watch(ctx context.Context, e *ticket.Event, lastEventID string) (*Stream, error) {
	if h.counts.streams.Load() >= int64(h.o.MaxStreams) {
		err := ticket.Errorf(ticket.CodeUnavailable, "Too many clients watch seat maps here; ask for the availability instead.")
		err.RetryAfterSeconds = 5
		return nil, err
	}
	f, err := h.follow(ctx, e)
	if err != nil {
		return nil, err
	}
	s := &Stream{hub: h, feed: f}
	var resumed bool
	if s.next, s.before, resumed = h.position(ctx, f, lastEventID); resumed {
		h.counts.resumed.Add(1)
	}
	return s, nil
}

// Serve sends the stream. Headers that are set on w already are sent with it.
// It takes the connection over where it can, and returns then at once; other
// streams last as long as the call. What goes wrong on the way is the end of
// the stream, and nothing that could be answered.
func (s *Stream) Serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no")
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return
	}
	s.feed.streams.Add(1)
	s.hub.counts.streams.Add(1)
	if r.ProtoMajor == 1 && r.TLS == nil {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			s.takeOver(r.Context(), conn, header)
			return
		}
		if !errors.Is(err, http.ErrNotSupported) {
			s.leave()
			return
		}
	}
	control := http.NewResponseController(w)
	s.hand(r.Context(), func(b []byte) error {
		_ = control.SetWriteDeadline(time.Now().Add(handTime)) // a writer without deadlines needs none
		if _, err := w.Write(b); err != nil {
			return err
		}
		return control.Flush()
	})
}

// leave counts out a client that no writer has.
func (s *Stream) leave() {
	s.feed.streams.Add(-1)
	s.hub.counts.streams.Add(-1)
}

// takeOver answers a request on its connection and hands that to a writer. The
// answer ends with the connection, so that frames need no framing of their own.
func (s *Stream) takeOver(ctx context.Context, conn net.Conn, header http.Header) {
	header.Set("Connection", "close")
	header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	var head bytes.Buffer
	head.WriteString("HTTP/1.1 200 OK\r\n")
	_ = header.Write(&head) // a buffer takes everything
	head.WriteString("\r\n")
	raw, ok := prepare(conn, s.hub.o.Patience)
	if !ok {
		defer func() { _ = conn.Close() }()
		s.hand(ctx, func(b []byte) error {
			_ = conn.SetWriteDeadline(time.Now().Add(handTime)) // a write without it fails in its own time
			_, err := conn.Write(append(head.Bytes(), b...))
			head.Reset()
			return err
		})
		return
	}
	now := time.Now()
	c := &client{
		conn: conn, raw: raw, next: s.next, rest: s.before,
		endsAt: now.Add(s.hub.lifetime()).UnixNano(), lookAt: now.Add(upTo(lookEvery)).UnixNano(),
	}
	if !begin(c, append(head.Bytes(), hint()...)) || !s.hub.writer().add(s.feed, c) {
		_ = conn.Close()
		s.leave()
	}
}

// begin sends a client what it begins with, as far as it takes that at once: it
// need not wait for the next tick. False when the client is gone already.
func begin(c *client, head []byte) bool {
	first := newSocket()
	n, err := first.write(c.raw, head)
	if err != nil || n < len(head) { // a fresh connection has room for a few hundred bytes
		return false
	}
	if len(c.rest) > 0 {
		n, err = first.write(c.raw, c.rest)
		c.rest = c.rest[n:]
	}
	return err == nil
}

// hand serves a stream from its own goroutine.
func (s *Stream) hand(ctx context.Context, send func([]byte) error) {
	defer s.leave()
	ends := time.NewTimer(s.hub.lifetime())
	defer ends.Stop()
	err := send(append(hint(), s.before...))
	s.before = nil
	for err == nil {
		v, changed := s.feed.next()
		if data, then, whole := v.read(s.next); data != nil {
			s.next = then
			s.hub.counts.frames.Add(1)
			if whole {
				s.hub.counts.lagged.Add(1)
			}
			err = send(data)
			continue
		}
		select {
		case <-changed:
		case <-ends.C:
			return
		case <-ctx.Done():
			return
		case <-s.hub.done:
			return
		}
	}
}

// hint says when to come back after the end of a stream: not all at once.
func hint() []byte {
	return fmt.Appendf(nil, "retry: %d\n\n", 1000+upTo(2*time.Second).Milliseconds())
}

// upTo gives a time at random, so that what began together does not go on so.
func upTo(most time.Duration) time.Duration {
	return rand.N(most + 1) //nolint:gosec // it spreads load and need not be secret
}

// lifetime is how long a stream lasts at most.
func (h *Hub) lifetime() time.Duration {
	return h.o.StreamFor - upTo(h.o.StreamFor/14)
}

// writer gives the writer whose turn it is to get a client.
func (h *Hub) writer() *writer {
	return h.writers[h.turn.Add(1)%uint64(len(h.writers))]
}
