package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// memoryDB is the --db value that keeps everything in memory.
const memoryDB = ":memory:"

// options are the command line, and, once the server runs, the ports it took.
type options struct {
	ip        string
	port      int
	ui        bool
	uiPort    int
	codecURL  string
	db        string
	postgres  string
	namespace string
	shards    int
	conns     int
	logLevel  string
	pprofPort int
}

func (o options) address() string { return net.JoinHostPort(o.ip, strconv.Itoa(o.port)) }

func (o options) uiURL() string {
	return "http://" + net.JoinHostPort(o.ip, strconv.Itoa(o.uiPort))
}

// parseOptions reads the command line. Usage and faults go to stderr.
func parseOptions(args []string, stderr io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("temporald", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&o.ip, "ip", "127.0.0.1", "address to listen on")
	fs.IntVar(&o.port, "port", 7233, "port of the gRPC frontend; 0 picks a free one")
	fs.BoolVar(&o.ui, "ui", true, "serve the web UI")
	fs.IntVar(&o.uiPort, "ui-port", 8233, "port of the web UI; 0 picks a free one")
	fs.StringVar(&o.codecURL, "codec-url", "", "codec server by which the web UI opens sealed payloads, with the cookies of whoever looks")
	fs.StringVar(&o.db, "db", memoryDB, "SQLite file to keep the state in, or "+memoryDB)
	fs.StringVar(&o.postgres, "postgres", "", "keep the state in this PostgreSQL instead: postgres://user:password@host:port; "+
		"the databases temporal and temporal_visibility are created when missing")
	fs.StringVar(&o.namespace, "namespace", "default", "namespace to create")
	fs.IntVar(&o.shards, "shards", 4, "history shards; fixed once a store exists")
	fs.IntVar(&o.conns, "postgres-conns", 20, "connections to each of the two databases in PostgreSQL")
	fs.StringVar(&o.logLevel, "log-level", "warn", "debug, info, warn or error")
	fs.IntVar(&o.pprofPort, "pprof-port", 0, "port for Go profiles; 0 means none")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if fs.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	return o, o.validate()
}

func (o options) validate() error {
	switch {
	case net.ParseIP(o.ip) == nil:
		return fmt.Errorf("--ip: %q is not an IP address", o.ip)
	case o.shards < 1:
		return errors.New("--shards: at least 1")
	case o.conns < 1:
		return errors.New("--postgres-conns: at least 1")
	case o.namespace == "":
		return errors.New("--namespace: must not be empty")
	case o.db == "" && o.postgres == "":
		return errors.New("--db or --postgres is needed")
	case strings.ContainsAny(o.db, "?#%"):
		return fmt.Errorf("--db: the path %q must not contain ?, # or %%", o.db)
	}
	if o.codecURL != "" && !isURL(o.codecURL, "http", "https") {
		return errors.New("--codec-url: must look like http://host:port")
	}
	if o.postgres != "" && !isURL(o.postgres) {
		return errors.New("--postgres: must look like postgres://user:password@host:port")
	}
	return nil
}

// isURL tells whether a text is a URL with a host, of one of these schemes if
// any are given.
func isURL(text string, schemes ...string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (len(schemes) == 0 || slices.Contains(schemes, u.Scheme))
}
