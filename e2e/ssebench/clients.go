package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// crowd is a process of clients.
type crowd struct {
	urls      []string
	clients   []*client
	ledger    *ledger
	arrivals  histogram
	connected atomic.Int64
	snapshots atomic.Int64
	comments  atomic.Int64
	faults    atomic.Int64
	churn     atomic.Int64 // clients a second that lose their connection
}

// client is one watcher. Its map is a number of the ledger.
type client struct {
	crowd *crowd
	at    atomic.Int64
	conn  atomic.Pointer[net.TCPConn]
	rest  []byte // of an event that has not arrived whole
	head  bool   // the head of the answer is still to come
}

// crowdReport is what a crowd says when it is asked.
type crowdReport struct {
	Connected, Snapshots, Comments, Faults int64
	Arrivals                               map[int]int64
	// Right counts the clients that have the map asked about.
	Right int
}

// watch is a client process.
func watch(ctx context.Context, o options) error {
	c := &crowd{urls: strings.Split(o.urls, ","), ledger: newLedger(), clients: make([]*client, o.Clients)}
	pace := time.NewTicker(time.Second / time.Duration(o.connectRate))
	for i := range c.clients {
		c.clients[i] = &client{crowd: c}
		<-pace.C
		go c.clients[i].run(ctx, rand.IntN(len(c.urls)))
	}
	pace.Stop()
	go c.disconnect(ctx)
	return answer("connecting", c.reply)
}

func (c *crowd) reply(question string) any {
	verb, rest, _ := strings.Cut(question, " ")
	switch verb {
	case "reset":
		c.arrivals.reset()
		c.snapshots.Store(0)
	case "churn":
		n, _ := strconv.ParseFloat(rest, 64)
		c.churn.Store(int64(n * float64(len(c.clients))))
	case "check":
		version, seats, _ := strings.Cut(rest, " ")
		r := c.report()
		for _, cl := range c.clients {
			if c.ledger.is(int(cl.at.Load()), version, seats) {
				r.Right++
			}
		}
		return r
	}
	return c.report()
}

func (c *crowd) report() crowdReport {
	return crowdReport{
		Connected: c.connected.Load(), Snapshots: c.snapshots.Load(), Comments: c.comments.Load(), Faults: c.faults.Load(),
		Arrivals: c.arrivals.sparse(),
	}
}

// disconnect cuts connections of clients at random.
func (c *crowd) disconnect(ctx context.Context) {
	due := int64(0) // in tenths of a client
	for tick := time.NewTicker(100 * time.Millisecond); ; due %= 10 {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		due += c.churn.Load()
		for range due / 10 {
			if conn := c.clients[rand.IntN(len(c.clients))].conn.Load(); conn != nil {
				_ = conn.Close()
			}
		}
	}
}

// run keeps a client connected, to one server after the other.
func (cl *client) run(ctx context.Context, server int) {
	for ; ctx.Err() == nil; server++ {
		err := cl.connect(ctx, cl.crowd.urls[server%len(cl.crowd.urls)])
		if errors.Is(err, errFault) {
			fmt.Fprintln(os.Stderr, "ssebench:", err)
			cl.crowd.faults.Add(1)
		}
		time.Sleep(rand.N(time.Second))
	}
}

var errFault = errors.New("the server is at fault")

func (cl *client) connect(ctx context.Context, url string) error {
	d := net.Dialer{Timeout: 10 * time.Second}
	conn, err := d.DialContext(ctx, "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	tcp, _ := conn.(*net.TCPConn)
	request := "GET /v1/events/" + eventID + "/availability/stream HTTP/1.1\r\nHost: yourticket.example\r\n"
	if version := cl.crowd.ledger.version(int(cl.at.Load())); version != "" {
		request += "Last-Event-ID: " + version + "\r\n"
	}
	if _, err := io.WriteString(tcp, request+"\r\n"); err != nil {
		return err
	}
	cl.rest, cl.head = nil, true
	cl.conn.Store(tcp)
	cl.crowd.connected.Add(1)
	defer cl.crowd.connected.Add(-1)
	return cl.read(tcp)
}

// pages lend the memory to read into, to those that have something to read.
var pages = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// read waits without a buffer of its own until there is something to read.
func (cl *client) read(conn *net.TCPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	for {
		var fault error
		err := raw.Read(func(fd uintptr) bool {
			page, _ := pages.Get().(*[64 << 10]byte)
			defer pages.Put(page)
			n, err := syscall.Read(int(fd), page[:])
			switch {
			case errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EINTR):
				return false
			case err != nil:
				fault = err
			case n == 0:
				fault = io.EOF
			default:
				fault = cl.take(page[:n])
			}
			return true
		})
		if err = errors.Join(err, fault); err != nil {
			return err
		}
	}
}

// take takes what has arrived, event by event.
func (cl *client) take(b []byte) error {
	now := time.Now()
	if len(cl.rest) > 0 {
		b = append(cl.rest, b...)
		cl.rest = nil
	}
	if cl.head {
		head, body, whole := bytes.Cut(b, []byte("\r\n\r\n"))
		if !whole {
			cl.rest = bytes.Clone(b)
			return nil
		}
		if !bytes.HasPrefix(head, []byte("HTTP/1.1 200 ")) {
			return fmt.Errorf("%w: %.60s", errFault, head)
		}
		cl.head, b = false, body
	}
	for {
		event, rest, whole := bytes.Cut(b, []byte("\n\n"))
		if !whole {
			break
		}
		if err := cl.event(event, now); err != nil {
			return err
		}
		b = rest
	}
	if len(b) > 0 {
		cl.rest = bytes.Clone(b)
	}
	return nil
}

func (cl *client) event(event []byte, now time.Time) error {
	c := cl.crowd
	if !bytes.HasPrefix(event, []byte("id: ")) {
		if event[0] == ':' {
			c.comments.Add(1)
		}
		return nil
	}
	lines := bytes.SplitN(event, []byte("\n"), 3)
	kind := string(bytes.TrimPrefix(lines[1], []byte("event: ")))
	at, err := c.ledger.apply(int(cl.at.Load()), kind, bytes.TrimPrefix(lines[2], []byte("data: ")))
	if err != nil {
		return fmt.Errorf("%w: %w", errFault, err)
	}
	cl.at.Store(int64(at))
	if kind == "snapshot" {
		c.snapshots.Add(1)
		return nil
	}
	left, _, _ := strings.Cut(string(lines[0][4:]), "-")
	ms, err := strconv.ParseInt(left, 10, 64)
	if err != nil {
		return fmt.Errorf("%w: %w", errFault, err)
	}
	c.arrivals.add(now.Sub(time.UnixMilli(ms)))
	return nil
}
