package system

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Client calls the API as one account, or as nobody when it has no token.
type Client struct {
	// UserID is the account's id.
	UserID string
	// Token is the account's access token; it lives a quarter of an hour.
	Token string
	// Base is the address of the api process that is called.
	Base string

	web *http.Client
}

// NewClient calls the API at an address as nobody.
func NewClient(base string) *Client { return &Client{Base: base, web: newWebClient()} }

// At is the same account at another api process.
func (c *Client) At(p *Process) *Client {
	other := *c
	other.Base = p.URL
	return &other
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Header is a header of a request.
type Header struct{ Name, Value string }

// Key is the Idempotency-Key header.
func Key(value string) Header { return Header{"Idempotency-Key", value} }

// Do sends a request. A string or []byte is sent as it is, anything else as
// JSON, nil not at all. The error is about the connection; an answer of any
// status is none.
func (c *Client) Do(ctx context.Context, method, path string, body any, headers ...Header) (*Answer, error) {
	reader, err := encode(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, c.Base+path, reader)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	for _, h := range headers {
		req.Header.Set(h.Name, h.Value)
	}
	res, err := c.web.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }() // all of it was read
	content, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	return &Answer{Status: res.StatusCode, Header: res.Header, Body: content}, nil
}

func encode(body any) (io.Reader, error) {
	switch b := body.(type) {
	case nil:
		return http.NoBody, nil
	case string:
		return strings.NewReader(b), nil
	case []byte:
		return bytes.NewReader(b), nil
	default:
		text, err := json.Marshal(b)
		return bytes.NewReader(text), err
	}
}

// Problem is an RFC 9457 answer.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Errors []struct {
		Field   string `json:"field"`
		Message string `json:"message"`
	} `json:"errors"`
	BookingID   string   `json:"booking_id"`
	Unavailable []string `json:"unavailable"`
}

// Problem reads the answer as a problem; its zero value when it is none.
func (a *Answer) Problem() Problem {
	var p Problem
	if strings.HasPrefix(a.Header.Get("Content-Type"), "application/problem+json") {
		_ = json.Unmarshal(a.Body, &p) // what cannot be read has no code, which callers notice
	}
	return p
}

// Code is the code of a problem, "" when the answer is none.
func (a *Answer) Code() string {
	kind := a.Problem().Type
	return kind[strings.LastIndex(kind, "/")+1:]
}

// Fields lists the fields that a problem names.
func (a *Answer) Fields() []string {
	var out []string
	for _, e := range a.Problem().Errors {
		out = append(out, e.Field)
	}
	return out
}

// Booking reads the answer as a booking.
func (a *Answer) Booking() (Booking, error) {
	var b Booking
	if a.Status != http.StatusOK && a.Status != http.StatusCreated {
		return b, fmt.Errorf("no booking but %s", a)
	}
	return b, json.Unmarshal(a.Body, &b)
}

// String shows the answer in a failure's report.
func (a *Answer) String() string {
	body := a.Body
	if len(body) > 600 {
		body = append(append([]byte{}, body[:600]...), "…"...)
	}
	return fmt.Sprintf("%d %s", a.Status, body)
}

// Money is an amount in minor units.
type Money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// Booking is a booking as outsiders see it.
type Booking struct {
	ID      string `json:"id"`
	EventID string `json:"event_id"`
	Status  string `json:"status"`
	Seats   []struct {
		ID       string `json:"id"`
		Category string `json:"category"`
		Price    Money  `json:"price"`
		Fee      Money  `json:"fee"`
	} `json:"seats"`
	Total         Money      `json:"total"`
	HoldExpiresAt *time.Time `json:"hold_expires_at"`
	Payment       *struct {
		Provider string `json:"provider"`
		Status   string `json:"status"`
		Fallback bool   `json:"fallback"`
	} `json:"payment"`
	NextAction *struct {
		Type         string `json:"type"`
		ClientSecret string `json:"client_secret"`
		URL          string `json:"url"`
	} `json:"next_action"`
	Tickets []struct {
		ID     string `json:"id"`
		SeatID string `json:"seat_id"`
		Code   string `json:"code"`
		Status string `json:"status"`
		Frozen bool   `json:"frozen"`
	} `json:"tickets"`
	CreatedAt   time.Time  `json:"created_at"`
	ConfirmedAt *time.Time `json:"confirmed_at"`
}
