package rehearsal_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// shop answers like the API, from memory, and is as crooked as a test wants.
type shop struct {
	*httptest.Server

	// crooked is what it does wrong; empty for an honest shop.
	crooked string
	bound   int

	mu       sync.Mutex
	opens    time.Time
	plan     []seat
	seats    []byte
	version  int
	entries  map[string]int // by buyer
	places   int
	drawn    int // entries of the draw; 0 before it
	serving  int
	admitted map[string]string // buyer to admission
	used     map[string]bool
	bookings map[string]*booking
	keys     map[string]string
	flaky    int
}

type object = map[string]any

type seat struct {
	ID       string `json:"id"`
	Index    int    `json:"index"`
	Category string `json:"category"`
}

type booking struct {
	ID, Buyer, Status string
	Seats             []int
	Challenge         bool
}

var seed = sha256.Sum256([]byte("the seed"))

// numberOf is the draw of the shop: it turns the entries by a number of the seed.
func numberOf(seed []byte, entries, entry int64) int64 {
	if entry > entries {
		return entry
	}
	return (entry-1+int64(seed[0]))%entries + 1
}

func openShop(t *testing.T, crooked string) *shop {
	t.Helper()
	s := &shop{
		crooked: crooked, entries: map[string]int{}, admitted: map[string]string{}, used: map[string]bool{},
		bookings: map[string]*booking{}, keys: map[string]string{},
	}
	mux := http.NewServeMux()
	for pattern, handle := range map[string]func(http.ResponseWriter, *http.Request, string){
		"POST /v1/venues": s.made, "POST /v1/venues/{id}/plans": s.makePlan, "POST /v1/events": s.makeEvent,
		"POST /v1/events/{id}/publish": s.event, "GET /v1/events/{id}": s.event,
		"GET /v1/events/{id}/seatmap": s.seatmap, "GET /v1/events/{id}/availability": s.availability,
		"GET /v1/events/{id}/availability/stream": s.stream, "GET /v1/events/{id}/queue": s.queue,
		"POST /v1/events/{id}/queue": s.join, "GET /v1/events/{id}/queue/me": s.join, "DELETE /v1/events/{id}/queue": s.leave,
		"POST /v1/events/{id}/queue/claim": s.claim, "POST /v1/bookings": s.book, "POST /v1/bookings/{id}/payment": s.pay,
		"POST /v1/bookings/{id}/cancel": s.cancel, "GET /v1/bookings/{id}": s.booking, "GET /v1/me/bookings": s.mine,
		"GET /v1/search": s.status, "GET /v1/status": s.status, "GET /healthz": s.status, "PATCH /v1/events/{id}": s.forbidden, "POST /v1/sessions": s.unauthorized,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(pattern, "/stream") {
				handle(w, r, "")
				return
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			handle(w, r, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		})
	}
	s.Server = httptest.NewServer(mux)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	_, _ = w.Write(text) // the caller may be gone
}

func refuse(w http.ResponseWriter, status int, code string) {
	write(w, status, object{"type": "https://shop.example/problems/" + code})
}

func (s *shop) made(w http.ResponseWriter, _ *http.Request, _ string) {
	write(w, http.StatusCreated, object{"id": "id_1"})
}

func (s *shop) forbidden(w http.ResponseWriter, _ *http.Request, _ string) {
	refuse(w, http.StatusForbidden, "forbidden")
}

func (s *shop) unauthorized(w http.ResponseWriter, _ *http.Request, _ string) {
	refuse(w, http.StatusUnauthorized, "bad-credentials")
}

func (s *shop) makePlan(w http.ResponseWriter, r *http.Request, token string) {
	var file struct {
		Zones []struct {
			Rows []struct {
				Seats []struct {
					GUID     string `json:"seat_guid"`
					Category string `json:"category"`
				} `json:"seats"`
			} `json:"rows"`
		} `json:"zones"`
		Standing []struct {
			Name     string `json:"name"`
			Capacity int    `json:"capacity"`
		} `json:"standing"`
	}
	_ = json.NewDecoder(r.Body).Decode(&file)
	for _, z := range file.Zones {
		for _, row := range z.Rows {
			for _, place := range row.Seats {
				s.plan = append(s.plan, seat{place.GUID, len(s.plan), place.Category})
			}
		}
	}
	for _, area := range file.Standing {
		for n := range area.Capacity {
			s.plan = append(s.plan, seat{fmt.Sprintf("%s-%d", area.Name, n+1), len(s.plan), area.Name})
		}
	}
	s.seats = []byte(strings.Repeat("a", len(s.plan)))
	s.made(w, r, token)
}

func (s *shop) makeEvent(w http.ResponseWriter, r *http.Request, token string) {
	var body struct {
		OnSaleAt    time.Time `json:"on_sale_at"`
		WaitingRoom *struct {
			MaxSessions int `json:"max_sessions"`
		} `json:"waiting_room"`
	}
	_ = json.NewDecoder(r.Body).Decode(&body)
	s.opens = body.OnSaleAt
	if body.WaitingRoom != nil {
		s.bound = body.WaitingRoom.MaxSessions
	}
	s.made(w, r, token)
}

func (s *shop) event(w http.ResponseWriter, _ *http.Request, _ string) {
	status := "scheduled"
	if time.Now().After(s.opens) {
		status = "on_sale"
	}
	write(w, http.StatusOK, object{
		"id": "ev_1", "slug": "rehearsal", "name": "Rehearsal", "status": status, "on_sale_at": s.opens, "max_tickets_per_buyer": 6,
		"waiting_room": s.bound > 0, "prices": []object{{"category": "Stalls"}, {"category": "Balcony"}, {"category": "Floor"}},
	})
}

func (s *shop) seatmap(w http.ResponseWriter, _ *http.Request, _ string) {
	write(w, http.StatusOK, object{"seats": s.plan})
}

func (s *shop) availability(w http.ResponseWriter, _ *http.Request, _ string) {
	seats := string(s.seats)
	if s.crooked == "miscounts" {
		seats = strings.Replace(seats, "s", "a", 1)
	}
	write(w, http.StatusOK, object{"version": strconv.Itoa(s.version), "seats": seats})
}

// stream sends the map at first, and what has changed since then.
func (s *shop) stream(w http.ResponseWriter, r *http.Request, _ string) {
	w.Header().Set("Content-Type", "text/event-stream")
	var last []byte
	for r.Context().Err() == nil {
		s.mu.Lock()
		now, version := slices.Clone(s.seats), s.version
		s.mu.Unlock()
		switch {
		case last == nil:
			fmt.Fprintf(w, ": hello\nid: %d\nevent: snapshot\ndata: {\"version\":\"%d\",\"seats\":\"%s\"}\n\n", version, version, now)
			last = now
		case string(now) != string(last) && s.crooked != "streams nothing":
			var changes []string
			for i := range now {
				if now[i] != last[i] {
					changes = append(changes, fmt.Sprintf(`[%d,"%c"]`, i, now[i]))
				}
			}
			fmt.Fprintf(w, "id: %d\nevent: delta\ndata: {\"version\":\"%d\",\"changes\":[%s]}\n\n", version, version, strings.Join(changes, ","))
			last = now
		}
		w.(http.Flusher).Flush()
		time.Sleep(20 * time.Millisecond)
	}
}

func (s *shop) status(w http.ResponseWriter, _ *http.Request, _ string) {
	write(w, http.StatusOK, object{"state": "warning", "indicators": []object{{"name": "cpu", "value": 71, "unit": "%", "state": "warning"}}})
}

// tick draws when it is time, and calls as many as are allowed.
func (s *shop) tick() {
	if time.Now().Before(s.opens) {
		return
	}
	if s.drawn == 0 {
		s.drawn = s.places
	}
	room := s.bound - (len(s.admitted) - len(s.used))
	if s.crooked == "admits all" {
		room = s.places
	}
	open := s.serving - len(s.admitted)
	s.serving = min(s.places, s.serving+max(0, room-open))
}

func (s *shop) queue(w http.ResponseWriter, _ *http.Request, _ string) {
	s.tick()
	commitment := sha256.Sum256(seed[:])
	draw := object{"commitment": hex.EncodeToString(commitment[:]), "entries": s.drawn}
	phase, serving := "prequeue", s.serving
	if time.Now().After(s.opens) {
		phase = "open"
		draw["seed"] = hex.EncodeToString(seed[:])
		if s.crooked == "another seed" {
			draw["seed"] = strings.Repeat("00", 32)
		}
		if s.crooked == "goes back" && time.Since(s.opens) > 4*time.Second {
			serving = 0
		}
	}
	if !strings.Contains(string(s.seats), "a") {
		phase = "closed"
	}
	write(w, http.StatusOK, object{"phase": phase, "serving": serving, "issued": s.places, "draw": draw, "poll_after_ms": 500})
}

func (s *shop) number(buyer string) *int64 {
	if s.drawn == 0 {
		return nil
	}
	n := numberOf(seed[:], int64(s.drawn), int64(s.entries[buyer]))
	if s.crooked == "draws otherwise" && s.entries[buyer] <= s.drawn {
		n = int64(s.drawn - s.entries[buyer] + 1)
	}
	return &n
}

func (s *shop) join(w http.ResponseWriter, r *http.Request, buyer string) {
	s.tick()
	status := http.StatusOK
	if r.Method == http.MethodPost && (s.entries[buyer] == 0 || s.crooked == "gives another place") {
		s.places++
		s.entries[buyer] = s.places
		status = http.StatusCreated
	}
	write(w, status, object{"entry": s.entries[buyer], "number": s.number(buyer), "state": "waiting"})
}

func (s *shop) leave(w http.ResponseWriter, _ *http.Request, buyer string) {
	if s.admitted[buyer] != "" {
		s.used[buyer] = true
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *shop) claim(w http.ResponseWriter, _ *http.Request, buyer string) {
	n := s.number(buyer)
	switch {
	case s.entries[buyer] == 0:
		refuse(w, http.StatusNotFound, "not-found")
	case n == nil || *n > int64(s.serving):
		refuse(w, http.StatusTooEarly, "not-your-turn")
	default:
		s.admitted[buyer] = "admission of " + buyer
		write(w, http.StatusOK, object{"admission": s.admitted[buyer], "expires_at": time.Now().Add(time.Minute)})
	}
}
