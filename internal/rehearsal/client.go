package rehearsal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	// askTime bounds a request, workTime one that waits for a purchase.
	askTime  = 15 * time.Second
	workTime = 50 * time.Second
	// patience is how long a buyer sends the same request again.
	patience = 45 * time.Second
	// maxAnswer bounds what is read of an answer.
	maxAnswer = 64 << 20
)

// web is what all callers share: addresses, connections and the record.
type web struct {
	apis   []string
	http   *http.Client
	record *record
	next   atomic.Uint32
}

func newWeb(apis []string, rec *record) *web {
	return &web{apis: apis, record: rec, http: &http.Client{
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout: 5 * time.Second, MaxIdleConns: 4000, MaxIdleConnsPerHost: 4000, IdleConnTimeout: 30 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// client is one device of an account, or of nobody.
type client struct {
	*web
	login *login
	// address is what X-Forwarded-For says; empty for none.
	address string
	// at is the address of the API that this device uses at the moment; a stream
	// may move on beside a request.
	at atomic.Uint32
}

func (w *web) client(l *login) *client {
	c := &client{web: w, login: l}
	c.at.Store(w.next.Add(1))
	return c
}

// request is one call, as often as it is sent.
type request struct {
	route        string // what it is counted as
	method, path string
	body         any
	key          string // Idempotency-Key
	etag         string // If-None-Match
	within       time.Duration
	patience     time.Duration
	anonymous    bool
	token        string // in place of the account's
	// silent ones are not counted: the rehearsal's own looks.
	silent bool
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

// read decodes the body.
func (a *answer) read(into any) error {
	if err := json.Unmarshal(a.body, into); err != nil {
		return fmt.Errorf("an answer of status %d cannot be read: %w", a.status, err)
	}
	return nil
}

func (a *answer) ok() bool { return a.status >= 200 && a.status < 300 }

// refused makes an error of an answer that was not expected.
func (a *answer) refused(doing string) error {
	p := a.problem()
	return fmt.Errorf("%s: %d %s %s", doing, a.status, p.code(), p.Detail)
}

// ask sends a request until it is answered for good: while nobody answers, or
// with 429, 502, 503 and 504, it is sent again after a while, to the next address. The
// error says that patience or ctx has ended.
func (c *client) ask(ctx context.Context, q request) (*answer, error) {
	if q.patience == 0 {
		q.patience = patience
	}
	began, renewed := time.Now(), false
	for try := 0; ; try++ {
		token := c.token()
		a, err := c.once(ctx, q)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err == nil && a.status == http.StatusUnauthorized && !renewed && token != "" && !q.anonymous:
			renewed = true
			if err := c.renew(ctx, token); err != nil {
				return nil, err
			}
			continue
		case err == nil && !again(a):
			return a, nil
		case err == nil:
			err = a.refused("no better answer")
		}
		wait := backoff(try, a)
		if time.Since(began)+wait > q.patience {
			return nil, fmt.Errorf("%w after %s: %w", errGaveUp, q.patience, err)
		}
		c.at.Add(1)
		if err := sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// token is that of the account; empty without one.
func (c *client) token() string {
	if c.login == nil {
		return ""
	}
	return c.login.now().Token
}

// errGaveUp says that nobody answered for as long as a buyer has patience.
var errGaveUp = errors.New("gave up")

// again tells whether a request should be sent again. That no provider answers
// is an outcome, which the same key would only repeat.
func again(a *answer) bool {
	switch a.status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusGatewayTimeout:
		return true
	case http.StatusServiceUnavailable:
		return a.problem().code() != "payments-unavailable"
	case http.StatusConflict:
		return a.problem().code() == "idempotency-in-progress"
	}
	return false
}

// backoff is what the answer asks for, or doubles from a tenth of a second to
// six; with some chance added, so that those who were refused together do not
// come back together.
func backoff(try int, a *answer) time.Duration {
	d := 100 * time.Millisecond << min(try, 6)
	if a != nil {
		if s, err := strconv.Atoi(a.header.Get("Retry-After")); err == nil && s > 0 {
			d = time.Duration(s) * time.Second
		}
	}
	return d + rand.N(d/2) //nolint:gosec // it need not be secret
}

// once sends a request once and counts it.
func (c *client) once(ctx context.Context, q request) (*answer, error) {
	if q.within == 0 {
		q.within = askTime
	}
	sendCtx, cancel := context.WithTimeout(ctx, q.within)
	defer cancel()
	r, err := c.newRequest(sendCtx, q)
	if err != nil {
		return nil, err
	}
	sent := time.Now()
	a, err := c.exchange(r)
	if ctx.Err() == nil && !q.silent {
		c.record.request(q.route, sent, time.Since(sent), a)
	}
	return a, err
}

func (c *client) newRequest(ctx context.Context, q request) (*http.Request, error) {
	var body io.Reader = http.NoBody
	if q.body != nil {
		text, err := json.Marshal(q.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, q.method, c.apis[int(c.at.Load())%len(c.apis)]+q.path, body)
	if err != nil {
		return nil, err
	}
	set := func(name, value string) {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	if q.body != nil {
		set("Content-Type", "application/json")
	}
	switch {
	case q.token != "":
		set("Authorization", "Bearer "+q.token)
	case c.token() != "" && !q.anonymous:
		set("Authorization", "Bearer "+c.token())
	}
	set("Idempotency-Key", q.key)
	set("If-None-Match", q.etag)
	set("X-Forwarded-For", c.address)
	set("User-Agent", "yourticket-rehearsal")
	return r, nil
}

func (c *client) exchange(r *http.Request) (*answer, error) {
	res, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }() // all of it was read, or it is broken
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	return &answer{status: res.StatusCode, header: res.Header, body: body}, nil
}

// sleep waits, or gives ctx's error.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
