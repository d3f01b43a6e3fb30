package paypal

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// poolSize is how many connections stay open; about 200 calls run at a time.
const poolSize = 256

// newTransport makes a pool over HTTP/1.1, where a lost connection can only
// have carried one call.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 2 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   2 * time.Second,
		MaxIdleConns:          poolSize,
		MaxIdleConnsPerHost:   poolSize,
		IdleConnTimeout:       time.Minute,
		ExpectContinueTimeout: time.Second,
	}
}

// newHTTPClient makes a client that follows no redirect: a POST must not be
// sent on to somewhere else.
func newHTTPClient(transport http.RoundTripper) *http.Client {
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// record is what a call asks of the carrier, and what was seen on the wire.
type record struct {
	// requestID is sent as PayPal-Request-Id; "" sends none.
	requestID string
	// full asks for the whole object instead of its id and status.
	full bool

	// denied is why no access token could be had; the call was not sent then.
	denied error
	// sent is true once a connection was there to send on.
	sent atomic.Bool
	// status is that of the reply, 0 for none.
	status int
}

type recordKey struct{}

// begin starts a call's record and its clock.
func (p *Provider) begin(ctx context.Context, requestID string, full bool) (context.Context, *record, context.CancelFunc) {
	rec := &record{requestID: requestID, full: full}
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	return context.WithValue(ctx, recordKey{}, rec), rec, cancel
}

// carrier sends calls with the shared access token and what their record asks
// for. A token that PayPal refuses is replaced once.
type carrier struct {
	next   http.RoundTripper
	tokens *tokens
}

// RoundTrip implements http.RoundTripper.
func (t *carrier) RoundTrip(req *http.Request) (*http.Response, error) {
	rec, ok := req.Context().Value(recordKey{}).(*record)
	if !ok {
		rec = &record{}
	}
	if req.Body != nil {
		// Each attempt sends a copy.
		defer func() { _ = req.Body.Close() }()
	}
	token, err := t.tokens.get(req.Context())
	if err != nil {
		rec.denied = err
		return nil, err
	}
	resp, err := t.send(req, rec, token)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	t.tokens.drop(token)
	fresh, err := t.tokens.get(req.Context())
	if err != nil || fresh == token {
		return resp, nil // the refusal is the answer then
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	_ = resp.Body.Close()
	return t.send(req, rec, fresh)
}

// send makes one attempt and records it. What an earlier attempt showed is
// forgotten: it was refused for its token and did nothing.
func (t *carrier) send(req *http.Request, rec *record, token string) (*http.Response, error) {
	rec.status = 0
	rec.sent.Store(false)
	ctx := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { rec.sent.Store(true) },
	})
	out := req.Clone(ctx)
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		out.Body = body
	}
	out.Header.Set("Authorization", "Bearer "+token)
	if rec.requestID != "" {
		out.Header.Set("PayPal-Request-Id", rec.requestID)
	}
	if rec.full {
		out.Header.Set("Prefer", "return=representation")
	}
	resp, err := t.next.RoundTrip(out)
	if err == nil {
		rec.status = resp.StatusCode
	}
	return resp, err
}
