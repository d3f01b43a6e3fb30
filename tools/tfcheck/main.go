// Command tfcheck holds Terraform configurations against what their providers
// take, without the providers: these are hundreds of megabytes, from a registry
// that a build need not reach.
//
//	tfcheck FOLDER...
//
// Each folder with *.tf files, at any depth, is a module. tfcheck finds unknown
// resources, arguments and blocks, required ones that are missing, references to
// what is not declared or has no such attribute, variables, locals and outputs
// that nobody uses, calls of modules that do not fit, values for variables that
// are not there, and files that `terraform fmt` would change. It prints one line
// each and exits with 1 when there is one, with 2 for wrong usage.
//
// What providers take is in provider/*.txt, derived by
//
//	tfcheck derive PACKAGE TYPE... > provider/NAME.txt
//
// from a package of generated bindings, whose declarations name every argument
// and the page of the provider's documents that describes it.
//
// tfcheck render TEMPLATE VALUES.json prints what templatefile will make of a template.
//
// It is a module of its own so that HCL stays out of the product's go.mod.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 || args[0] == "-h" || args[0] == "--help" {
		fmt.Fprintln(stderr, "usage: tfcheck FOLDER...\n       tfcheck derive PACKAGE TYPE...\n       tfcheck render TEMPLATE VALUES.json")
		return 2
	}
	if other, ok := map[string]func([]string, io.Writer) error{"derive": derive, "render": render}[args[0]]; ok {
		if err := other(args[1:], stdout); err != nil {
			fmt.Fprintln(stderr, "tfcheck:", err)
			return 1
		}
		return 0
	}
	known, err := embedded()
	if err != nil {
		fmt.Fprintln(stderr, "tfcheck:", err)
		return 1
	}
	p, err := load(args)
	if err != nil {
		fmt.Fprintln(stderr, "tfcheck:", err)
		return 1
	}
	found := p.check(known)
	for _, f := range found {
		fmt.Fprintln(stdout, f)
	}
	if len(found) > 0 {
		fmt.Fprintf(stderr, "tfcheck: %d findings\n", len(found))
		return 1
	}
	fmt.Fprintf(stdout, "%d modules, %d resources and data sources of %d types: nothing to say\n", len(p.modules), p.count(), p.types())
	return 0
}
