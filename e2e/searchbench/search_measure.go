package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"yourticket.example/e2e/cputime"
	"yourticket.example/e2e/judged"
	"yourticket.example/e2e/system"
	"yourticket.example/internal/elastic"
	"yourticket.example/internal/search"
	"yourticket.example/ticket"
)

// searchBench is a system with an Elasticsearch, filled by change capture.
type searchBench struct {
	*system.System

	client *http.Client
	// address is the API's, host:port.
	address string
	out     io.Writer
}

func (b *searchBench) say(format string, args ...any) { fmt.Fprintf(b.out, format+"\n", args...) }

// measureSearch measures searches that are in nobody's memory, in the process's,
// and in a mix; then lets Elasticsearch die under load.
func measureSearch(ctx context.Context, o settings, out io.Writer) (err error) {
	b := &searchBench{out: out, client: &http.Client{Timeout: 30 * time.Second}}
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.open(ctx, o); err != nil {
		return err
	}
	if err := b.judge(ctx); err != nil {
		return err
	}
	if o.hold {
		b.say("api %s, Elasticsearch %s", b.APIs[0].URL, b.Elasticsearch.URL)
		<-ctx.Done()
		return nil
	}
	length := time.Duration(o.seconds) * time.Second
	// Elasticsearch compiles what it does often for minutes after its start, and
	// then needs a third of the processor. What was measured before would be the
	// start.
	warming := searches(200_000, 6)
	b.drive(ctx, func(i int) string { return warming[i%len(warming)] }, 0, 4, warmFor, nil)
	fresh := searches(200_000, 1)
	b.phase(ctx, "uncached, 4 clients", func() *outcome {
		return b.drive(ctx, func(i int) string { return fresh[i%len(fresh)] }, 0, 4, length, nil)
	})
	hot := searches(100, 2)
	b.drive(ctx, func(i int) string { return hot[i%len(hot)] }, 0, 4, 2*time.Second, nil)
	b.phase(ctx, "cached, 16 clients", func() *outcome {
		return b.drive(ctx, func(i int) string { return hot[i%len(hot)] }, 0, 16, length, nil)
	})
	different := searches(differentSearches, 3)
	// The mix is measured with what it keeps in memory in the long run.
	warm := zipf(different, 4, 1_000_000)
	b.drive(ctx, func(i int) string { return warm[i%len(warm)] }, 0, 4, warmFor, nil)
	mix := zipf(different, 5, 1+o.seconds*o.searchRate)
	b.phase(ctx, fmt.Sprintf("Zipf mix of %d searches at %d a second", differentSearches, o.searchRate), func() *outcome {
		return b.drive(ctx, func(i int) string { return mix[i%len(mix)] }, o.searchRate, loadConnections, length, nil)
	})
	return b.outage(ctx, mix, o.searchRate/5)
}

// warmFor is how long searches are sent before those that are measured.
const warmFor = 90 * time.Second

func (b *searchBench) open(ctx context.Context, o settings) (err error) {
	b.System, err = system.Start(ctx, system.Options{
		Elasticsearch: true, Workers: []system.Role{{Args: []string{"--fleets", "payments"}}},
		Env: []string{"RATE_LIMITS=off"}, Say: func(line string) { b.say("%s", line) },
	})
	if err != nil {
		return err
	}
	b.address = strings.TrimPrefix(b.APIs[0].URL, "http://")
	began := time.Now()
	if err := b.fill(ctx, o); err != nil {
		return err
	}
	b.say("%d events in %d venues loaded in %.1f s", o.events, o.venues, time.Since(began).Seconds())
	began = time.Now()
	last := "" // what the index said of itself
	for indexed, still := 0, 0; indexed < o.events || still < stillFor; still++ {
		if time.Since(began) > 20*time.Minute {
			return fmt.Errorf("%d of %d events are indexed after 20 minutes", indexed, o.events)
		}
		if err := pause(ctx, time.Second); err != nil {
			return err
		}
		b.lines(ctx, b.Elasticsearch.URL+"/_cat/indices/"+elastic.Alias+"?h=docs.count,docs.deleted,indexing.index_total", func(line string) {
			_, _ = fmt.Sscan(line, &indexed) // what is no number is not there yet
			if line != last {
				last, still = line, 0
			}
		})
	}
	b.say("indexed and still after %.1f s", time.Since(began).Seconds())
	return nil
}

// stillFor is for how many seconds nothing may be written before searches are
// measured.
const stillFor = 10

// fill loads the catalogue while nobody follows it: change capture then finds
// its slot gone and makes an index of what is there.
func (b *searchBench) fill(ctx context.Context, o settings) error {
	for _, c := range b.CDCs {
		c.Kill()
	}
	if _, err := load(ctx, b.CatalogueDB, o.events, o.venues); err != nil {
		return err
	}
	if _, err := b.CatalogueDB.Exec(ctx, `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active`); err != nil {
		return err
	}
	for _, c := range b.CDCs {
		if err := c.Restart(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (b *searchBench) close() error {
	if b.System == nil {
		return system.RemoveBinary()
	}
	return errors.Join(b.Stop(), system.RemoveBinary())
}

// phase measures a load with what it costs and what was in memory.
func (b *searchBench) phase(ctx context.Context, name string, run func() *outcome) {
	before, counted := b.used(), b.counters(ctx)
	o := run()
	used, now := b.used().Since(before), b.counters(ctx)
	each := func(process string) string {
		return fmt.Sprintf("%s %.1f s (%.2f ms each)", process, used[process].Seconds(), 1000*used[process].Seconds()/float64(max(1, len(o.took))))
	}
	b.say("%s: %.0f a second; p50 %s, p99 %s, at most %s; %d failed, %d degraded; processor: %s, %s, %s, %s, the load itself %s",
		name, o.rate(), o.at(.5), o.at(.99), o.at(1), o.failed, o.degraded, each("api"), each("elasticsearch"), each("postgres"), each("redis"), each(cputime.Load))
	b.say("  in memory: process %s, Elasticsearch's filters %s, its counts %s",
		share(counted, now, "cache"), share(counted, now, "filter"), share(counted, now, "request"))
	if o.firstBad != "" {
		b.say("  the first failure: %.300s", o.firstBad)
	}
}

func (b *searchBench) used() cputime.Usage { return cputime.Read(b.Watched()) }

// counters reads hits and misses: of the process from its metrics, of the index
// from its own statistics.
func (b *searchBench) counters(ctx context.Context) map[string]float64 {
	c := map[string]float64{}
	b.lines(ctx, b.APIs[0].URL+"/metrics", func(line string) {
		name, value, _ := strings.Cut(line, " ")
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return
		}
		switch name {
		case `yourticket_search_cache_total{result="hit"}`:
			c["cache hit"] = n
		case `yourticket_search_cache_total{result="miss"}`:
			c["cache miss"] = n
		}
	})
	b.lines(ctx, b.Elasticsearch.URL+"/_cat/nodes?h=qchc,qcmc,rchc,rcmc", func(line string) {
		for i, field := range strings.Fields(line) {
			if n, err := strconv.ParseFloat(field, 64); err == nil && i < 4 {
				c[[]string{"filter hit", "filter miss", "request hit", "request miss"}[i]] += n
			}
		}
	})
	return c
}

func (b *searchBench) lines(ctx context.Context, url string, read func(line string)) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return
	}
	res, err := b.client.Do(r)
	if err != nil {
		return
	}
	defer func() { _ = res.Body.Close() }()
	scanner := bufio.NewScanner(res.Body)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		read(scanner.Text())
	}
}

func share(before, after map[string]float64, name string) string {
	hits, misses := after[name+" hit"]-before[name+" hit"], after[name+" miss"]-before[name+" miss"]
	if hits+misses == 0 {
		return "not asked"
	}
	return fmt.Sprintf("%.0f %% of %.0f", 100*hits/(hits+misses), hits+misses)
}

// judge asks the judged searches of an index of their own.
func (b *searchBench) judge(ctx context.Context) error {
	client, err := elastic.Open(b.Elasticsearch.URL, elastic.Options{})
	if err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(24 * time.Hour)
	x := elastic.NewIndexerOf(client, "judged", elastic.IndexBody())
	index, err := x.Create(ctx)
	if err != nil {
		return err
	}
	var actions []elastic.Action
	for i, e := range judged.Catalogue(now) {
		source, err := json.Marshal(elastic.NewDocument(&e.Event, e.SoldOut))
		if err != nil {
			return err
		}
		actions = append(actions, elastic.Action{ID: e.ID, Version: int64(i + 1), Source: source})
	}
	if _, err := x.Bulk(ctx, index, actions); err != nil {
		return err
	}
	if err := x.Open(ctx, index); err != nil {
		return err
	}
	if err := x.Swap(ctx, index); err != nil {
		return err
	}
	engine, sum := elastic.NewSearch(client, "judged"), 0.0
	for _, q := range judged.Queries() {
		page, err := engine.Search(ctx, &ticket.SearchQuery{Text: search.Said(q.Text), Sort: ticket.SortRelevance, Limit: 10}, ticket.SearchPlace{Now: now})
		if err != nil {
			return err
		}
		var slugs []string
		for _, f := range page.Items {
			slugs = append(slugs, f.Event.Slug)
		}
		sum += q.NDCG(slugs)
	}
	b.say("NDCG@10 of %d judged searches: %.3f", len(judged.Queries()), sum/float64(len(judged.Queries())))
	return nil
}
