package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
)

// tables writes what the document shows, and returns where a pool does not keep
// its bounds.
func (m *model) tables(w io.Writer, of []float64) (bad []string) {
	m.costs(w)
	plans := make([]plan, len(of))
	bare := make([]plan, len(of))
	for i, rate := range of {
		plans[i], bare[i] = m.plan(rate, true), m.plan(rate, false)
	}
	needs(w, plans, bare)
	bad = m.checks(w, plans, bare)
	m.bills(w, plans)
	m.atRest(w)
	m.sources(w)
	return bad
}

func (m *model) costs(w io.Writer) {
	c := m.measured
	fmt.Fprintf(w, "### What was measured\n\nFrom %s.\n\n", c.From)
	row(w, "request of the crowd", "share", "CPU of the API, µs", "CPU behind it, µs", "kept by CloudFront")
	rule(w, 5)
	for _, r := range c.Routes {
		kept := "no"
		if r.Kept {
			kept = "as Cache-Control says"
		}
		row(w, r.Name, percent(r.Share), number(r.APIUs), number(r.BehindUs), kept)
	}
	fmt.Fprintln(w)
	row(w, "workflow, CPU in ms", "API", "worker", "Temporal", "its PostgreSQL", "PostgreSQL", "Redis", "events")
	rule(w, 8)
	for _, f := range []struct {
		workflow
		name string
	}{{c.Purchase, "paid purchase in one call"}, {c.Hold, "hold that is given up"}} {
		row(w, f.name, number(f.APIMs), number(f.WorkerMs), number(f.TemporalMs), number(f.TemporalDBMs), number(f.PostgresMs), number(f.RedisMs), number(f.Events))
	}
	fmt.Fprintf(w, "\nA delivered change of a seat map: %s µs; a watching client: %s bytes of memory. "+
		"A search that no cache answers (`go run ./e2e/searchbench -search`): %s ms of Elasticsearch, %s ms of the API.\n\n",
		number(c.Stream.CPUUsAnEvent), number(c.Stream.BytesAClient), number(c.UncachedSearchMs.Elasticsearch), number(c.UncachedSearchMs.API))
}

func needs(w io.Writer, plans, bare []plan) {
	fmt.Fprint(w, "### What it takes\n\nAt the peak, with CloudFront in front; in brackets where nothing is kept at the edge.\n\n")
	head := []string{"requests a second"}
	for _, p := range plans {
		head = append(head, number(p.Rate))
	}
	row(w, head...)
	rule(w, len(head))
	line := func(name string, of func(plan) float64) {
		cells := []string{name}
		for i := range plans {
			a, b := number(of(plans[i])), number(of(bare[i]))
			if a != b {
				a += " (" + b + ")"
			}
			cells = append(cells, a)
		}
		row(w, cells...)
	}
	line("reach the API, a second", func(p plan) float64 { return math.Round(p.Origin) })
	line("paid purchases a second", func(p plan) float64 { return p.Purchases })
	line("calls to payment providers a second", func(p plan) float64 { return p.StripeCalls })
	line("buyers who watch a seat map", func(p plan) float64 { return p.Watchers })
	line("API pods (1 vCPU, 2 GB)", func(p plan) float64 { return p.API.Pods })
	line("worker pods, fleet `purchases` (1 vCPU, 2 GB)", func(p plan) float64 { return p.Workers.Pods })
	line("Temporal's pods (2 vCPU, 4 GB)", func(p plan) float64 { return p.Temporal.Pods })
	line("Temporal's history shards", func(p plan) float64 { return p.HistoryShards })
	line("Temporal's PostgreSQL, ACU of the writer", func(p plan) float64 { return p.TemporalACU })
	line("sales shards", func(p plan) float64 { return p.SalesShards })
	line("their ACU together, of the writers", func(p plan) float64 { return p.ACU })
	line("Redis shards", func(p plan) float64 { return p.Redis.Servers })
	cells := []string{"nodes of Elasticsearch"}
	for i := range plans {
		a, b := nodes(plans[i]), nodes(bare[i])
		if a != b {
			a += " (" + b + ")"
		}
		cells = append(cells, a)
	}
	row(w, cells...)
	fmt.Fprintln(w)
}

func nodes(p plan) string { return number(p.SearchNodes) + " × " + p.SearchInstance }

// customers is how many come in a simulation.
const customers = 200_000

// checks simulates every pool of every plan, whole and without a zone.
func (m *model) checks(w io.Writer, plans, bare []plan) (bad []string) {
	fmt.Fprint(w, "### The simulation\n\nHow busy each pool is at the peak, and how long 99 of 100 wait for a processor: as simulated, ",
		"and by the formula in brackets. On the right with one of three zones gone.\n\n")
	row(w, "requests a second", "pool", "processors", "busy", "wait, ms", "without a zone: busy", "wait, ms")
	rule(w, 7)
	for i := range plans {
		for _, each := range []struct {
			plan
			how string
		}{{plans[i], ""}, {bare[i], ", nothing kept at the edge"}} {
			for _, p := range []pool{each.API, each.Workers, each.Temporal, each.Redis, each.Search} {
				if each.how != "" && p.Name != "api" && p.Name != "Redis" && p.Name != "Elasticsearch" {
					continue // The same as with CloudFront.
				}
				whole, left := p, m.withoutAZone(p)
				if p.Name == "Redis" { // A replica in another zone takes over.
					left = p
				}
				a, b := whole.simulate(customers, 1), left.simulate(customers, 2)
				row(w, number(each.Rate), p.Name+each.how, number(p.Servers), percent(a.Busy), short(a.WaitP99)+" ("+short(whole.waitP99())+")", percent(b.Busy), short(b.WaitP99))
				bad = append(bad, broken(each.Rate, whole, a)...)
				bad = append(bad, broken(each.Rate, left, b)...)
			}
		}
	}
	fmt.Fprintln(w)
	return bad
}

// broken says which bounds of a pool a simulation broke. Half a percent is chance.
func broken(rate float64, p pool, s seen) (out []string) {
	if s.Busy > p.Most+0.005 {
		out = append(out, fmt.Sprintf("%s requests/s: %s is busy %s of the time, more than %s", number(rate), p.Name, percent(s.Busy), percent(p.Most)))
	}
	if s.WaitP99 > p.WaitMs {
		out = append(out, fmt.Sprintf("%s requests/s: 99 of 100 wait %s ms at %s, more than %s", number(rate), short(s.WaitP99), p.Name, number(p.WaitMs)))
	}
	return out
}

func (m *model) bills(w io.Writer, plans []plan) {
	a := m.assumed.Peaks
	fmt.Fprintf(w, "### What it costs\n\nUS dollars a month, %s. %s on-sales a month of %s hours, whose average is %s of the peak; "+
		"between them %s of its rate, or 50 requests a second.\n\n",
		m.prices.Region, number(a.AMonth), number(a.HoursEach), percent(a.AverageOfPeak), percent(m.assumed.QuietShare))
	head := []string{"requests a second"}
	bills := make([][]item, len(plans))
	for i, p := range plans {
		head = append(head, number(p.Rate)+": standing", "on-sales")
		bills[i] = m.bill(p)
	}
	row(w, head...)
	rule(w, len(head))
	for line := range bills[0] {
		cells := []string{bills[0][line].Name}
		for _, b := range bills {
			cells = append(cells, dollars(b[line].Standing), dollars(b[line].Peaks))
		}
		row(w, cells...)
	}
	total := []string{"**together**"}
	instead := []string{"Temporal Cloud's actions, in place of Temporal's pods and database"}
	for i, b := range bills {
		var standing, peaks float64
		for _, line := range b {
			standing, peaks = standing+line.Standing, peaks+line.Peaks
		}
		total = append(total, "**"+dollars(standing)+"**", "**"+dollars(peaks)+"**")
		instead = append(instead, "", dollars(m.cloud(plans[i])))
	}
	row(w, total...)
	row(w, instead...)
	fmt.Fprintln(w)
}

func (m *model) sources(w io.Writer) {
	fmt.Fprint(w, "### Prices, and where they are from\n\n")
	row(w, "unit", "US dollars", "source")
	rule(w, 3)
	for _, p := range m.prices.all() {
		row(w, p.Unit, strconv.FormatFloat(p.USD, 'f', -1, 64), p.Source)
	}
}

func row(w io.Writer, cells ...string) { fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | ")) }

func rule(w io.Writer, n int) { fmt.Fprintln(w, "|"+strings.Repeat(" --- |", n)) }

// number writes thousands apart and no more digits than it needs.
func number(x float64) string {
	if x != math.Trunc(x) {
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	text := strconv.FormatFloat(x, 'f', 0, 64)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func percent(x float64) string { return strconv.FormatFloat(100*x, 'f', 0, 64) + " %" }

func short(ms float64) string { return strconv.FormatFloat(ms, 'f', 1, 64) }

// dollars rounds to two digits: nobody knows more.
func dollars(x float64) string {
	if x < 1 {
		return "0"
	}
	unit := math.Pow(10, max(0, math.Floor(math.Log10(x))-1))
	return number(math.Round(x/unit) * unit)
}

// The marks between which a document has the tables.
const (
	begins = "<!-- scale: begins -->\n"
	ends   = "<!-- scale: ends -->\n"
)

// rewrite puts the tables into a document.
func rewrite(file string, tables []byte) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	out, err := between(text, tables)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, out, 0o600) // it is there, and keeps its mode
}

func between(text, tables []byte) ([]byte, error) {
	before, rest, ok := bytes.Cut(text, []byte(begins))
	_, after, also := bytes.Cut(rest, []byte(ends))
	if !ok || !also {
		return nil, errors.New("the marks of the tables are not there")
	}
	return bytes.Join([][]byte{before, []byte(begins), []byte("\n"), tables, []byte("\n"), []byte(ends), after}, nil), nil
}
