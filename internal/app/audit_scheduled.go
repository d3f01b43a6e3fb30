package app

import (
	"context"
	"log/slog"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"yourticket.example/activities"
	"yourticket.example/internal/audit"
	"yourticket.example/internal/config"
)

// auditMetrics show the last audit that this process made.
type auditMetrics struct {
	broken, unchecked *prometheus.GaugeVec
	last, took        prometheus.Gauge
}

func newAuditMetrics(r prometheus.Registerer) *auditMetrics {
	m := &auditMetrics{
		broken: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "yourticket_audit_broken", Help: "Things that break an invariant, by the last audit of this process.",
		}, []string{"invariant"}),
		unchecked: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "yourticket_audit_unchecked", Help: "1 for an invariant that the last audit of this process could not check.",
		}, []string{"invariant"}),
		last: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "yourticket_audit_last_timestamp_seconds", Help: "When the last audit of this process ended; 0 for none yet.",
		}),
		took: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "yourticket_audit_duration_seconds", Help: "How long the last audit of this process took.",
		}),
	}
	r.MustRegister(m.broken, m.unchecked, m.last, m.took)
	return m
}

func (m *auditMetrics) show(r *audit.Report) {
	for i := range r.Findings {
		f := &r.Findings[i]
		failed := 0.0
		if f.Failed {
			failed = 1
		}
		m.broken.WithLabelValues(strconv.Itoa(f.Number)).Set(float64(f.Broken))
		m.unchecked.WithLabelValues(strconv.Itoa(f.Number)).Set(failed)
	}
	m.took.Set(r.FinishedAt.Sub(r.StartedAt).Seconds())
	m.last.Set(float64(r.FinishedAt.Unix()))
}

// auditor checks everything over the connections of a worker, for the schedule.
func (s *stores) auditor(cfg config.Config) func(context.Context) (activities.Audited, error) {
	metrics := newAuditMetrics(s.registry)
	return func(ctx context.Context) (activities.Audited, error) {
		report, err := s.audit(ctx, cfg, AuditOptions{}, map[audit.Part]audit.Absence{})
		if err != nil {
			return activities.Audited{}, err
		}
		metrics.show(&report)
		return summarize(ctx, &report), nil
	}
}

// summarize makes the report short, and logs what is broken.
func summarize(ctx context.Context, r *audit.Report) activities.Audited {
	out := activities.Audited{NotChecked: r.Failed(), Seconds: int(r.FinishedAt.Sub(r.StartedAt).Seconds())}
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Status != audit.StatusNotChecked {
			out.Checked++
		}
		if f.Status != audit.StatusBroken {
			continue
		}
		b := activities.BrokenInvariant{Number: f.Number, Name: f.Name, Broken: f.Broken}
		if len(f.Examples) > 0 {
			b.First = f.Examples[0].ID + ": " + f.Examples[0].Detail
		}
		out.Broken = append(out.Broken, b)
		slog.ErrorContext(ctx, "an invariant is broken", "invariant", f.Number, "name", f.Name, "broken", f.Broken, "first", b.First)
	}
	return out
}
