package api

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yourticket.example/ticket"
)

// shedEvery is how often the shedder learns from what it saw.
const shedEvery = 500 * time.Millisecond

// shedBounds is the one table of what is shed when. Reads go first, for who
// asks again loses nothing; what somebody has queued for, and what pays for
// held places, goes last. Five hundred buyers at once are an ordinary sight.
var shedBounds = [classes]bounds{
	classRead:         {initial: 256, least: 32, most: 4096, target: 250 * time.Millisecond, patience: time.Second, pressure: 250 * time.Millisecond},
	classStream:       {pressure: 250 * time.Millisecond},
	classPersonal:     {initial: 256, least: 32, most: 4096, target: 500 * time.Millisecond, patience: 2 * time.Second, pressure: 500 * time.Millisecond},
	classLogin:        {initial: 1024, least: 128, most: 4096, target: 10 * time.Second, patience: 15 * time.Second, pressure: 2 * time.Second},
	classRegistration: {initial: 1024, least: 128, most: 4096, target: 10 * time.Second, patience: 15 * time.Second, pressure: 2 * time.Second},
	classAnonymous:    {initial: 256, least: 32, most: 2048, target: time.Second, patience: 3 * time.Second, pressure: time.Second},
	classWrite:        {initial: 256, least: 32, most: 2048, target: time.Second, patience: 5 * time.Second, pressure: time.Second},
	classDoor:         {initial: 256, least: 32, most: 2048, target: time.Second, patience: 5 * time.Second, pressure: time.Second},
	classUpload:       {initial: 32, least: 4, most: 512, target: 10 * time.Second, patience: 30 * time.Second, pressure: time.Second},
	classRare:         {initial: 256, least: 32, most: 2048, target: time.Second, patience: 5 * time.Second, pressure: time.Second},
	classQueue:        {initial: 1024, least: 256, most: 8192, target: time.Second, patience: 10 * time.Second, pressure: 10 * time.Second},
	classBooking:      {initial: 1024, least: 128, most: 4096, target: 10 * time.Second, patience: 15 * time.Second, pressure: 3 * time.Second},
	classPayment:      {initial: 2048, least: 512, most: 8192, target: 15 * time.Second, patience: 30 * time.Second, pressure: 10 * time.Second},
	classWebhook:      {initial: 256, least: 64, most: 2048, target: 5 * time.Second, patience: 10 * time.Second, pressure: 10 * time.Second},
}

// shedder refuses requests that would come too late anyway, before they pile up.
type shedder struct {
	pressure *pressure
	// lanes without a turnstile bound themselves.
	lanes map[laneKey]*turnstile
	// rest serves lanes that have no turnstile of their own, by class.
	rest    [classes]*turnstile
	refused *prometheus.CounterVec
	last    atomic.Int64 // when somebody was refused, in Unix nanoseconds
}

type laneKey struct {
	class class
	lane  string
}

func newShedder(r prometheus.Registerer) *shedder {
	s := &shedder{
		pressure: newPressure(), lanes: map[laneKey]*turnstile{},
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yourticket_shed_total",
			Help: "Requests that were refused before they could pile up, by class and by what was too long: queue or cpu.",
		}, []string{"class", "reason"}),
	}
	now := time.Now()
	for c, b := range shedBounds {
		if b.initial > 0 {
			s.rest[c] = newTurnstile(b, now)
			s.refused.WithLabelValues(class(c).String(), "queue") // so that its first refusal is a change
		}
	}
	for _, lane := range []string{"seatmap", "availability", "queue", "event", "list", "pages"} {
		s.lanes[laneKey{classRead, lane}] = newTurnstile(shedBounds[classRead], now)
	}
	// Search has most answers in memory, and turns for the others: those must not
	// hold up these.
	s.lanes[laneKey{classRead, "search"}] = nil
	for _, lane := range []string{"me", "bookings", "events", "finance"} {
		s.lanes[laneKey{classPersonal, lane}] = newTurnstile(shedBounds[classPersonal], now)
	}
	r.MustRegister(s.refused, s)
	return s
}

// run learns until ctx ends.
func (s *shedder) run(ctx context.Context) {
	tick := time.NewTicker(shedEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			s.pressure.tick()
			s.each(func(_ laneKey, t *turnstile) { t.tick(now) })
		}
	}
}

func (s *shedder) each(f func(laneKey, *turnstile)) {
	for key, t := range s.lanes {
		if t != nil {
			f(key, t)
		}
	}
	for c, t := range s.rest {
		if t != nil {
			f(laneKey{class(c), "other"}, t)
		}
	}
}

// shed lets requests in as fast as they can be answered, and answers 503 to
// those that would wait too long.
func (s *Server) shed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, lane := classify(r.Method, r.URL.Path)
		if s.shedder.pressure.refuses(c) {
			s.overloaded(w, r, c, "cpu")
			return
		}
		t, known := s.shedder.lanes[laneKey{c, lane}]
		if !known {
			t = s.shedder.rest[c]
		}
		if t == nil {
			next.ServeHTTP(w, r)
			return
		}
		if !t.enter(r.Context()) {
			s.overloaded(w, r, c, "queue")
			return
		}
		start := time.Now()
		defer func() { t.leave(time.Since(start)) }()
		next.ServeHTTP(w, r)
	})
}

// overloaded answers a request that is shed. Those who are sent away come back
// at different times.
func (s *Server) overloaded(w http.ResponseWriter, r *http.Request, c class, reason string) {
	s.shedder.last.Store(time.Now().UnixNano())
	s.shedder.refused.WithLabelValues(c.String(), reason).Inc()
	e := ticket.Errorf(ticket.CodeUnavailable, "There is more to do than can be done in time.")
	e.RetryAfterSeconds = 1 + rand.IntN(4) //nolint:gosec // it need not be secret
	writeProblem(w, newProblem(e, requestID(r.Context())))
}

// shedding tells whether anybody was refused within the last ten seconds.
func (s *shedder) shedding() bool {
	return time.Now().UnixNano()-s.last.Load() < int64(10*time.Second)
}

var (
	shedLimitDesc = prometheus.NewDesc("yourticket_shed_limit", "Requests of a lane that are let in at the same time.", []string{"class", "lane"}, nil)
	shedQueueDesc = prometheus.NewDesc("yourticket_shed_waiting", "Requests that wait to be let in.", []string{"class", "lane"}, nil)
)

// Describe implements prometheus.Collector.
func (s *shedder) Describe(ch chan<- *prometheus.Desc) {
	ch <- shedLimitDesc
	ch <- shedQueueDesc
}

// Collect implements prometheus.Collector.
func (s *shedder) Collect(ch chan<- prometheus.Metric) {
	s.each(func(key laneKey, t *turnstile) {
		limit, _, waiting := t.state()
		ch <- prometheus.MustNewConstMetric(shedLimitDesc, prometheus.GaugeValue, float64(limit), key.class.String(), key.lane)
		ch <- prometheus.MustNewConstMetric(shedQueueDesc, prometheus.GaugeValue, float64(waiting), key.class.String(), key.lane)
	})
}
