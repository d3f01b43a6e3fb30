package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"yourticket.example/ticket"
)

const (
	// lookEvery is how often a watched booking is read; a primary-key read.
	lookEvery = 500 * time.Millisecond
	// beatEvery keeps proxies from closing a quiet stream.
	beatEvery = 15 * time.Second
	// streamFor ends a stream before the gateway's own limit of 15 minutes would.
	streamFor = 14 * time.Minute
)

func (s *Server) registerBookingStream(api huma.API, tags []string) {
	register(s, api, huma.Operation{
		OperationID: "watch-booking", Method: http.MethodGet, Path: "/v1/bookings/{booking_id}/stream", Tags: tags,
		Summary: "The booking's status as it changes (server-sent events)",
		Responses: map[string]*huma.Response{"200": {
			Description: "A booking event now and at each change; the stream ends after a final status.",
			Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: "string"}}},
		}},
	}, loggedIn, s.watchBooking)
}

func (s *Server) watchBooking(ctx context.Context, in *BookingPath) (*huma.StreamResponse, error) {
	b, err := s.ownBooking(ctx, in.BookingID)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		_, w := humachi.Unwrap(hctx)
		h := w.Header()
		h.Set("Content-Type", "text/event-stream")
		h.Set("Cache-Control", "no-store")
		control := http.NewResponseController(w)
		_ = control.SetWriteDeadline(time.Now().Add(streamFor + time.Minute)) // a writer without deadlines needs none
		s.streamBooking(ctx, w, control, b)
	}}, nil
}

func (s *Server) streamBooking(ctx context.Context, w http.ResponseWriter, control *http.ResponseController, b *ticket.Booking) {
	ctx, cancel := context.WithTimeout(ctx, streamFor)
	defer cancel()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	last, beat := ticket.BookingStatus(""), time.Now()
	for {
		if b.Status != last {
			if !s.sendBooking(ctx, w, b) || control.Flush() != nil || over(b.Status) {
				return
			}
			last, beat = b.Status, time.Now()
		}
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		if time.Since(beat) >= beatEvery {
			if _, err := fmt.Fprint(w, ": still here\n\n"); err != nil || control.Flush() != nil {
				return
			}
			beat = time.Now()
		}
		if next, err := s.deps.Books.Booking(ctx, b.ID); err == nil {
			b = next
		}
	}
}

// over tells whether a buyer who watches has seen how it ended.
func over(status ticket.BookingStatus) bool {
	return status.Terminal() || status == ticket.BookingConfirmed
}

func (s *Server) sendBooking(ctx context.Context, w http.ResponseWriter, b *ticket.Booking) bool {
	body, err := s.showBooking(ctx, b)
	if err != nil {
		return false
	}
	text, err := json.Marshal(body)
	if err != nil {
		return false
	}
	_, err = fmt.Fprintf(w, "event: booking\ndata: %s\n\n", text)
	return err == nil
}
