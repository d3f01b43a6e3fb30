// Command scale works out what YourTicket needs for so many requests a second:
// pods, database shards, Temporal's history shards, Redis shards, nodes of
// Elasticsearch, and money; and lets a simulation of the queues check that what it
// says is enough.
//
//	go run ./tools/scale                     print the tables
//	go run ./tools/scale -write docs/scale.md   put them into the document
//	go run ./tools/scale -rate 40000         for another rate
//
// What each operation costs was measured (measured.json), what people do and what
// may be busy how far is assumed (assumed.json), what AWS wants for it is a list of
// prices with their sources (prices.json). It exits with 1 when the simulation
// finds a pool that does not keep its bounds.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
)

// rates are those of the document.
var rates = []float64{10_000, 100_000, 1_000_000}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
	flags.SetOutput(stderr)
	document := flags.String("write", "", "put the tables between the marks of this document")
	rate := flags.Float64("rate", 0, "requests a second, instead of those of the document")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	m, err := open()
	if err != nil {
		fmt.Fprintln(stderr, "scale:", err)
		return 1
	}
	of := rates
	if *rate > 0 {
		of = []float64{*rate}
	}
	var out bytes.Buffer
	bad := m.tables(&out, of)
	if *document != "" {
		err = rewrite(*document, out.Bytes())
	} else {
		_, err = stdout.Write(out.Bytes())
	}
	if err != nil {
		fmt.Fprintln(stderr, "scale:", err)
		return 1
	}
	for _, line := range bad {
		fmt.Fprintln(stderr, "scale:", line)
	}
	return min(len(bad), 1)
}
