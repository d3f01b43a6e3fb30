package manybooks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"yourticket.example/e2e/system"
	"yourticket.example/ticket"
)

// Options say how much is planted.
type Options struct {
	// Transactions over both providers and two shards.
	Transactions int
	// Every so many one is a difference.
	Every int
	// Kill ends the finance worker with SIGKILL once a third is gathered, and
	// starts it again.
	Kill bool
	Say  func(line string)
}

// Report is what came of it.
type Report struct {
	Planted                  time.Duration // putting everything in place
	Took                     time.Duration // the reconciliation
	Result                   ticket.Reconciliation
	Want                     map[ticket.ReconciliationResult]int64
	Strays                   int64 // captures that were planted and pay for nothing
	Matched, Fees, Unbalance int64
	Killed                   bool
	// EarlyMB and PeakMB are the finance worker's memory when a tenth was gathered,
	// or when it was first looked at after that, and at its highest.
	EarlyMB, PeakMB int
}

// Run plants, reconciles, and tells.
func Run(ctx context.Context, o Options) (r Report, err error) {
	dir, err := os.MkdirTemp("", "yourticket-books-")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	began := time.Now()
	p, err := plant(o, dir)
	if err != nil {
		return r, err
	}
	s, err := system.Start(ctx, system.Options{
		Name: "manybooks", Say: o.Say, TemporalStore: system.StoreSQLite,
		Sandbox: system.Role{Env: []string{"DATA_FILE=" + p.file}},
		Workers: []system.Role{{Args: []string{"--fleets", "finance"}}, {Args: []string{"--fleets", "payments"}}},
	})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	if err := p.save(ctx, s); err != nil {
		return r, err
	}
	r.Planted, r.Want, r.Strays = time.Since(began), p.differences, p.strays
	o.Say(fmt.Sprintf("%d transactions are planted, in %s", o.Transactions, r.Planted.Round(time.Second)))
	return r, r.reconcile(ctx, s, p)
}

// reconcile starts it over HTTP as finance does, and watches until it has ended.
func (r *Report) reconcile(ctx context.Context, s *system.System, p *plants) error {
	finance, err := s.Account(ctx, ticket.RoleFinance)
	if err != nil {
		return err
	}
	began := time.Now()
	answer, err := finance.Do(ctx, http.MethodPost, "/v1/finance/reconciliations", map[string]any{"from": p.from, "to": p.to})
	if err != nil {
		return err
	}
	if answer.Status != http.StatusCreated {
		return fmt.Errorf("it did not begin: %s", answer)
	}
	if err := json.Unmarshal(answer.Body, &r.Result); err != nil {
		return err
	}
	if err := r.watch(ctx, s, p.o); err != nil {
		return err
	}
	r.Took = time.Since(began)
	for _, t := range r.Result.Totals {
		if t.Result == ticket.ResultMatched {
			r.Matched += t.Count
		}
	}
	r.Fees, r.Unbalance, err = journal(ctx, s)
	return err
}

// watch looks at progress and memory, and kills the worker once.
func (r *Report) watch(ctx context.Context, s *system.System, o Options) error {
	said := time.Now()
	for {
		var status, failure string
		var gathered int64
		err := s.CatalogueDB.QueryRow(ctx, `
			SELECT status, failure, (SELECT count(*) FROM reconciliation_entries WHERE reconciliation_id = r.id)
			FROM reconciliations r WHERE id = $1`, r.Result.ID).Scan(&status, &failure, &gathered)
		if err != nil {
			return err
		}
		mb := memory(s.Workers[0].Pid())
		if r.EarlyMB == 0 && gathered > int64(o.Transactions/10) {
			r.EarlyMB = mb
		}
		r.PeakMB = max(r.PeakMB, mb)
		if time.Since(said) > 15*time.Second {
			said = time.Now()
			o.Say(fmt.Sprintf("%s: %d entries gathered, the worker has %d MB", status, gathered, mb))
		}
		if status != string(ticket.ReconciliationRunning) {
			return r.read(ctx, s, failure)
		}
		if o.Kill && !r.Killed && gathered > int64(o.Transactions/3) {
			s.Workers[0].Kill()
			r.Killed = true
			o.Say(fmt.Sprintf("the worker is killed at %d entries", gathered))
			if err := s.Workers[0].Restart(ctx); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(20*time.Millisecond+time.Duration(gathered)*time.Microsecond, 2*time.Second)):
		}
	}
}

// read gets the report as finance does.
func (r *Report) read(ctx context.Context, s *system.System, failure string) error {
	if failure != "" {
		return fmt.Errorf("the reconciliation failed: %s", failure)
	}
	finance, err := s.Account(ctx, ticket.RoleFinance) // the first token may have ended
	if err != nil {
		return err
	}
	answer, err := finance.Do(ctx, http.MethodGet, "/v1/finance/reconciliations/"+r.Result.ID+"?limit=1", nil)
	if err != nil {
		return err
	}
	if answer.Status != http.StatusOK {
		return fmt.Errorf("the report: %s", answer)
	}
	return json.Unmarshal(answer.Body, &r.Result)
}

// memory is a process's resident memory in megabytes, 0 where nobody tells.
func memory(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			return kb / 1024
		}
	}
	return 0
}

// Check says what is not as it was planted.
func (r *Report) Check(o Options) error {
	var errs []error
	got, want := map[ticket.ReconciliationResult]int64{}, int64(o.Transactions)
	for _, t := range r.Result.Totals {
		got[t.Result] += t.Count
	}
	kinds := []ticket.ReconciliationResult{ticket.ResultAmountDiffers, ticket.ResultProviderOnly, ticket.ResultOursOnly, ticket.ResultUndone}
	for _, kind := range kinds {
		if got[kind] != r.Want[kind] {
			errs = append(errs, fmt.Errorf("%s: %d were found, %d were planted", kind, got[kind], r.Want[kind]))
		}
		want -= r.Want[kind]
	}
	want += r.Want[ticket.ResultUndone] / 2 // the refund that is the other half was planted in addition
	if r.Matched != want || r.Fees != want+r.Strays || r.Unbalance != 0 || got[ticket.ResultTiming] != 0 {
		errs = append(errs, fmt.Errorf("%d matched of %d, %d fees booked of %d, %d left to time, %d transactions do not sum to zero",
			r.Matched, want, r.Fees, want+r.Strays, got[ticket.ResultTiming], r.Unbalance))
	}
	if o.Kill != r.Killed {
		errs = append(errs, errors.New("the worker was not killed: it was done too early"))
	}
	return errors.Join(errs...)
}
