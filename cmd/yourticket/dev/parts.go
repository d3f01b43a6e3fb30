package dev

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"yourticket.example/api"
	"yourticket.example/internal/app"
	"yourticket.example/internal/config"
	"yourticket.example/internal/parts"
	"yourticket.example/internal/sandbox"
)

// Databases on the PostgreSQL that dev starts: the catalogue and two shards,
// so that sharding is never only theory.
const catalogue = "yourticket"

var shards = []string{"yourticket_sales_1", "yourticket_sales_2"}

// choosePorts settles the ports of what runs in this process, and fails early,
// before minutes of downloads, when one of them is taken.
func (s *system) choosePorts() error {
	var errs []error
	for _, p := range []struct {
		name string
		port *int
		used bool
	}{
		{"api", &s.Ports.API, !s.PartsOnly},
		{"sandbox", &s.Ports.Sandbox, s.needsSandbox() || s.cfg.SMTPURL.IsZero()},
	} {
		var err error
		switch {
		case *p.port == 0:
			*p.port, err = parts.FreePort()
		case p.used:
			err = parts.CheckPort(*p.port)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s did not start: %w", p.name, err))
		}
	}
	return errors.Join(errs...)
}

// startParts starts, side by side, every part that no address is given for,
// and fills the addresses in.
func (s *system) startParts(ctx context.Context) error {
	if s.cfg.SMTPURL.IsZero() {
		if err := s.startMail(ctx); err != nil {
			return err
		}
	}
	s.out.say("starting the parts; their logs are in %s", s.logDir())
	var starts []func(context.Context) error
	if s.cfg.DatabaseURL.IsZero() {
		starts = append(starts, s.startPostgres)
	}
	if s.cfg.RedisURL.IsZero() {
		starts = append(starts, s.startRedis)
	}
	if s.cfg.ElasticsearchURL.IsZero() {
		starts = append(starts, s.startElasticsearch)
	}
	if s.cfg.TemporalAddress == "" {
		starts = append(starts, s.startTemporal)
	}
	if s.needsSandbox() {
		starts = append(starts, s.startSandbox)
	}
	errs := make([]error, len(starts))
	var wg sync.WaitGroup
	for i, start := range starts {
		wg.Go(func() { errs[i] = start(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (s *system) options(port int) parts.Options {
	return parts.Options{
		Dir: s.data, LogDir: s.logDir(), Port: port, Ephemeral: s.Ephemeral,
		Say: func(line string) { s.out.say("%s", line) },
	}
}

func (s *system) startPostgres(ctx context.Context) error {
	p, err := parts.StartPostgres(ctx, s.options(s.Ports.Postgres))
	if err != nil {
		return err
	}
	s.set.watch(p)
	url, err := parts.CreateDatabase(ctx, p.URL, catalogue)
	if err != nil {
		return err
	}
	s.cfg.DatabaseURL = config.NewURL(url)
	if !s.cfg.SalesDatabaseURLs.IsZero() {
		return nil
	}
	var urls []string
	for _, name := range shards {
		url, err := parts.CreateDatabase(ctx, p.URL, name)
		if err != nil {
			return err
		}
		urls = append(urls, url)
	}
	s.cfg.SalesDatabaseURLs = config.NewURLs(urls...)
	return nil
}

func (s *system) startRedis(ctx context.Context) error {
	p, err := parts.StartRedis(ctx, s.options(s.Ports.Redis))
	if err != nil {
		return err
	}
	s.set.watch(p)
	s.cfg.RedisURL = config.NewURL(p.URL)
	return nil
}

func (s *system) startElasticsearch(ctx context.Context) error {
	p, err := parts.StartElasticsearch(ctx, s.options(s.Ports.Elasticsearch))
	if err != nil {
		return err
	}
	s.set.watch(p)
	s.cfg.ElasticsearchURL = config.NewURLs(p.URL)
	return nil
}

// startTemporal starts Temporal with its UI. Where histories are sealed the UI
// is told of the codec server, which runs when there are accounts to log in with.
func (s *system) startTemporal(ctx context.Context) error {
	o := parts.TemporalOptions{
		Options: s.options(s.Ports.Temporal), UIPort: s.Ports.TemporalUI, Namespace: s.cfg.TemporalNamespace,
	}
	if !s.cfg.PayloadKeys.IsZero() {
		port, err := parts.FreePort()
		if err != nil {
			return fmt.Errorf("codec server did not start: %w", err)
		}
		// Its cookie reaches it from the UI when both have the same host, and the
		// UI is announced as localhost.
		s.codecAddr, o.CodecURL = local(port), "http://localhost:"+strconv.Itoa(port)
	}
	p, err := parts.StartTemporal(ctx, o)
	if err != nil {
		return err
	}
	s.set.watch(p)
	s.cfg.TemporalAddress, s.uiURL = p.URL, p.UIURL
	return nil
}

// startCodec opens for the UI what is sealed.
func (s *system) startCodec() {
	localhost := strings.Replace(s.uiURL, "127.0.0.1", "localhost", 1)
	s.set.run("codec", func(ctx context.Context) error {
		return app.RunCodec(ctx, s.cfg, app.CodecOptions{
			Listen: s.codecAddr, Origins: []string{s.uiURL, localhost}, OnReady: func(string) {},
		})
	})
}

// needsSandbox says whether a provider has no address.
func (s *system) needsSandbox() bool {
	return s.cfg.StripeAPIURL.IsZero() || s.cfg.PayPalAPIURL.IsZero()
}

// sandboxRate is the requests a second that the sandbox gets: it has no limit
// of its own, unlike the providers.
const sandboxRate = 5000

// sandboxSettles is how long a lost call may still be under way to the sandbox:
// its own slowest answer takes less.
const sandboxSettles = 20 * time.Second

// startSandbox stands in for the providers that have no address, with keys of
// its own: real ones have no business there.
func (s *system) startSandbox(context.Context) error {
	keys, err := loadKeys(filepath.Join(s.data, "keys.json"))
	if err != nil {
		return err
	}
	s.sandbox = "http://" + local(s.Ports.Sandbox)
	s.cfg.StripeRate, s.cfg.PayPalRate, s.cfg.SettleAfter = sandboxRate, sandboxRate, sandboxSettles
	if s.cfg.StripeAPIURL.IsZero() {
		s.cfg.StripeAPIURL = config.NewURL(s.sandbox)
		s.cfg.StripeAPIKey = config.NewSecret(keys.StripeAPIKey)
		s.cfg.StripeWebhookSecret = config.NewSecret(keys.StripeWebhookSecret)
	}
	if s.cfg.PayPalAPIURL.IsZero() {
		s.cfg.PayPalAPIURL = config.NewURL(s.sandbox)
		s.cfg.PayPalClientID = keys.PayPalClientID
		s.cfg.PayPalClientSecret = config.NewSecret(keys.PayPalClientSecret)
		s.cfg.PayPalWebhookID = keys.PayPalWebhookID
	}
	o := sandbox.Options{
		Listen:              local(s.Ports.Sandbox),
		StripeKey:           keys.StripeAPIKey,
		StripeWebhookURL:    "http://" + local(s.Ports.API) + "/v1/webhooks/stripe",
		StripeWebhookSecret: keys.StripeWebhookSecret,
		PayPalClientID:      keys.PayPalClientID,
		PayPalClientSecret:  keys.PayPalClientSecret,
		PayPalWebhookURL:    "http://" + local(s.Ports.API) + "/v1/webhooks/paypal",
		PayPalWebhookID:     keys.PayPalWebhookID,
		StripeEvents:        api.StripeWebhookEvents,
		PayPalEvents:        api.PayPalWebhookEvents,
		Pages:               map[string]http.Handler{},
	}
	if s.mail != nil {
		o.Pages["mail"] = s.mail
	}
	if !s.Ephemeral {
		o.DataFile = filepath.Join(s.data, "sandbox.journal")
	}
	ready := make(chan struct{})
	var once sync.Once
	o.OnReady = func(string) { once.Do(func() { close(ready) }) }
	s.set.run("sandbox", func(ctx context.Context) error { return sandbox.Run(ctx, o) })
	return s.awaitSandbox(ready)
}

func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
