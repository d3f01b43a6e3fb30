package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"yourticket.example/e2e/system"
	"yourticket.example/internal/parts"
)

// cluster is what stands for one: parts, and what the chart says is to run.
type cluster struct {
	options
	binary string
	dir    string

	dev     *exec.Cmd
	devDone chan error
	port    int               // where the sandbox tells the API of its news: the first gateway's
	parts   map[string]string // variables of the parts: addresses and keys

	manifests manifests
	pods      []*pod
}

var exported = regexp.MustCompile(`(?m)^export ([A-Z_]+)='(.*)'$`)

// startParts runs `yourticket dev --parts` and reads what it says of itself.
func (c *cluster) startParts(ctx context.Context) (err error) {
	if c.port, err = parts.FreePort(); err != nil {
		return err
	}
	data := filepath.Join(c.dir, "parts")
	c.dev = exec.Command(c.binary, "dev", "--parts", "--ephemeral", "--data-dir", data, "--port", strconv.Itoa(c.port),
		"--temporal-port=0", "--temporal-ui-port=0", "--redis-port=0", "--postgres-port=0", "--elasticsearch-port=0", "--sandbox-port=0")
	c.dev.Env = system.BaseEnv()
	out, err := c.dev.StdoutPipe()
	if err != nil {
		return err
	}
	c.dev.Stderr = os.Stderr
	if err := system.StartBound(c.dev); err != nil {
		return err
	}
	c.devDone = make(chan error, 1)
	ready := make(chan bool, 1)
	go func() {
		said := bufio.NewScanner(out)
		for said.Scan() {
			fmt.Println("  " + said.Text())
			if strings.HasPrefix(said.Text(), "ready") {
				ready <- true
			}
		}
		_, _ = io.Copy(io.Discard, out) // nothing is left to read but at its end
		c.devDone <- c.dev.Wait()
	}()
	select {
	case <-ready:
	case err := <-c.devDone:
		c.devDone <- err
		return fmt.Errorf("the parts did not start: %w", err)
	case <-ctx.Done():
		return ctx.Err()
	}
	text, err := os.ReadFile(filepath.Join(data, "dev.env"))
	if err != nil {
		return err
	}
	c.parts = map[string]string{}
	for _, m := range exported.FindAllStringSubmatch(string(text), -1) {
		c.parts[m[1]] = strings.ReplaceAll(m[2], `'\''`, "'")
	}
	return nil
}

// stopParts stops what startParts has started, and the pods that still run.
func (c *cluster) stopParts() error {
	for _, p := range c.pods {
		p.process.Kill()
	}
	if c.devDone == nil {
		return nil
	}
	_ = c.dev.Process.Signal(syscall.SIGTERM) // it may have ended already
	if err := <-c.devDone; err != nil {
		return errors.Join(errors.New("the parts did not stop well"), err)
	}
	return nil
}
