package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"yourticket.example/e2e/system"
)

// crowdAPI and salesAPI are the processes that the crowd and the buyers call.
const (
	crowdAPI = 1
	salesAPI = 0
)

// fitness is a system with halls to sell and a crowd that looks at them.
type fitness struct {
	*system.System
	options

	buyersAll    []*system.Client
	hall         *system.Event // sold from during the runs
	small        *system.Event // sold out at the end
	next         atomic.Int64
	asks         []ask
	requests     [][]byte
	crowdAddress string
}

// sales is one run of buyers who purchase one after the other.
type sales struct {
	Done int     `json:"done"`
	Rate float64 `json:"per_second"`
	P50  float64 `json:"p50_ms"`
	P99  float64 `json:"p99_ms"`
}

const accounts = 400

func (f *fitness) prepare(ctx context.Context) (err error) {
	if f.buyersAll, err = f.Buyers(ctx, accounts); err != nil {
		return err
	}
	if f.hall, err = f.NewEvent(ctx, system.Hall{Rows: 200, Width: 100, Limit: 100}); err != nil {
		return err
	}
	if f.small, err = f.NewEvent(ctx, system.Hall{Rows: 5, Width: 20, Limit: 10}); err != nil {
		return err
	}
	base := f.APIs[crowdAPI].URL
	event := "/v1/events/" + f.hall.ID
	for _, a := range []ask{
		{"queue", event + "/queue", 40},
		{"availability", event + "/availability", 30},
		{"event", event, 20},
		{"search", "/v1/search?q=concert&city=Berlin", 10},
	} {
		// What this build does not offer, nobody asks for; the others take its share.
		if !offered(ctx, base+a.path) {
			fmt.Printf("%s is not offered: the crowd does without it\n", a.path)
			continue
		}
		address, request, err := requestFor(base, a.path)
		if err != nil {
			return err
		}
		f.crowdAddress = address
		f.asks, f.requests = append(f.asks, a), append(f.requests, request)
	}
	return nil
}

func offered(ctx context.Context, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close() // only the status is asked for
	return response.StatusCode == http.StatusOK
}

// sell lets buyers purchase two seats each in a closed loop for a time.
func (f *fitness) sell(ctx context.Context, e *system.Event, length time.Duration) (sales, error) {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		times []time.Duration
		fault error
	)
	began := time.Now()
	for range f.buyers {
		wg.Go(func() {
			for time.Since(began) < length && ctx.Err() == nil {
				n := int(f.next.Add(1)) - 1
				if 2*n+1 >= len(e.Seats) {
					return
				}
				at := time.Now()
				a, err := f.buyersAll[n%accounts].Book(ctx, fmt.Sprint("fitness-", n), system.Order{
					EventID: e.ID, Seats: e.Seats[2*n : 2*n+2], Payment: system.Visa,
				})
				if err == nil && a.Status != http.StatusCreated {
					err = fmt.Errorf("booking %d: %s", n, a)
				}
				mu.Lock()
				times = append(times, time.Since(at))
				if err != nil && fault == nil {
					fault = err
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if fault != nil || len(times) == 0 {
		return sales{}, fault
	}
	took := time.Since(began)
	slices.Sort(times)
	return sales{Done: len(times), Rate: float64(len(times)) / took.Seconds(), P50: at(times, 50), P99: at(times, 99)}, nil
}

// sellOut lets four hundred buyers go for a hundred seats while the crowd
// looks on, and checks that the books are right afterwards.
func (f *fitness) sellOut(ctx context.Context) (string, error) {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		codes = map[int]int{}
	)
	for i := range accounts {
		wg.Go(func() {
			seat := f.small.Seats[i%len(f.small.Seats)]
			a, err := f.buyersAll[i].Book(ctx, fmt.Sprint("sellout-", i), system.Order{
				EventID: f.small.ID, Seats: []string{seat}, Payment: system.Visa,
			})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				codes[0]++
				return
			}
			codes[a.Status]++
		})
	}
	wg.Wait()
	if err := f.Settle(ctx, time.Minute, f.small); err != nil {
		return "", err
	}
	faults, err := f.Check(ctx, f.small)
	if err != nil {
		return "", err
	}
	if len(faults) > 0 {
		return "", fmt.Errorf("after the sellout: %s", strings.Join(faults, "; "))
	}
	if codes[http.StatusCreated] != len(f.small.Seats) || codes[http.StatusConflict] != accounts-len(f.small.Seats) {
		return "", fmt.Errorf("the sellout of %d seats to %d buyers ended in %v", len(f.small.Seats), accounts, codes)
	}
	return fmt.Sprintf("%d seats to %d buyers: %d confirmed, %d refused, books right",
		len(f.small.Seats), accounts, codes[http.StatusCreated], codes[http.StatusConflict]), nil
}

// processCPU is the user and system time of a process in milliseconds.
func processCPU(pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return 10 * float64(user+system) // the kernel counts in hundredths of a second
}
