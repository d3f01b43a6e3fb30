package stripe

import (
	"context"
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
		Transport:     recording{transport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// record is what was seen of one call on the wire.
type record struct {
	// sent is true once a connection was there to send on.
	sent atomic.Bool
	// status is that of the reply, 0 for none.
	status int
	// replayed is true when Stripe answered from what it remembers of the key.
	replayed bool
}

type recordKey struct{}

// begin starts a call's record and its clock.
func (p *Provider) begin(ctx context.Context) (context.Context, *record, context.CancelFunc) {
	rec := &record{}
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { rec.sent.Store(true) },
	})
	return context.WithValue(ctx, recordKey{}, rec), rec, cancel
}

// recording notes each reply's status in the call's record, because stripe-go
// drops it when the body is not Stripe's JSON (a proxy's error page).
type recording struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t recording) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	if rec, ok := req.Context().Value(recordKey{}).(*record); ok && err == nil {
		rec.status = resp.StatusCode
		rec.replayed = resp.Header.Get("Idempotent-Replayed") == "true"
	}
	return resp, err
}
