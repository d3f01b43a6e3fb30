package api

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	upstreamDial = time.Second
	// upstreamReply bounds the wait for an answer to begin; a purchase may wait
	// for a provider.
	upstreamReply = 80 * time.Second
	// An instance that failed so often in a row rests for a while; one request
	// then finds out how it is.
	tripAfter = 3
	restFor   = time.Second
)

// Upstreams are the instances of services by the services' names.
type Upstreams map[string][]*url.URL

// ParseUpstreams reads name=URL pairs, separated by commas. A service with
// several instances is named several times.
func ParseUpstreams(text string) (Upstreams, error) {
	ups := Upstreams{}
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		name, address, _ := strings.Cut(item, "=")
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
			return nil, errors.New("needs service=http://host:port, separated by commas")
		}
		ups[name] = append(ups[name], u)
	}
	return ups, nil
}

// upstream sends requests to the instances of a service.
type upstream struct {
	name      string
	instances []*instance
	transport http.RoundTripper
	log       *slog.Logger
	turn      atomic.Uint32
	failures  *prometheus.CounterVec
}

// instance is one process that serves.
type instance struct {
	url *url.URL
	// failed in a row; rested is until when it rests, in Unix nanoseconds.
	failed atomic.Int32
	rests  atomic.Int64
}

func newUpstream(name string, urls []*url.URL, log *slog.Logger, r prometheus.Registerer) (*upstream, error) {
	if len(urls) == 0 {
		return nil, fmt.Errorf("api: service %s has no address", name)
	}
	u := &upstream{
		name: name, log: log,
		transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: upstreamDial, KeepAlive: 30 * time.Second}).DialContext,
			MaxIdleConnsPerHost: 512, IdleConnTimeout: 60 * time.Second, ResponseHeaderTimeout: upstreamReply,
			TLSHandshakeTimeout: 5 * time.Second, DisableCompression: true,
		},
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name:        "yourticket_upstream_failures_total",
			Help:        "Requests that an instance of a service did not answer.",
			ConstLabels: prometheus.Labels{"service": name},
		}, []string{"instance"}),
	}
	for _, address := range urls {
		u.instances = append(u.instances, &instance{url: address})
	}
	return u, r.Register(u.failures)
}

// errAway says that no instance can be asked.
var errAway = errors.New("no instance answers")

// RoundTrip sends a request to an instance that is well. When the instance
// cannot be reached, another is tried; also when it broke off the answer, if
// the request changes nothing. An only address is tried twice: it may be a
// balancer's, which has another instance behind it.
func (u *upstream) RoundTrip(r *http.Request) (*http.Response, error) {
	body := &onceBody{ReadCloser: r.Body}
	first, lastErr := int(u.turn.Add(1)), error(nil)
	for i := range max(2, len(u.instances)) {
		in := u.instances[(first+i)%len(u.instances)]
		if !in.mayAsk(time.Now()) {
			continue
		}
		out := r.Clone(r.Context())
		out.URL.Scheme, out.URL.Host = in.url.Scheme, in.url.Host
		if r.Body != nil && r.Body != http.NoBody {
			out.Body = body
		}
		res, err := u.transport.RoundTrip(out)
		if err == nil {
			in.failed.Store(0)
			in.rests.Store(0)
			return res, nil
		}
		if r.Context().Err() != nil {
			return nil, err
		}
		u.blame(in, err)
		lastErr = err
		if !resendable(r, err, body) {
			return nil, err
		}
	}
	if lastErr == nil {
		lastErr = errAway
	}
	return nil, lastErr
}

// mayAsk tells whether an instance is well. One that rested long enough is
// tried by one request, while it keeps its rest for the others.
func (in *instance) mayAsk(now time.Time) bool {
	until := in.rests.Load()
	if until == 0 {
		return true
	}
	return now.UnixNano() >= until && in.rests.CompareAndSwap(until, now.Add(restFor).UnixNano())
}

func (u *upstream) blame(in *instance, err error) {
	u.failures.WithLabelValues(in.url.Host).Inc()
	if in.failed.Add(1) >= tripAfter && in.rests.Swap(time.Now().Add(restFor).UnixNano()) == 0 {
		u.log.Warn("Service instance rests", "service", u.name, "instance", in.url.Host, "error", err.Error())
	}
}

// away tells whether no instance is well.
func (u *upstream) away() bool {
	for _, in := range u.instances {
		if in.rests.Load() == 0 {
			return false
		}
	}
	return true
}

// resendable tells whether a request may be sent to another instance: when it
// never reached this one, or changes nothing, and its body is still whole.
func resendable(r *http.Request, err error, body *onceBody) bool {
	if body.read.Load() {
		return false
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return true
	}
	return r.Method == http.MethodGet || r.Method == http.MethodHead
}

// onceBody stays open for another attempt, as long as none has read from it.
type onceBody struct {
	io.ReadCloser
	read atomic.Bool
}

// Read reads from the body.
func (b *onceBody) Read(p []byte) (int, error) {
	b.read.Store(true)
	return b.ReadCloser.Read(p)
}

// Close leaves the body open; the server closes it after the request.
func (b *onceBody) Close() error { return nil }
