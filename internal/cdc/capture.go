package cdc

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yourticket.example/internal/elastic"
	"yourticket.example/internal/postgres"
)

// Options are what change capture works with.
type Options struct {
	Catalogue *postgres.Catalogue
	Sales     *postgres.Sales
	// CatalogueLog is the catalogue's database, SalesLogs those of the shards in
	// their order. A shard may live in the catalogue's.
	CatalogueLog *postgres.Capture
	SalesLogs    []*postgres.Capture
	Indexer      *elastic.Indexer
	Registry     prometheus.Registerer
	// Keep is how long an index stays that is not searched any more; default 5 min.
	Keep time.Duration
}

// Capture follows the databases. Of several processes one follows a database,
// the others stand by.
type Capture struct{ sources []*source }

// New makes a Capture. It asks the databases which of them are the same.
func New(ctx context.Context, o Options) (*Capture, error) {
	if o.Keep == 0 {
		o.Keep = 5 * time.Minute
	}
	sources := []*source{{name: "catalogue", db: o.CatalogueLog}}
	known := map[string]*source{}
	id, err := o.CatalogueLog.SystemID(ctx)
	if err != nil {
		return nil, err
	}
	known[id] = sources[0]
	of := make([]*source, len(o.SalesLogs)) // by shard
	for shard, log := range o.SalesLogs {
		if id, err = log.SystemID(ctx); err != nil {
			return nil, err
		}
		if known[id] == nil {
			known[id] = &source{name: fmt.Sprintf("sales %d", shard), db: log}
			sources = append(sources, known[id])
		}
		of[shard] = known[id]
	}
	names := make([]string, len(sources))
	for i, s := range sources {
		names[i] = s.name
	}
	m := newMetrics(o.Registry, names)
	for _, s := range sources {
		s.metrics = m
	}
	w := &writer{indexer: o.Indexer, catalogue: o.Catalogue, metrics: m}
	sources[0].followers = []follower{
		newSearch(o.CatalogueLog, o.Catalogue, w, &shelf{indexer: o.Indexer, keep: o.Keep}),
	}
	for shard, s := range of {
		s.followers = append(s.followers, newStock(shard, s.db, o.Catalogue, o.Sales, m))
	}
	return &Capture{sources: sources}, nil
}

// Run captures until ctx ends.
func (c *Capture) Run(ctx context.Context) {
	var running sync.WaitGroup
	for _, s := range c.sources {
		running.Go(func() { s.run(ctx) })
	}
	running.Wait()
}
