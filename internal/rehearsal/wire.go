package rehearsal

import (
	"encoding/json"
	"path"
	"time"
)

// These are the answers of the API, as far as a buyer cares.

type money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

type eventAnswer struct {
	ID                 string    `json:"id"`
	Slug               string    `json:"slug"`
	Name               string    `json:"name"`
	Status             string    `json:"status"`
	OnSaleAt           time.Time `json:"on_sale_at"`
	MaxTicketsPerBuyer int       `json:"max_tickets_per_buyer"`
	WaitingRoom        bool      `json:"waiting_room"`
	Prices             []struct {
		Category string `json:"category"`
	} `json:"prices"`
	Availability struct {
		Capacity int `json:"capacity"`
	} `json:"availability"`
}

type seatAnswer struct {
	ID       string `json:"id"`
	Index    int    `json:"index"`
	Row      string `json:"row"`
	Category string `json:"category"`
}

type mapAnswer struct {
	Version string `json:"version"`
	Seats   string `json:"seats"`
}

type queueAnswer struct {
	Phase         string    `json:"phase"`
	Serving       int64     `json:"serving"`
	Issued        int64     `json:"issued"`
	RatePerMinute float64   `json:"rate_per_minute"`
	OpensAt       time.Time `json:"opens_at"`
	Draw          struct {
		Commitment *string `json:"commitment"`
		Seed       *string `json:"seed"`
		Entries    int64   `json:"entries"`
	} `json:"draw"`
	PollAfterMS int64 `json:"poll_after_ms"`
}

type placeAnswer struct {
	Entry  int64  `json:"entry"`
	Number *int64 `json:"number"`
	State  string `json:"state"`
}

type claimAnswer struct {
	Admission string    `json:"admission"`
	ExpiresAt time.Time `json:"expires_at"`
}

type bookingAnswer struct {
	ID      string `json:"id"`
	EventID string `json:"event_id"`
	Status  string `json:"status"`
	Seats   []struct {
		ID string `json:"id"`
	} `json:"seats"`
	Total   money `json:"total"`
	Payment *struct {
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
		SeatID string `json:"seat_id"`
		Code   string `json:"code"`
		Status string `json:"status"`
	} `json:"tickets"`

	buyer int // whose it is, when it was read
}

func (b *bookingAnswer) seatIDs() []string {
	ids := make([]string, len(b.Seats))
	for i, s := range b.Seats {
		ids[i] = s.ID
	}
	return ids
}

// isOpen tells whether a booking still holds places without being confirmed.
func (b *bookingAnswer) isOpen() bool {
	switch b.Status {
	case "pending", "held", "paying", "action_required":
		return true
	}
	return false
}

type statusAnswer struct {
	State      string      `json:"state"`
	Indicators []Indicator `json:"indicators"`
	Degraded   []string    `json:"degraded"`
}

// Indicator is one measured value of the system, with its judgment.
type Indicator struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	State string  `json:"state"`
}

// problem is a refusal.
type problem struct {
	Type        string   `json:"type"`
	Detail      string   `json:"detail"`
	BookingID   string   `json:"booking_id"`
	Unavailable []string `json:"unavailable"`
}

// code is the last word of the problem's type.
func (p *problem) code() string {
	if p.Type == "" {
		return ""
	}
	return path.Base(p.Type)
}

// problem reads a refusal; one that is no problem document has no code.
func (a *answer) problem() *problem {
	p := &problem{}
	_ = json.Unmarshal(a.body, p) // what is no JSON has no code
	return p
}
