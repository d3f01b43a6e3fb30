package rehearsal

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"
	"time"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"thousands": thousands, "time": inTime, "minutes": inMinutes,
	"date":  func(t time.Time) string { return t.Format("2 January 2006, 15:04 UTC") },
	"share": func(n, of int) string { return fmt.Sprintf("%.2f%%", 100*float64(n)/float64(max(1, of))) },
	"titled": func(title string, list []Count) any {
		return struct {
			Title string
			List  []Count
		}{title, list}
	},
	"holding": func(checks []Check) int {
		n := 0
		for _, c := range checks {
			if c.Passed {
				n++
			}
		}
		return n
	},
	"most": func(list []Count) int {
		most := 0
		for _, c := range list {
			most = max(most, c.Count)
		}
		return most
	},
}).Parse(pageText))

// WriteHTML writes the report as one page that needs nothing else: no script,
// no font, no picture from anywhere.
func (out *Report) WriteHTML(w io.Writer) error {
	return page.Execute(w, struct {
		*Report

		Plots      []figure
		Indicators []indicatorRow
		States     template.HTML
	}{out, out.figures(), out.indicators(), out.states()})
}

// figure is a plot with its title and its legend.
type figure struct {
	Title, Lead string
	Legend      []legend
	Plot        template.HTML
}

type legend struct{ Class, Name string }

// series gives a value for each second.
func (out *Report) series(value func(*Second) float64) []float64 {
	values := make([]float64, len(out.Timeline))
	for i := range out.Timeline {
		values[i] = value(&out.Timeline[i])
	}
	return values
}

// seen gives a value of what the organizer saw, 0 where nothing was seen.
func (out *Report) seen(value func(*sight) float64) []float64 {
	return out.series(func(s *Second) float64 {
		if s.Seen == nil {
			return 0
		}
		return value(s.Seen)
	})
}

func (out *Report) tips(text func(*Second) string) []string {
	tips := make([]string, len(out.Timeline))
	for i := range out.Timeline {
		s := &out.Timeline[i]
		tips[i] = sinceOpening(float64(s.At)-out.OpensAt) + " — " + text(s)
	}
	return tips
}

// highest is the highest sum of series in a second.
func highest(series ...[]float64) float64 {
	top := 0.0
	for i := range series[0] {
		sum := 0.0
		for _, values := range series {
			sum += values[i]
		}
		top = math.Max(top, sum)
	}
	return top
}

func (out *Report) plot(top float64) *plot { return newPlot(len(out.Timeline), out.OpensAt, top) }

func inThousands(v float64) string { return thousands(int(math.Round(v))) }

func (out *Report) figures() []figure {
	list := []figure{out.requestFigure(), out.latencyFigure()}
	if out.Event.WaitingRoom {
		list = append(list, out.queueFigure())
	}
	return append(list, out.seatFigure(), out.purchaseFigure(), out.faultFigure(), out.arrivalFigure())
}

func (out *Report) requestFigure() figure {
	people := out.series(func(s *Second) float64 { return float64(s.Requests) })
	programs := out.series(func(s *Second) float64 { return float64(s.Bots) })
	p := out.plot(highest(people, programs))
	p.stack([]string{"c1", "c6"}, people, programs)
	return figure{
		"Requests a second", "What the system was asked, by people and by programs that hammer.",
		[]legend{{"c1", "people"}, {"c6", "programs"}},
		p.svg("Requests a second over time", inThousands, out.tips(func(s *Second) string {
			return fmt.Sprintf("%d by people, %d by programs", s.Requests, s.Bots)
		})),
	}
}

func (out *Report) latencyFigure() figure {
	answered := func(value func(*Second) float64) []float64 {
		return out.series(func(s *Second) float64 {
			if s.Requests == 0 {
				return math.NaN()
			}
			return value(s)
		})
	}
	top := 0.0
	for _, s := range out.Timeline {
		top = math.Max(top, s.P99)
	}
	p := out.plot(1).logarithmic(0.1, top)
	p.line("c2", answered(func(s *Second) float64 { return s.P99 }))
	p.line("c1", answered(func(s *Second) float64 { return s.P50 }))
	return figure{
		"Time to answer", "Half of all requests were faster than the lower line, 99 of 100 faster than the upper one. Each step is ten times slower.",
		[]legend{{"c1", "p50"}, {"c2", "p99"}},
		p.svg("Latency over time", inTime, out.tips(func(s *Second) string {
			return fmt.Sprintf("p50 %s, p99 %s", inTime(s.P50), inTime(s.P99))
		})),
	}
}

func (out *Report) queueFigure() figure {
	issued := out.seen(func(s *sight) float64 { return float64(s.Issued) })
	serving := out.seen(func(s *sight) float64 { return float64(s.Serving) })
	p := out.plot(highest(issued))
	p.between("c6 pale", serving, issued)
	p.line("c6", issued)
	p.line("c3", serving)
	return figure{
		"Waiting room", "How many places were given out, and up to which number turns have come. Whoever waits is between the lines.",
		[]legend{{"c6", "places given out"}, {"c3", "served up to"}},
		p.svg("Queue length and serving over time", inThousands, out.tips(func(s *Second) string {
			if s.Seen == nil {
				return "not seen"
			}
			return fmt.Sprintf("%s: %d of %d served", s.Seen.Phase, s.Seen.Serving, s.Seen.Issued)
		})),
	}
}

func (out *Report) seatFigure() figure {
	sold := out.seen(func(s *sight) float64 { return float64(s.Sold) })
	held := out.seen(func(s *sight) float64 { return float64(s.Held) })
	free := out.seen(func(s *sight) float64 { return float64(s.Available) })
	blocked := out.seen(func(s *sight) float64 { return float64(s.Blocked) })
	p := out.plot(1)
	p.top = math.Max(1, highest(sold, held, free, blocked))
	classes := []string{"c3", "c2", "c1 pale", "c6"}
	p.stack(classes, sold, held, free, blocked)
	return figure{
		"Places by state", "Held places are in somebody's basket.",
		[]legend{{classes[0], "sold"}, {classes[1], "held"}, {classes[2], "free"}, {classes[3], "blocked"}},
		p.svg("Places by state over time", inThousands, out.tips(func(s *Second) string {
			if s.Seen == nil {
				return "not seen"
			}
			return fmt.Sprintf("%d sold, %d held, %d free", s.Seen.Sold, s.Seen.Held, s.Seen.Available)
		})),
	}
}

// purchaseKinds are the answers to purchases, as the plot groups them.
var purchaseKinds = []struct {
	class, name string
	of          func(how string) bool
}{
	{"c3", "paid by card", func(how string) bool {
		return strings.HasPrefix(how, "confirmed") && !strings.Contains(how, "PayPal") && !strings.Contains(how, "Secure")
	}},
	{"c7", "with 3-D Secure", func(how string) bool { return strings.HasPrefix(how, "confirmed") && strings.Contains(how, "Secure") }},
	{"c1", "by PayPal", func(how string) bool { return strings.HasPrefix(how, "confirmed") && strings.Contains(how, "PayPal") }},
	{"c2", "declined", func(how string) bool { return how == "declined" }},
	{"c6", "places were taken", func(how string) bool { return how == "places were taken" }},
	{"c4", "anything else", func(string) bool { return true }},
}

func (out *Report) purchaseFigure() figure {
	series := make([][]float64, len(purchaseKinds))
	for i := range series {
		series[i] = make([]float64, len(out.Timeline))
	}
	classes, list := []string{}, []legend{}
	for _, k := range purchaseKinds {
		classes, list = append(classes, k.class), append(list, legend{k.class, k.name})
	}
	for second, s := range out.Timeline {
		for how, n := range s.Purchases {
			kind := 0
			for !purchaseKinds[kind].of(how) {
				kind++
			}
			series[kind][second] += float64(n)
		}
	}
	p := out.plot(highest(series...))
	p.bars(classes, series...)
	return figure{
		"Purchases a second, by how they ended", "Who is declined may pay with another card, who was too late may choose again.", list,
		p.svg("Purchases by outcome over time", inThousands, out.tips(func(s *Second) string {
			if len(s.Purchases) == 0 {
				return "none"
			}
			var words []string
			for _, c := range counts(s.Purchases) {
				words = append(words, fmt.Sprintf("%d %s", c.Count, c.Name))
			}
			return strings.Join(words, ", ")
		})),
	}
}

func (out *Report) faultFigure() figure {
	kinds := []struct {
		class, name string
		of          func(Faults) int
	}{
		{"c4", "no answer", func(f Faults) int { return f.Unanswered }},
		{"c5", "error (5xx)", func(f Faults) int { return f.Failed }},
		{"c2", "come back later (503)", func(f Faults) int { return f.Away }},
		{"c8", "rate limit (429)", func(f Faults) int { return f.Limited }},
		{"c1", "another instance asked", func(f Faults) int { return f.Rerouted }},
	}
	var classes []string
	var series [][]float64
	var list []legend
	for _, k := range kinds {
		classes, list = append(classes, k.class), append(list, legend{k.class, k.name})
		series = append(series, out.series(func(s *Second) float64 { return float64(k.of(s.Faults)) }))
	}
	p := out.plot(highest(series...))
	p.bars(classes, series...)
	return figure{
		"Faults a second", "A process that dies shows here. Buyers' clients send the same request again, so that a fault is not yet a loss.", list,
		p.svg("Faults over time", inThousands, out.tips(func(s *Second) string {
			f := s.Faults
			return fmt.Sprintf("%d without answer, %d errors, %d 503, %d 429, %d passed to another instance", f.Unanswered, f.Failed, f.Away, f.Limited, f.Rerouted)
		})),
	}
}

func (out *Report) arrivalFigure() figure {
	arrived := out.series(func(s *Second) float64 { return float64(s.Arrived) })
	p := out.plot(highest(arrived))
	p.bars([]string{"c5"}, arrived)
	return figure{
		"Buyers arriving a second", "They come whether or not those before them are served.", []legend{{"c5", "buyers"}},
		p.svg("Arrivals over time", inThousands, out.tips(func(s *Second) string { return fmt.Sprintf("%d came", s.Arrived) })),
	}
}
