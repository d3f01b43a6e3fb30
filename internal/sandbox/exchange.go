package sandbox

import (
	"io"
	"net/http"
	"strconv"
	"time"
)

// reply is an answer before it is written. keep says that an idempotency key remembers it.
type reply struct {
	status     int
	body       []byte
	keep       bool
	replayed   bool
	retryAfter string
}

// exchange is one provider request on its way through faults, credentials and idempotency.
type exchange struct {
	w        http.ResponseWriter
	r        *http.Request
	provider string
	op       string
	dialect  dialect

	// key is the idempotency key with its scope, "" for none; print is what it must be used with.
	key   string
	print fingerprint
	life  time.Duration

	// authorized returns nil, or the refusal. It runs without the lock, run runs with it.
	authorized func() *reply
	run        func(now time.Time) reply
}

// dialect says what goes wrong in the words of a provider.
type dialect interface {
	broken() reply
	rateLimited() reply
	keyBusy() reply
	keyMismatch() reply
}

// serve takes an exchange to its end. It returns the reply to be written, or false when there is none: the
// connection has then been cut.
func (c *core) serve(x *exchange) (reply, bool) {
	f, hit := c.faults.take(x.provider, x.op)
	if !hit {
		f.Fault = ""
	}
	switch f.Fault {
	case faultError:
		return x.dialect.broken(), true
	case faultRateLimit:
		return x.dialect.rateLimited(), true
	case faultTimeout:
		c.pause(x.r.Context(), f.delay(30*time.Second))
		cut(x.w)
		return reply{}, false
	}
	if refused := x.authorized(); refused != nil {
		return *refused, true
	}
	if f.Fault == faultSlow && !c.crawl(x, f.delay(2*time.Second)) {
		cut(x.w)
		return reply{}, false
	}
	rep := c.execute(x)
	if f.Fault == faultLostReply {
		c.pause(x.r.Context(), f.delay(0))
		cut(x.w)
		return reply{}, false
	}
	return rep, true
}

// crawl reserves a new key and waits, whether or not the caller stays. False means that the sandbox closed.
func (c *core) crawl(x *exchange, delay time.Duration) bool {
	reserved := false
	if x.key != "" {
		c.mu.Lock()
		if _, known := c.answers.get(x.key, time.Now()); !known {
			c.answers.reserve(x.key, x.print)
			reserved = true
		}
		c.mu.Unlock()
	}
	done := c.pause(c.ctx, delay)
	if reserved {
		c.mu.Lock()
		c.answers.release(x.key)
		c.mu.Unlock()
	}
	return done
}

// execute does the work of an exchange once a key.
func (c *core) execute(x *exchange) reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if x.key != "" {
		if known, ok := c.answers.get(x.key, now); ok {
			return replay(x, known)
		}
	}
	rep := x.run(now)
	if x.key != "" && rep.keep {
		done := &answer{Key: x.key, Print: x.print, Status: rep.status, Body: rep.body, Expires: now.Add(x.life).Unix()}
		c.answers.store(done, now)
		c.journal.record(answerKind, done)
	}
	c.journal.flush()
	return rep
}

func replay(x *exchange, known *answer) reply {
	switch {
	case known.Print != x.print:
		return x.dialect.keyMismatch()
	case known.busy:
		return x.dialect.keyBusy()
	}
	return reply{status: known.Status, body: known.Body, replayed: true}
}

// cut ends the connection in the middle of a reply. A caller that reads nothing at all might be repeated by
// its HTTP client without knowing, so the first line of a reply goes out first.
func cut(w http.ResponseWriter) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	conn, buf, err := hijacker.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer func() { _ = conn.Close() }()
	if _, err := buf.WriteString("HTTP/1.1 200 OK\r\n"); err == nil {
		_ = buf.Flush()
	}
}

// maxBody is more than any request to a provider needs.
const maxBody = 1 << 20

// readBody reads a request's body; false means that it broke off or is too large.
func readBody(r *http.Request) ([]byte, bool) {
	if r.ContentLength == 0 {
		return nil, true
	}
	if n := r.ContentLength; n > 0 && n <= maxBody {
		body := make([]byte, n)
		_, err := io.ReadFull(r.Body, body)
		return body, err == nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	return body, err == nil && len(body) <= maxBody
}

var jsonContent = []string{"application/json"}

// write sends a reply with what every provider's answer has.
func (rep reply) write(w http.ResponseWriter) {
	h := w.Header()
	if rep.retryAfter != "" {
		h.Set("Retry-After", rep.retryAfter)
	}
	if rep.status == http.StatusNoContent {
		w.WriteHeader(rep.status)
		return
	}
	h["Content-Type"] = jsonContent
	h["Content-Length"] = []string{strconv.Itoa(len(rep.body))}
	w.WriteHeader(rep.status)
	_, _ = w.Write(rep.body)
}
