package activities

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// saleSeenFor is how long a sale is shown that is not heard of: it has ended,
	// or another worker looks after it now.
	saleSeenFor = 30 * time.Second
	// mostSales bounds how many sales are shown, and so the series.
	mostSales = 100
)

var (
	saleRate    = saleDesc("yourticket_sale_rate_per_minute", "How many buyers a minute a sale aims to call.")
	salePace    = saleDesc("yourticket_sale_pace_per_minute", "How many buyers a minute a sale has called of late.")
	saleOpen    = saleDesc("yourticket_sale_open", "1 while a sale calls buyers, 0 while it is paused or closed.")
	saleIssued  = saleDesc("yourticket_queue_issued", "Places that a waiting room has given out.")
	saleServing = saleDesc("yourticket_queue_serving", "Number up to which buyers have been called.")
	saleLive    = saleDesc("yourticket_queue_sessions", "Buyers who are admitted.")
	saleFree    = saleDesc("yourticket_sale_free_places", "Places that are free.")
	saleBooking = saleDesc("yourticket_sale_booking_p99_seconds", "How long all but one in a hundred requests to book took, as the sale sees it.")
)

func saleDesc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, []string{"event"}, nil)
}

// SaleMetrics show the sales that this process looks after. Nil shows nothing.
type SaleMetrics struct {
	mu    sync.Mutex
	sales map[string]*seenSale
}

type seenSale struct {
	at         time.Time
	measures   SaleMeasures
	rate, pace float64
	open       bool
}

// NewSaleMetrics registers the metrics.
func NewSaleMetrics(r prometheus.Registerer) *SaleMetrics {
	m := &SaleMetrics{sales: map[string]*seenSale{}}
	r.MustRegister(m)
	return m
}

func (m *SaleMetrics) measured(eventID string, measures *SaleMeasures) {
	m.update(eventID, func(s *seenSale) { s.measures = *measures })
}

func (m *SaleMetrics) shown(in *AdmitInput) {
	m.update(in.EventID, func(s *seenSale) { s.rate, s.pace, s.open = in.Rate, in.Pace, in.Phase == "open" })
}

func (m *SaleMetrics) update(eventID string, set func(*seenSale)) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sales[eventID]
	if !ok {
		if len(m.sales) >= mostSales {
			return
		}
		s = &seenSale{}
		m.sales[eventID] = s
	}
	s.at = time.Now()
	set(s)
}

// Describe implements prometheus.Collector.
func (m *SaleMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{saleRate, salePace, saleOpen, saleIssued, saleServing, saleLive, saleFree, saleBooking} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (m *SaleMetrics) Collect(ch chan<- prometheus.Metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, s := range m.sales {
		if time.Since(s.at) > saleSeenFor {
			delete(m.sales, id)
			continue
		}
		open := 0.0
		if s.open {
			open = 1
		}
		for d, value := range map[*prometheus.Desc]float64{
			saleRate: s.rate, salePace: s.pace, saleOpen: open, saleIssued: float64(s.measures.Issued), saleServing: float64(s.measures.Serving),
			saleLive: float64(s.measures.Live), saleFree: float64(s.measures.Free), saleBooking: float64(s.measures.BookingMs) / 1000,
		} {
			ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, id)
		}
	}
}
