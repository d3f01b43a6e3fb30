package paypal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	pp "github.com/plutov/paypal/v4"
	"golang.org/x/sync/singleflight"
)

// tokens keeps one access token for everyone and gets the next one once,
// however many callers wait for it.
type tokens struct {
	fetch   func(context.Context) (token string, life time.Duration, err error)
	timeout time.Duration
	flight  singleflight.Group

	mu    sync.Mutex
	token string
	until time.Time
}

// tokenError says that no access token could be had; the call that wanted it
// was never sent. status is that of PayPal's refusal, 0 without a reply.
type tokenError struct {
	status int
	err    error
}

// Error implements error.
func (e *tokenError) Error() string {
	return fmt.Sprintf("paypal: no access token (status %d)", e.status)
}

// Unwrap gives what went wrong with the call for the token.
func (e *tokenError) Unwrap() error { return e.err }

// newTokens gets tokens through clients of their own, one a call, because the
// library writes the token it got into its client.
func newTokens(o Options) *tokens {
	httpClient := newHTTPClient(o.HTTPTransport)
	return &tokens{timeout: o.Timeout, fetch: func(ctx context.Context) (string, time.Duration, error) {
		client, err := pp.NewClient(o.ClientID, o.ClientSecret, o.URL)
		if err != nil {
			return "", 0, &tokenError{err: err}
		}
		client.SetHTTPClient(httpClient)
		got, err := client.GetAccessToken(ctx)
		if err != nil {
			failure := &tokenError{err: err}
			if refusal, ok := errors.AsType[*pp.ErrorResponse](err); ok && refusal.Response != nil {
				failure.status = refusal.Response.StatusCode
			}
			return "", 0, failure
		}
		if got.Token == "" {
			return "", 0, &tokenError{status: http.StatusUnauthorized, err: errors.New("the reply holds no token")}
		}
		return got.Token, time.Duration(got.ExpiresIn) * time.Second, nil
	}}
}

// get returns the token, or waits for a new one until ctx ends. A caller that
// leaves does not stop the call that others wait for.
func (t *tokens) get(ctx context.Context) (string, error) {
	if token, ok := t.cached(); ok {
		return token, nil
	}
	done := t.flight.DoChan("", func() (any, error) {
		if token, ok := t.cached(); ok {
			return token, nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.timeout)
		defer cancel()
		token, life, err := t.fetch(ctx)
		if err != nil {
			return "", err
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		// A tenth of its life, a minute at most, is left for the calls it is used in.
		t.token, t.until = token, time.Now().Add(life-min(life/10, time.Minute))
		return token, nil
	})
	select {
	case got := <-done:
		if got.Err != nil {
			return "", got.Err
		}
		token, _ := got.Val.(string)
		return token, nil
	case <-ctx.Done():
		return "", &tokenError{err: ctx.Err()}
	}
}

func (t *tokens) cached() (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.token, t.token != "" && time.Now().Before(t.until)
}

// drop forgets a token that PayPal refused, unless there is a newer one.
func (t *tokens) drop(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token == token {
		t.token = ""
	}
}
