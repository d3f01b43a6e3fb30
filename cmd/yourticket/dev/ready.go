package dev

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// answerWithin bounds how long API, UI and sandbox may take to answer.
const answerWithin = 60 * time.Second

// client asks whether pages answer.
var client = &http.Client{Timeout: 5 * time.Second}

// awaitAnswers returns once everything answers over HTTP, or something failed.
func (s *system) awaitAnswers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	var pages []string
	if !s.PartsOnly {
		pages = append(pages, s.apiURL()+"/readyz")
	}
	if s.uiURL != "" {
		pages = append(pages, s.uiURL)
	}
	for _, page := range pages {
		if err := s.awaitPage(ctx, page); err != nil {
			return err
		}
	}
	return nil
}

func (s *system) awaitPage(ctx context.Context, page string) error {
	for {
		err := get(ctx, page)
		if err == nil {
			return nil
		}
		select {
		case failure := <-s.set.failures:
			return failure
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer (%w): %w", page, ctx.Err(), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func get(ctx context.Context, page string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	_ = resp.Body.Close() // Only the status matters.
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", resp.Status)
	}
	return nil
}

func (s *system) awaitSandbox(ready <-chan struct{}) error {
	select {
	case <-ready:
		return nil
	case failure := <-s.set.failures:
		return failure
	case <-time.After(answerWithin):
		return fmt.Errorf("sandbox does not answer after %s", answerWithin)
	}
}

func (s *system) codecURL() string {
	if s.codecAddr == "" {
		return ""
	}
	return "http://" + s.codecAddr
}

// demoAccounts are the users of the demo catalogue, one a role and a second
// buyer, with their password.
const (
	demoAccounts = "buyer@, buyer2@, organizer@, support@, finance@, door@ and admin@yourticket.example"
	demoPassword = "yourticket-demo"
)

// announce prints the line that scripts wait for, and the addresses.
func (s *system) announce(took time.Duration) {
	rows := [][2]string{
		{"Temporal UI", s.uiURL},
		{"codec server", s.codecURL()},
		{"payment sandbox", s.sandbox},
		{"mail", s.mailURL},
		{"Temporal", s.cfg.TemporalAddress},
		{"PostgreSQL", s.cfg.DatabaseURL.String()},
		{"Redis", s.cfg.RedisURL.String()},
		{"Elasticsearch", s.cfg.ElasticsearchURL.String()},
		{"variables", s.envFile()},
		{"logs", s.logDir()},
		{"demo accounts", demoAccounts + ", password " + demoPassword},
	}
	if !s.PartsOnly {
		api := s.apiURL()
		rows = append([][2]string{
			{"API and storefront", api},
			{"API reference", api + "/docs"},
			{"API contract", api + "/openapi.json"},
		}, rows...)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "ready after %.1f s\n", took.Seconds())
	for _, r := range rows {
		if r[1] != "" {
			fmt.Fprintf(&text, "  %-20s%s\n", r[0], strings.Replace(r[1], "http://127.0.0.1:", "http://localhost:", 1))
		}
	}
	s.out.write(text.String())
}
