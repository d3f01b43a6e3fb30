package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
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
	room         *system.Event // has a waiting room, in which all buyers wait
	small        *system.Event // sold out at the end
	next         atomic.Int64
	asks         []ask
	crowdAddress string
}

// sales are runs of buyers who purchase one after the other.
type sales struct {
	Done int     `json:"done"`
	Rate float64 `json:"per_second"`
	P50  float64 `json:"p50_ms"`
	P99  float64 `json:"p99_ms"`

	times []time.Duration
	took  time.Duration
}

// and sums up two runs.
func (s sales) and(more sales) sales {
	return summed(append(slices.Clone(s.times), more.times...), s.took+more.took)
}

func summed(times []time.Duration, took time.Duration) sales {
	s := sales{Done: len(times), times: times, took: took}
	if len(times) > 0 {
		slices.Sort(times)
		s.Rate, s.P50, s.P99 = float64(len(times))/took.Seconds(), at(times, 50), at(times, 99)
	}
	return s
}

const accounts = 400

func (f *fitness) prepare(ctx context.Context) (err error) {
	if f.buyersAll, err = f.Buyers(ctx, accounts); err != nil {
		return err
	}
	for _, h := range []struct {
		event **system.Event
		hall  system.Hall
	}{
		{&f.hall, system.Hall{Rows: 200, Width: 100, Limit: 100}},
		{&f.room, system.Hall{Rows: 200, Width: 100, Sessions: 10}},
		{&f.small, system.Hall{Rows: 5, Width: 20, Limit: 10}},
	} {
		if *h.event, err = f.NewEvent(ctx, h.hall); err != nil {
			return err
		}
	}
	for _, b := range f.buyersAll {
		a, err := b.Do(ctx, http.MethodPost, "/v1/events/"+f.room.ID+"/queue", nil)
		if err != nil || a.Status != http.StatusCreated {
			return fmt.Errorf("join: %w, %v", err, a)
		}
	}
	base, err := url.Parse(f.APIs[crowdAPI].URL)
	if err != nil {
		return err
	}
	f.crowdAddress = base.Host
	if err := f.awaitSearch(ctx); err != nil {
		return err
	}
	f.asks = f.mix()
	return nil
}

// awaitSearch waits until search knows the events that were just made.
func (f *fitness) awaitSearch(ctx context.Context) error {
	for began := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		a, err := f.Anonymous().At(f.APIs[crowdAPI]).Do(ctx, http.MethodGet, "/v1/search?q=examples", nil)
		if err == nil && a.Status == http.StatusOK {
			var page struct {
				Total    int  `json:"total"`
				Degraded bool `json:"degraded"`
			}
			if err := json.Unmarshal(a.Body, &page); err == nil && page.Total >= 3 && !page.Degraded {
				return nil
			}
		}
		if time.Since(began) > time.Minute {
			return fmt.Errorf("search does not find the events: %w, %v", err, a)
		}
	}
}

// mix is what the crowd of an on-sale asks for, in hundredths.
func (f *fitness) mix() []ask {
	ok := []int{http.StatusOK}
	hall, room := "/v1/events/"+f.hall.ID, "/v1/events/"+f.room.ID
	claim := ask{name: "claim", share: 4, fine: []int{http.StatusOK, http.StatusTooEarly, http.StatusGone}}
	refused := ask{name: "booking, taken", share: 1, fine: []int{http.StatusConflict}}
	for i, b := range f.buyersAll {
		claim.requests = append(claim.requests, f.request(http.MethodPost, room+"/queue/claim", b, "", ""))
		refused.requests = append(refused.requests, f.request(http.MethodPost, "/v1/bookings", b, fmt.Sprint("taken-", i),
			fmt.Sprintf(`{"event_id":%q,"seats":[%q]}`, f.hall.ID, f.hall.Seats[0])))
	}
	asks := []ask{
		{"queue", 40, [][]byte{f.request(http.MethodGet, room+"/queue", nil, "", "")}, ok},
		{"availability", 27, [][]byte{f.request(http.MethodGet, hall+"/availability", nil, "", "")}, ok},
		{"event", 18, [][]byte{f.request(http.MethodGet, hall, nil, "", "")}, ok},
		claim, refused,
	}
	search := ask{name: "search", share: 10, fine: ok}
	for _, query := range searches {
		search.requests = append(search.requests, f.request(http.MethodGet, "/v1/search?"+query, nil, "", ""))
	}
	return append(asks, search)
}

// searches are what the crowd looks for, the most wanted first.
var searches = []string{
	"q=concert&city=Berlin", "q=examples", "city=Berlin&available=true", "q=the+examples&sort=date", "genre=Rock&sort=price", "q=conzert",
}

// request writes a request once; it is sent as it is, every time, and takes
// compressed answers as every browser does. Who may be nil.
func (f *fitness) request(method, path string, who *system.Client, key, body string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\nUser-Agent: fitness\r\n", method, path, f.crowdAddress)
	if who != nil {
		fmt.Fprintf(&b, "Authorization: Bearer %s\r\n", who.Token)
	}
	if key != "" {
		fmt.Fprintf(&b, "Idempotency-Key: %s\r\n", key)
	}
	if method == http.MethodPost {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	return []byte(b.String() + "\r\n" + body)
}

// scatter spreads purchases over the hall, whose map would otherwise be far
// easier to compress than one of real buyers. It has no factor in common with
// the numbers of pairs.
const scatter = 7919

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
				pair := n * scatter % (len(e.Seats) / 2)
				at := time.Now()
				a, err := f.buyersAll[n%accounts].Book(ctx, fmt.Sprint("fitness-", n), system.Order{
					EventID: e.ID, Seats: e.Seats[2*pair : 2*pair+2], Payment: system.Visa,
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
	return summed(times, time.Since(began)), fault
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
