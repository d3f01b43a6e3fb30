package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"yourticket.example/e2e/system"
)

// scrapeEvery is how often Prometheus would look here: more often than in
// production, since each state lasts for seconds only.
const scrapeEvery = 5 * time.Second

// samples are what Prometheus would have scraped, by series.
type samples struct {
	mu     sync.Mutex
	series map[string]map[int]string // the value at each scrape
	rounds int
	began  time.Time
}

// wanted are the metrics that rules look at; the rest is left out to keep it short.
var wanted = regexp.MustCompile(`^(yourticket_(http_request|db_query|payment_c|health_value|part_up|sale|queue|shed)\w*` +
	`|process_cpu_seconds_total|yourticket_cpus)(\{(.*)\})? (\S+)$`)

// gather scrapes the processes until ctx ends.
func (m *samples) gather(ctx context.Context, processes map[string][]*system.Process) {
	m.series, m.began = map[string]map[int]string{}, time.Now()
	tick := time.NewTicker(scrapeEvery)
	defer tick.Stop()
	web := &http.Client{Timeout: scrapeEvery - time.Second}
	for {
		var wg sync.WaitGroup
		for job, ps := range processes {
			for _, p := range ps {
				wg.Go(func() { m.scrape(ctx, web, job, p) })
			}
		}
		wg.Wait()
		m.mu.Lock()
		m.rounds++
		m.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (m *samples) scrape(ctx context.Context, web *http.Client, job string, p *system.Process) {
	target := fmt.Sprintf(`job="yourticket-%s",instance="%s"`, job, p.Name)
	up := "0"
	defer func() { m.add("up{"+target+"}", up) }()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+"/metrics", http.NoBody)
	if err != nil {
		return
	}
	res, err := web.Do(r)
	if err != nil {
		return
	}
	defer func() { _ = res.Body.Close() }() // all of it was read
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		f := wanted.FindStringSubmatch(lines.Text())
		if f == nil || strings.Contains(f[5], "Inf") || f[5] == "NaN" {
			continue
		}
		labels := target
		if f[4] != "" {
			labels += "," + f[4]
		}
		m.add(f[1]+"{"+labels+"}", f[5])
	}
	up = "1"
}

func (m *samples) add(series, value string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.series[series] == nil {
		m.series[series] = map[int]string{}
	}
	m.series[series][m.rounds] = value
}

// now is the moment as the rules will see it: a scrape is as long as its interval.
func (m *samples) now() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Duration(m.rounds-1) * scrapeEvery
}

// moment is what the rules have to say at a time.
type moment struct {
	at   time.Duration
	expr string
}

// judge lets promtool run the rules over the samples, and tells whether they
// give each moment's expression at its time.
func (m *samples) judge(ctx context.Context, promtool, rules string, moments []moment) error {
	files, err := filepath.Glob(filepath.Join(rules, "*.yml"))
	if err != nil || len(files) == 0 {
		return errors.Join(err, errors.New("there are no rules in "+rules))
	}
	dir, err := os.MkdirTemp("", "yourticket-states-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // some kilobytes in a folder for that
	var b strings.Builder
	b.WriteString("evaluation_interval: 5s\nrule_files:\n")
	for _, file := range files {
		whole, err := filepath.Abs(file)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "  - %s\n", whole)
	}
	b.WriteString("tests:\n  - interval: 5s\n    input_series:\n")
	m.write(&b)
	b.WriteString("    promql_expr_test:\n")
	for _, c := range moments {
		fmt.Fprintf(&b, "      - {expr: '%s', eval_time: %s, exp_samples: [{labels: '{}', value: 1}]}\n", c.expr, c.at)
	}
	file := filepath.Join(dir, "states.yml")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, promtool, "test", "rules", file).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// write writes the series as promtool reads them: a value a scrape, _ for none.
func (m *samples) write(b *strings.Builder) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for name := range m.series {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		values := make([]string, m.rounds)
		for i := range values {
			if values[i] = m.series[name][i]; values[i] == "" {
				values[i] = "_"
			}
		}
		fmt.Fprintf(b, "      - {series: '%s', values: '%s'}\n", name, strings.Join(values, " "))
	}
}
