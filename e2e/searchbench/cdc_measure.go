package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yourticket.example/e2e/cputime"
	"yourticket.example/e2e/system"
	"yourticket.example/internal/elastic"
	"yourticket.example/internal/parts"
	"yourticket.example/internal/postgres"
	"yourticket.example/migrations"
)

// capture is a database, an Elasticsearch and a yourticket cdc between them.
type capture struct {
	dir                     string
	postgres, elasticsearch *parts.Part
	db                      *pgxpool.Pool
	indexer                 *elastic.Indexer
	cdc                     *exec.Cmd
	out                     io.Writer
}

// measureCDC measures how long the first index takes, and how long changes take
// to be found, with the memory and the processor time of the process.
func measureCDC(ctx context.Context, o settings, out io.Writer) (err error) {
	c := &capture{out: out}
	defer func() { err = errors.Join(err, c.stop()) }()
	if err := c.start(ctx); err != nil {
		return err
	}
	began := time.Now()
	l, err := load(ctx, c.db, o.events, o.venues)
	if err != nil {
		return err
	}
	c.say("%d events in %d venues loaded in %.1f s", o.events, o.venues, time.Since(began).Seconds())
	if err := c.snapshot(ctx, o); err != nil {
		return err
	}
	if err := c.changes(ctx, o, l); err != nil || !o.hold {
		return err
	}
	c.say("PostgreSQL at %s, Elasticsearch at %s", c.postgres.URL, c.elasticsearch.URL)
	<-ctx.Done()
	return nil
}

func (c *capture) say(format string, args ...any) { fmt.Fprintf(c.out, format+"\n", args...) }

func (c *capture) start(ctx context.Context) (err error) {
	if c.dir, err = os.MkdirTemp("", "yourticket-searchbench-"); err != nil {
		return err
	}
	if err := os.Chmod(c.dir, 0o755); err != nil { // PostgreSQL may run as another user
		return err
	}
	o := parts.Options{Dir: c.dir, Say: func(line string) { c.say("%s", line) }}
	if c.postgres, err = parts.StartPostgres(ctx, o); err != nil {
		return err
	}
	if c.elasticsearch, err = parts.StartElasticsearch(ctx, o); err != nil {
		return err
	}
	for set, files := range map[string]func() error{
		"catalogue": func() error {
			_, err := postgres.MigrateUp(ctx, c.postgres.URL, "catalogue", migrations.Catalogue())
			return err
		},
		"sales": func() error {
			_, err := postgres.MigrateUp(ctx, c.postgres.URL, "sales", migrations.Sales())
			return err
		},
	} {
		if err := files(); err != nil {
			return fmt.Errorf("migrate %s: %w", set, err)
		}
	}
	if c.db, err = postgres.Open(ctx, c.postgres.URL, postgres.Options{StatementTimeout: 10 * time.Minute}); err != nil {
		return err
	}
	if err := postgres.NewCatalogue(c.db).RegisterShards(ctx, 1); err != nil {
		return err
	}
	client, err := elastic.Open(c.elasticsearch.URL, elastic.Options{})
	if err != nil {
		return err
	}
	c.indexer = elastic.NewIndexer(client)
	return nil
}

func (c *capture) startCDC(ctx context.Context) error {
	binary, err := system.Binary(ctx)
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(c.dir, "cdc.log"))
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the child has a descriptor of its own
	c.cdc = exec.Command(binary, "cdc")
	c.cdc.Env = append(os.Environ(), "DATABASE_URL="+c.postgres.URL, "SALES_DATABASE_URLS=", "ELASTICSEARCH_URL="+c.elasticsearch.URL)
	c.cdc.Stdout, c.cdc.Stderr = log, log
	return system.StartBound(c.cdc)
}

func (c *capture) stop() (err error) {
	if c.cdc != nil && c.cdc.Process != nil {
		_ = c.cdc.Process.Signal(syscall.SIGTERM) // it may have ended already
		_ = c.cdc.Wait()                          // how it ended does not matter any more
	}
	if c.db != nil {
		c.db.Close()
	}
	for _, p := range []*parts.Part{c.elasticsearch, c.postgres} {
		if p != nil {
			p.Kill() // nothing of it is kept
		}
	}
	return errors.Join(system.RemoveBinary(), os.RemoveAll(c.dir))
}

// usage is the processor time that everything used.
func (c *capture) usage() cputime.Usage {
	return cputime.Read([]cputime.Process{
		{Name: "cdc", Pid: c.cdc.Process.Pid}, {Name: "elasticsearch", Pid: c.elasticsearch.Pid()}, {Name: "postgres", Pid: c.postgres.Pid()},
	})
}

// snapshot starts the process and waits until the first index is searched.
func (c *capture) snapshot(ctx context.Context, o settings) error {
	began := time.Now()
	if err := c.startCDC(ctx); err != nil {
		return err
	}
	memory := watchMemory(c.cdc.Process.Pid)
	for {
		name, _, err := c.indexer.Live(ctx)
		if err == nil && name != "" {
			break
		}
		if time.Since(began) > 10*time.Minute {
			return errors.New("there is no index after ten minutes")
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	took := time.Since(began)
	c.say("first index: %.1f s for %d events, %.0f a second; memory of cdc at most %s; processor seconds %s",
		took.Seconds(), o.events, float64(o.events)/took.Seconds(), memory.stop(), show(c.usage()))
	return nil
}

func show(u cputime.Usage) string {
	return fmt.Sprintf("cdc %.1f, Elasticsearch %.1f, PostgreSQL %.1f", u["cdc"].Seconds(), u["elasticsearch"].Seconds(), u["postgres"].Seconds())
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
