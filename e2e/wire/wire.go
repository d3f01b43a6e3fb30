// Package wire speaks just enough HTTP/1.1 for generators of load, so that they
// cost the machine little beside the server that they measure.
package wire

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"strconv"
	"time"
)

// patience is how long an answer may take, to a second: a deadline is moved on
// only that often, since moving it costs as much as parsing an answer.
const patience = 5 * time.Second

// Conn is a connection that is made when it is first needed, and again when it
// was lost. It is for one goroutine.
type Conn struct {
	// Address is host:port.
	Address string

	conn net.Conn
	// until is the deadline of conn.
	until time.Time
	in    *bufio.Reader
	body  []byte
}

// Ask sends a request as it is and reads the answer. The body is good until the
// next call.
func (c *Conn) Ask(request []byte) (status int, body []byte, err error) {
	if c.conn == nil {
		conn, err := net.DialTimeout("tcp", c.Address, patience)
		if err != nil {
			return 0, nil, err
		}
		c.conn, c.until, c.in = conn, time.Time{}, bufio.NewReaderSize(conn, 16<<10)
	}
	if status, err = c.exchange(request); err != nil {
		c.Close()
	}
	return status, c.body, err
}

// Close ends the connection, if there is one.
func (c *Conn) Close() {
	if c.conn != nil {
		_ = c.conn.Close() // nothing is left to be said
		c.conn = nil
	}
}

func (c *Conn) exchange(request []byte) (status int, err error) {
	c.body = c.body[:0]
	if until := time.Now().Add(patience); until.Sub(c.until) > time.Second {
		if err := c.conn.SetDeadline(until); err != nil {
			return 0, err
		}
		c.until = until
	}
	if _, err := c.conn.Write(request); err != nil {
		return 0, err
	}
	length, chunked := 0, false
	for first := true; ; first = false {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case first && len(line) > 12:
			status, _ = strconv.Atoi(string(line[9:12]))
		case len(line) == 0:
			if chunked {
				return status, c.chunks()
			}
			return status, c.read(length)
		case bytes.HasPrefix(line, []byte("Content-Length: ")):
			length, _ = strconv.Atoi(string(line[16:]))
		case bytes.HasPrefix(line, []byte("Transfer-Encoding: chunked")):
			chunked = true
		}
	}
}

// read adds so many bytes to the body.
func (c *Conn) read(n int) error {
	if n < 0 || n > 64<<20 {
		return errors.New("wire: not a length")
	}
	from := len(c.body)
	if cap(c.body) < from+n {
		c.body = append(make([]byte, 0, from+n), c.body...)
	}
	c.body = c.body[:from+n]
	_, err := io.ReadFull(c.in, c.body[from:])
	return err
}

func (c *Conn) chunks() error {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return err
		}
		if err := c.read(int(size)); err != nil {
			return err
		}
		if _, err := c.in.Discard(2); err != nil || size == 0 {
			return err
		}
	}
}
