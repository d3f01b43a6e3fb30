package elastic

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	elasticsearch "github.com/elastic/go-elasticsearch/v8"

	"yourticket.example/ticket"
)

// Options say how Elasticsearch is spoken to.
type Options struct {
	// Timeout bounds a call whose context has no earlier deadline; default 10 s.
	Timeout time.Duration
	// Dial bounds the opening of a connection; default 1 s.
	Dial time.Duration
	// MaxConns bounds the open connections; default 64.
	MaxConns int
	// Instrument wraps the connection pool, to watch the calls; nil for nothing.
	Instrument func(http.RoundTripper) http.RoundTripper
}

// Client speaks to one cluster. It is safe for concurrent use.
type Client struct {
	es      *elasticsearch.BaseClient
	timeout time.Duration
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 20

// Open makes a client of the cluster whose nodes are at urls, which are
// separated by commas and may carry a user and a password, a comma in which is
// written %2C. A node that does not answer is left out for a while where there
// are others. It does not connect: a cluster that is away shows at the first call.
// Nothing is retried here; callers know what they can wait for.
func Open(urls string, o Options) (*Client, error) {
	conns := cmp.Or(o.MaxConns, 64)
	var transport http.RoundTripper = &http.Transport{
		DialContext:     (&net.Dialer{Timeout: cmp.Or(o.Dial, time.Second), KeepAlive: 30 * time.Second}).DialContext,
		MaxConnsPerHost: conns, MaxIdleConnsPerHost: conns, IdleConnTimeout: 90 * time.Second,
		TLSHandshakeTimeout: 5 * time.Second, ForceAttemptHTTP2: false,
	}
	if o.Instrument != nil {
		transport = o.Instrument(transport)
	}
	es, err := elasticsearch.NewBaseClient(elasticsearch.Config{
		Addresses: strings.Split(urls, ","), DisableRetry: true, DisableMetaHeader: true, Transport: transport,
	})
	if err != nil {
		return nil, fmt.Errorf("elastic: %w", err)
	}
	return &Client{es: es, timeout: cmp.Or(o.Timeout, 10*time.Second)}, nil
}

// Ping tells whether the cluster can answer searches: CodeUnavailable when it
// does not answer, or when a part of its data is out of reach (red).
func (c *Client) Ping(ctx context.Context) (err error) {
	defer wrap(&err, "elastic.Ping()")
	var health struct {
		Status string `json:"status"`
	}
	if err := c.call(ctx, http.MethodGet, "/_cluster/health?filter_path=status", nil, &health); err != nil {
		return err
	}
	if health.Status == "red" {
		return unavailable("the cluster is red")
	}
	return nil
}

// call sends a JSON body (nil for none) and decodes the answer into what into
// points to, unless it is nil. Errors have a ticket.Code, see sorted.
func (c *Client) call(ctx context.Context, method, path string, body []byte, into any) error {
	answer, err := c.exchange(ctx, method, path, "application/json", body)
	if err != nil {
		return err
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("the answer to %s %s: %w", method, path, err)
	}
	return nil
}

// exchange sends a body of the given type and gives the answer's.
func (c *Client) exchange(ctx context.Context, method, path, contentType string, body []byte) (answer []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var content io.Reader = http.NoBody
	if body != nil {
		content = bytes.NewReader(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, path, content)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if body != nil {
		r.Header.Set("Content-Type", contentType)
	}
	res, err := c.es.Perform(r)
	if err != nil {
		return nil, with(away(), err)
	}
	defer func() { _ = res.Body.Close() }() // what was to be read has been read
	answer, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, with(away(), err)
	}
	if res.StatusCode >= http.StatusBadRequest {
		return nil, sorted(res.StatusCode, answer)
	}
	return answer, nil
}

func away() *ticket.Error { return unavailable("it does not answer") }
