package rehearsal

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
)

// indicatorRow is one indicator of the system's state over time.
type indicatorRow struct {
	Name, Last, Worst string
	State             string // the worst
	Spark             template.HTML
}

var indicatorNames = map[string]string{
	"latency_p99": "Time to answer, p99", "booking_latency_p99": "Time to book, p99", "error_rate": "Errors",
	"booking_success_rate": "Bookings that succeed", "cpu": "Processor", "memory": "Memory", "database_latency_p99": "Database, p99",
	"parts_unreached": "Parts that are away",
}

func (out *Report) indicators() []indicatorRow {
	var names []string
	for _, s := range out.Timeline {
		if s.Seen == nil {
			continue
		}
		for _, i := range s.Seen.Indicators {
			if !slices.Contains(names, i.Name) {
				names = append(names, i.Name)
			}
		}
	}
	var rows []indicatorRow
	for _, name := range names {
		rows = append(rows, out.indicator(name))
	}
	return rows
}

var stateRank = map[string]int{"": 0, "normal": 1, "warning": 2, "alarm": 3}

func (out *Report) indicator(name string) indicatorRow {
	row := indicatorRow{Name: name}
	if title, known := indicatorNames[name]; known {
		row.Name = title
	}
	values, states := make([]float64, len(out.Timeline)), make([]string, len(out.Timeline))
	var last, worst *Indicator
	for i, s := range out.Timeline {
		values[i] = math.NaN()
		if s.Seen == nil {
			continue
		}
		at := slices.IndexFunc(s.Seen.Indicators, func(in Indicator) bool { return in.Name == name })
		if at < 0 {
			continue
		}
		last = &s.Seen.Indicators[at]
		values[i], states[i] = last.Value, last.State
		further := last.Value > 0
		if worst != nil {
			further = last.Value > worst.Value
			if strings.HasSuffix(name, "success_rate") {
				further = last.Value < worst.Value
			}
		}
		if worst == nil || stateRank[last.State] > stateRank[worst.State] || stateRank[last.State] == stateRank[worst.State] && further {
			worst = last
		}
	}
	row.Last, row.Worst, row.State = withUnit(last), withUnit(worst), worst.State
	row.Spark = spark(values, states)
	return row
}

func withUnit(i *Indicator) string {
	switch i.Unit {
	case "ms":
		return inTime(i.Value)
	case "%":
		return fmt.Sprintf("%.4g %%", i.Value)
	}
	return fmt.Sprintf("%.4g", i.Value)
}

// sparkWidth and sparkHeight are the size of the little plots.
const sparkWidth, sparkHeight = 420.0, 30.0

// spark draws values over bands in the colours of their states.
func spark(values []float64, states []string) template.HTML {
	top := 0.0
	for _, v := range values {
		if !math.IsNaN(v) {
			top = math.Max(top, v)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="spark" viewBox="0 0 %g %g" preserveAspectRatio="none" aria-hidden="true">`, sparkWidth, sparkHeight)
	step := sparkWidth / math.Max(1, float64(len(values)))
	bands(&b, states, step, sparkHeight)
	pen := "M"
	b.WriteString(`<path class="line ink" d="`)
	for i, v := range values {
		if math.IsNaN(v) {
			pen = "M"
			continue
		}
		b.WriteString(pen + at(step*(float64(i)+0.5), sparkHeight-3-(sparkHeight-6)*v/math.Max(top, 1e-9)))
		pen = "L"
	}
	b.WriteString(`"/></svg>`)
	return template.HTML(b.String()) //nolint:gosec // it consists of numbers
}

// bands draws runs of the same state.
func bands(b *strings.Builder, states []string, step, height float64) {
	for i := 0; i < len(states); {
		end := i
		for end < len(states) && states[end] == states[i] {
			end++
		}
		if class := stateClass(states[i]); class != "" {
			fmt.Fprintf(b, `<rect class="%s" x="%.1f" y="0" width="%.1f" height="%g"/>`, class, step*float64(i), step*float64(end-i), height)
		}
		i = end
	}
}

func stateClass(state string) string {
	switch state {
	case "normal", "warning", "alarm", "unknown":
		return "state-" + state
	}
	return ""
}

// states is the band of the whole system's state.
func (out *Report) states() template.HTML {
	states := make([]string, len(out.Timeline))
	for i, s := range out.Timeline {
		if s.Seen != nil {
			states[i] = s.Seen.State
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="spark" viewBox="0 0 %g 16" preserveAspectRatio="none" role="img" aria-label="State of the system over time">`, sparkWidth)
	bands(&b, states, sparkWidth/math.Max(1, float64(len(states))), 16)
	b.WriteString("</svg>")
	return template.HTML(b.String()) //nolint:gosec // it consists of numbers
}
