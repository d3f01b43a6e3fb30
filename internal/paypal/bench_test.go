package paypal_test

import (
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"

	"yourticket.example/internal/paypal"
	"yourticket.example/internal/sandbox"
	"yourticket.example/ticket"
)

// BenchmarkAuthorizeCapture is one vaulted purchase's three calls over
// loopback, the sandbox's own work included.
func BenchmarkAuthorizeCapture(b *testing.B) {
	box := sandbox.New(sandbox.Options{})
	server := httptest.NewServer(box.Handler())
	b.Cleanup(server.Close)
	p, err := paypal.New(paypal.Options{ClientID: "client", ClientSecret: "secret", URL: server.URL})
	if err != nil {
		b.Fatal(err)
	}
	var n atomic.Int64
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := request("bk_" + strconv.FormatInt(n.Add(1), 10))
			c := p.Authorize(b.Context(), r)
			if c.Outcome != ticket.OutcomeAuthorized {
				b.Errorf("authorize: %+v", c)
				return
			}
			if _, err := p.Capture(b.Context(), r, c); err != nil {
				b.Errorf("capture: %v", err)
				return
			}
		}
	})
}
