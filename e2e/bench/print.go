package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"google.golang.org/protobuf/proto"

	"yourticket.example/workflows"
)

// history is the size of one workflow's history.
type history struct {
	Kind   string `json:"kind"`
	Events int    `json:"events"`
	Bytes  int    `json:"bytes"`
}

func (b *bench) histories(ctx context.Context) ([]history, error) {
	var out []history
	for _, kind := range []string{"purchase", "hold"} {
		h := history{Kind: kind}
		events := b.TemporalSDK.GetWorkflowHistory(ctx, workflows.PurchaseID(b.last[kind]), "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			e, err := events.Next()
			if err != nil {
				return nil, err
			}
			h.Events++
			h.Bytes += proto.Size(e)
		}
		out = append(out, h)
	}
	return out, nil
}

func print(r *report) {
	fmt.Printf("\n%-10s %6s %7s %8s %8s %8s | CPU ms each:", "", "buyers", "done", "per s", "p50 ms", "p99 ms")
	for _, k := range kinds {
		fmt.Printf(" %8s", k)
	}
	fmt.Printf(" %9s\n", "ours")
	for _, m := range append(append(append([]measure{}, r.Purchases...), r.Floor...), r.Holds...) {
		fmt.Printf("%-10s %6d %7d %8.1f %8.1f %8.1f |             ", m.Name, m.Buyers, m.Done, m.Rate, m.P50, m.P99)
		for _, k := range kinds {
			fmt.Printf(" %8.2f", m.CPU[k])
		}
		fmt.Printf(" %9.2f\n", m.CPU.ours())
	}
	for i := range r.Purchases {
		fmt.Printf("purchases against the floor, round %d: %.2f of its rate\n", i+1, r.Purchases[i].Rate/r.Floor[i].Rate)
	}
	for _, h := range r.Histories {
		fmt.Printf("a history of a %s: %d events, %d bytes\n", h.Kind, h.Events, h.Bytes)
	}
	fmt.Println("ours = api + worker + postgres + redis + sandbox; load = this program, which in the floor's rows also does what the api would")
}

// profile records CPU profiles of api and worker while the next measurement runs.
func (b *bench) profile(ctx context.Context, addresses []string) error {
	if err := os.MkdirAll(b.profiles, 0o755); err != nil {
		return err
	}
	for i, name := range []string{"api", "worker"} {
		url := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", addresses[i], max(b.seconds-2, 1))
		file := filepath.Join(b.profiles, name+".pprof")
		go func() {
			time.Sleep(time.Second)
			if err := download(ctx, url, file); err != nil {
				fmt.Fprintln(os.Stderr, "profile:", err)
			}
		}()
	}
	return nil
}

func download(ctx context.Context, url, file string) (err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	f, err := os.Create(file) //nolint:gosec // the folder that was asked for
	if err != nil {
		return err
	}
	_, err = io.Copy(f, response.Body)
	return errors.Join(err, f.Close())
}
