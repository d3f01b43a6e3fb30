package e2e_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/system"
	"yourticket.example/ticket"
)

// size is a number of the environment, or the one that fits a run of all tests.
func size(name string, usual int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
		return n
	}
	return usual
}

// gate is an evening: every door scans every code, in an order of its own.
type gate struct {
	*system.System
	t     *testing.T
	event *system.Event
	good  []string          // codes that let one in, once
	bad   map[string]string // codes that let nobody in, and the problem that says why

	mu      sync.Mutex
	entries map[string][]entry // who was let in with a good code
	scans   int
}

// entry is somebody who was let in; offline ones are known to the system later.
type entry struct {
	device  string
	offline bool
	at      time.Time
}

// TestManyDoorsScanTheSameCodes lets many doors scan the same codes at once, a
// quarter of them offline. On demand as at a stadium: E2E_DOORS=200 E2E_CODES=5000.
func TestManyDoorsScanTheSameCodes(t *testing.T) {
	t.Parallel()
	doors, codes := size("E2E_DOORS", 16), size("E2E_CODES", 120)
	g := &gate{System: start(t, system.Options{}), t: t, bad: map[string]string{}, entries: map[string][]entry{}}
	g.event = event(t, g.System, system.Hall{Rows: (codes + 99) / 20, Width: 20})
	g.sells(codes)

	began := time.Now()
	var online sync.WaitGroup
	handed := make([][]entryScan, doors)
	for n := range doors {
		door, err := g.Account(t.Context(), ticket.RoleDoor)
		require.NoError(t, err)
		if n%4 == 3 {
			online.Go(func() { handed[n] = g.scansOffline(n) })
			continue
		}
		online.Go(func() { g.scansOnline(door, n) })
	}
	online.Wait()
	t.Logf("%d doors, %d codes, %d scans in %s", doors, len(g.good)+len(g.bad), g.scans, time.Since(began).Round(time.Millisecond))
	for code, list := range g.entries {
		n := 0
		for _, e := range list {
			if !e.offline {
				n++
			}
		}
		require.LessOrEqual(t, n, 1, "%.20s was let in by %d doors that could ask", code, n)
	}
	g.uploads(handed)
}

// sells puts on sale so many good codes, and makes bad ones of every kind.
func (g *gate) sells(codes int) {
	t := g.t
	support, err := g.Account(t.Context(), ticket.RoleSupport)
	require.NoError(t, err)
	friend := buyer(t, g.System)
	for at := 0; len(g.good) < codes; at += 10 {
		c := buyer(t, g.System)
		b := booked(t, "confirmed")(c.Book(t.Context(), "k", system.Order{EventID: g.event.ID, Seats: g.event.Seats[at : at+10], Payment: system.Visa}))
		tickets := b.Tickets
		if at < 40 { // a few of each kind are enough
			answer(t, http.StatusOK)(support.Refund(t.Context(), b.ID, "r", tickets[0].SeatID))
			g.bad[tickets[0].Code] = string(ticket.CodeRefunded)
			answer(t, http.StatusOK)(c.Do(t.Context(), http.MethodPost, "/v1/tickets/"+tickets[1].ID+"/transfer",
				map[string]any{"to_email": friend.UserID + "@shop.example"}))
			g.bad[tickets[1].Code] = string(ticket.CodeInvalidTicket) // the earlier generation's
			g.bad[altered(t, tickets[2].Code)] = string(ticket.CodeInvalidTicket)
			g.bad[forged(tickets[3].Code)] = string(ticket.CodeInvalidTicket)
			tickets = tickets[2:]
		}
		for _, one := range tickets {
			g.good = append(g.good, one.Code)
		}
	}
	var held struct {
		Items []struct {
			Code string `json:"code"`
		} `json:"items"`
	}
	a := answer(t, http.StatusOK)(friend.Do(t.Context(), http.MethodGet, "/v1/me/tickets", nil))
	require.NoError(t, json.Unmarshal(a.Body, &held))
	require.NotEmpty(t, held.Items)
	for _, item := range held.Items {
		g.good = append(g.good, item.Code) // the receiver's code is alive
	}
}

// altered names another ticket under a signature that is real.
func altered(t *testing.T, code string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(code)
	require.NoError(t, err)
	raw[len(raw)-65] ^= 1 // the last character of the text
	return base64.RawURLEncoding.EncodeToString(raw)
}

// forged is a real ticket's text under a signature of nobody.
func forged(code string) string {
	raw, _ := base64.RawURLEncoding.DecodeString(code)
	for i := len(raw) - 64; i < len(raw); i++ {
		raw[i] = byte(rand.Uint32())
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// shuffled is every code in an order of one door.
func (g *gate) shuffled() []string {
	all := append([]string{}, g.good...)
	for code := range g.bad {
		all = append(all, code)
	}
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

func (g *gate) enters(code string, e entry) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.entries[code] = append(g.entries[code], e)
}

// scansOnline asks the system about every code. It reports what should not be and
// goes on, since it does not run in the test's goroutine.
func (g *gate) scansOnline(door *system.Client, n int) {
	device := fmt.Sprint("door-", n)
	for _, code := range g.shuffled() {
		a, err := door.Do(g.t.Context(), http.MethodPost, "/v1/checkins", map[string]any{"code": code, "device_id": device, "event_id": g.event.ID})
		if err != nil {
			g.t.Error(err)
			return
		}
		g.mu.Lock()
		g.scans++
		g.mu.Unlock()
		want, isBad := g.bad[code]
		switch {
		case isBad && a.Code() != want:
			g.t.Errorf("a bad code should be %s and was %s", want, a)
		case isBad:
		case a.Status == http.StatusOK:
			g.enters(code, entry{device: device, at: time.Now()})
		case a.Code() != string(ticket.CodeAlreadyUsed):
			g.t.Errorf("a good code was %s", a)
		}
	}
}

// entryScan is a scan as an offline door hands it in.
type entryScan struct {
	Code   string    `json:"code"`
	Device string    `json:"device_id"`
	At     time.Time `json:"at"`
}

// scansOffline lets in everybody whose code the device has not seen, as one does
// that has no list and cannot ask.
func (g *gate) scansOffline(n int) (scans []entryScan) {
	device, began := fmt.Sprint("offline-", n), time.Now().UTC().Truncate(time.Microsecond)
	for i, code := range g.shuffled() {
		at := began.Add(time.Duration(i) * time.Millisecond) // no device reads two codes at the same moment
		scans = append(scans, entryScan{code, device, at})
		if _, isBad := g.bad[code]; !isBad {
			g.enters(code, entry{device: device, offline: true, at: at})
		}
	}
	return scans
}

type uploaded struct {
	Result string `json:"result"`
	Code   string `json:"code"`
	Others []any  `json:"others"`
	Again  bool   `json:"again"`
}

// uploads hands in what was scanned offline, all doors at once, and then once
// more: by then everything is known, so each result says how it ended.
func (g *gate) uploads(handed [][]entryScan) {
	t := g.t
	var wg sync.WaitGroup
	for _, scans := range handed {
		if scans != nil {
			door, err := g.Account(t.Context(), ticket.RoleDoor)
			require.NoError(t, err)
			wg.Go(func() { g.handsIn(door, scans, false) })
		}
	}
	wg.Wait()
	firsts := map[string]int{} // offline entries that count as the ticket's own
	for _, scans := range handed {
		if scans == nil {
			continue
		}
		door, err := g.Account(t.Context(), ticket.RoleDoor)
		require.NoError(t, err)
		for i, r := range g.handsIn(door, scans, true) {
			code := scans[i].Code
			if want, isBad := g.bad[code]; isBad {
				require.Equal(t, "refused", r.Result)
				require.Equal(t, want, r.Code)
				continue
			}
			require.Contains(t, []string{"admitted", "conflict"}, r.Result)
			require.Len(t, r.Others, min(len(g.entries[code])-1, 20), "every other entry with the ticket is shown, twenty at most")
			if r.Result == "admitted" {
				firsts[code]++
			}
		}
	}
	for _, code := range g.good {
		list := g.entries[code]
		require.NotEmpty(t, list, "somebody was let in with every good code")
		require.LessOrEqual(t, firsts[code], 1, "one entry is the ticket's, the others are conflicts")
		if firsts[code] == 0 {
			online := 0
			for _, e := range list {
				if !e.offline {
					online++
				}
			}
			require.Equal(t, 1, online, "the ticket's entry is the one that could ask")
		}
	}
}

func (g *gate) handsIn(door *system.Client, scans []entryScan, again bool) (results []uploaded) {
	const batch = 500
	for from := 0; from < len(scans); from += batch {
		part := scans[from:min(from+batch, len(scans))]
		upload := func() (*system.Answer, error) {
			return door.Do(g.t.Context(), http.MethodPost, "/v1/checkins/batch", map[string]any{"event_id": g.event.ID, "scans": part})
		}
		a, err := upload()
		for try := 0; err == nil && a.Status == http.StatusServiceUnavailable && try < 30; try++ { // as a device does
			seconds, _ := strconv.Atoi(a.Header.Get("Retry-After"))
			time.Sleep(time.Duration(max(seconds, 1)) * time.Second)
			a, err = upload()
		}
		if err != nil || a.Status != http.StatusOK {
			g.t.Errorf("upload: %v %s", err, a)
			return results
		}
		var out struct {
			Items []uploaded `json:"items"`
		}
		if err := json.Unmarshal(a.Body, &out); err != nil || len(out.Items) != len(part) {
			g.t.Errorf("upload: %v, %d results for %d scans", err, len(out.Items), len(part))
			return results
		}
		for i, r := range out.Items {
			if _, isBad := g.bad[part[i].Code]; !isBad && r.Again != again {
				g.t.Errorf("again is %v for a scan that is handed in for the %v time", r.Again, again)
			}
		}
		results = append(results, out.Items...)
	}
	return results
}
