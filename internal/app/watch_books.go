package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/api/workflowservice/v1"

	"yourticket.example/internal/config"
	"yourticket.example/workers"
	"yourticket.example/workflows"
)

const (
	// booksEvery is how often the books are looked at, and reconciledEvery how
	// often the last reconciliations are, which change once a day.
	booksEvery      = 15 * time.Second
	reconciledEvery = 5 * time.Minute
	booksTime       = 10 * time.Second
)

// bookMetrics show what is open in the books and in Temporal. Every worker of
// the finance fleet shows the same, so that rules take the greatest.
type bookMetrics struct {
	bookings, workflows, backlog, age, differences *prometheus.GaugeVec
	lines, altered, looked                         prometheus.Gauge
}

func newBookMetrics(r prometheus.Registerer) *bookMetrics {
	vector := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "yourticket_" + name, Help: help}, labels)
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: "yourticket_" + name, Help: help})
	}
	m := &bookMetrics{
		bookings:    vector("bookings_open", "Bookings that have places and are not confirmed, by status.", "status"),
		workflows:   vector("workflows_open", "Workflows that people should know of: needs_attention, and settling for over an hour.", "reason"),
		backlog:     vector("task_queue_backlog_seconds", "Age of the oldest task of a task queue.", "queue"),
		age:         vector("reconciliation_age_seconds", "Time since a provider was last reconciled.", "provider"),
		differences: vector("reconciliation_differences", "Lines of the last reconciliation that people must look at.", "provider"),
		lines:       gauge("journal_lines", "Lines of the journal that were written since PostgreSQL's statistics began."),
		altered:     gauge("journal_altered", "Lines of the journal that were changed or deleted since then: always 0."),
		looked:      gauge("books_timestamp_seconds", "When the books were last looked at."),
	}
	r.MustRegister(m.bookings, m.workflows, m.backlog, m.age, m.differences, m.lines, m.altered, m.looked)
	return m
}

// watchBooks looks at the books until ctx ends.
func (s *stores) watchBooks(ctx context.Context, cfg config.Config) {
	m := newBookMetrics(s.registry)
	tick := time.NewTicker(booksEvery)
	defer tick.Stop()
	var reconciled time.Time
	for {
		looking, cancel := context.WithTimeout(ctx, booksTime)
		err := s.lookAtBooks(looking, cfg.TemporalNamespace, m)
		if err == nil && time.Since(reconciled) > reconciledEvery {
			var some bool
			if some, err = s.lookAtReconciliations(looking, m); some {
				reconciled = time.Now()
			}
		}
		cancel()
		if err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "the books are not shown", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *stores) lookAtBooks(ctx context.Context, namespace string, m *bookMetrics) error {
	standing, err := s.sales.Standing(ctx)
	if err != nil {
		return err
	}
	for status, n := range standing.Bookings {
		m.bookings.WithLabelValues(string(status)).Set(float64(n))
	}
	m.lines.Set(float64(standing.JournalLines))
	m.altered.Set(float64(standing.JournalAltered))
	for reason, query := range map[string]string{
		"needs_attention": "NeedsAttention = true AND ExecutionStatus = 'Running'",
		"settling": fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running' AND StartTime < '%s'",
			workflows.SettleType, time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)),
	} {
		found, err := s.temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: namespace, Query: query})
		if err != nil {
			return err
		}
		m.workflows.WithLabelValues(reason).Set(float64(found.GetCount()))
	}
	backlogs := workers.Backlogs{Client: s.temporal, Namespace: namespace}
	for _, queue := range []string{workflows.QueuePurchases, workflows.QueuePayments, workflows.QueueSales, workflows.QueueFinance} {
		oldest, err := backlogs.Backlog(ctx, queue)
		if err != nil {
			return err
		}
		m.backlog.WithLabelValues(queue).Set(oldest.Seconds())
	}
	m.looked.SetToCurrentTime()
	return nil
}

// lookAtReconciliations tells whether there are any yet.
func (s *stores) lookAtReconciliations(ctx context.Context, m *bookMetrics) (some bool, err error) {
	list, err := s.catalogue.LastReconciliations(ctx)
	if err != nil {
		return false, err
	}
	for _, r := range list {
		m.age.WithLabelValues(string(r.Provider)).Set(r.Age)
		m.differences.WithLabelValues(string(r.Provider)).Set(float64(r.Differences))
	}
	return len(list) > 0, nil
}
