package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"yourticket.example/e2e/system"
	"yourticket.example/internal/rehearsal"
)

// rehearse plays an on-sale through the gateways, by the command that operators
// use, and ends with the audit.
func (c *cluster) rehearse(ctx context.Context) error {
	var gateways []string
	for _, address := range c.endpoints("yourticket-gateway") {
		gateways = append(gateways, "http://"+address)
	}
	file := filepath.Join(c.dir, "report.json")
	args := []string{
		"rehearse", "--api-url", strings.Join(gateways, ","), "--buyers", strconv.Itoa(c.buyers), "--seats", strconv.Itoa(c.seats),
		"--addresses", "--json", file, "--duration", "90s", "--on-sale-in", "5s", "--pace", "0.5",
	}
	if c.html != "" {
		args = append(args, "--html", c.html)
	}
	cmd := exec.CommandContext(ctx, c.binary, args...)
	cmd.Env = system.BaseEnv()
	for name, value := range c.parts {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	if err != nil || c.verbose {
		fmt.Printf("%s\n", out)
	}
	if err != nil {
		return err
	}
	return c.summarize(file)
}

// summarize prints what the report says in a line each, and wants tickets to
// have been sold: a rehearsal in which nothing happens proves nothing.
func (c *cluster) summarize(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var r rehearsal.Report
	if err := json.Unmarshal(text, &r); err != nil {
		return err
	}
	held, skipped := 0, 0
	for _, check := range r.Checks {
		switch {
		case check.Skipped:
			skipped++
		case check.Passed:
			held++
		}
	}
	fmt.Printf("  %d buyers, %d tickets of %d places; %d checks hold, %d skipped\n", c.buyers, r.Tickets, r.Event.Capacity, held, skipped)
	if r.Tickets == 0 {
		return errors.New("no ticket was sold")
	}
	return nil
}
