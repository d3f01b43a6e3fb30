package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "policy:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	objects, err := parse(in)
	if err != nil {
		return err
	}
	faults := check(objects)
	for _, f := range faults {
		fmt.Fprintln(out, f)
	}
	if len(faults) > 0 {
		return fmt.Errorf("%d faults in %d objects", len(faults), len(objects))
	}
	fmt.Fprintf(out, "%d objects, %d pod templates: all rules hold\n", len(objects), len(pods(objects)))
	return nil
}
