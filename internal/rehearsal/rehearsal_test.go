package rehearsal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/rehearsal"
)

// small is a rehearsal of some seconds.
func small(s *shop) rehearsal.Options {
	o := rehearsal.Options{
		APIs: []string{s.URL}, Buyers: 80, Seats: 60, Sessions: 10, Bots: 1, Watchers: 2, Pace: 0.05,
		OnSaleIn: time.Second, Duration: 3 * time.Second, Settle: 2 * time.Second,
		Organizer: rehearsal.Account{Token: "organizer"}, Number: numberOf,
	}
	for n := range o.Buyers + o.Bots {
		o.Accounts = append(o.Accounts, rehearsal.Account{Token: fmt.Sprintf("buyer.%d.x", n)})
	}
	return o
}

func broken(r *rehearsal.Report) (names []string) {
	for _, c := range r.Checks {
		if c.Broken() {
			names = append(names, c.Name)
		}
	}
	return names
}

func TestAnHonestShopPasses(t *testing.T) {
	t.Parallel()
	r, err := rehearsal.Run(t.Context(), small(openShop(t, "")))
	require.NoError(t, err)
	require.Empty(t, broken(r), "%v", r.Checks)
	require.True(t, r.Passed)
	require.Equal(t, 80, r.Arrived)
	require.Equal(t, 80, r.Joined)
	require.Positive(t, r.Outcome("has tickets"))
	require.Zero(t, r.Outcome("failed"), "%v", r.Notes)
	require.Positive(t, r.Tickets)
	require.Contains(t, r.Verdict[0], "The sale held")
	require.Len(t, r.Checks, 10)
}

// Every check is shown to find what it is there for.
func TestWhatACrookedShopDoesIsFound(t *testing.T) {
	t.Parallel()
	for crooked, check := range map[string]string{
		"sells twice":         "no place was sold twice",
		"forgets":             "every confirmation is kept, with its tickets",
		"miscounts":           "the places by state add up",
		"streams nothing":     "whoever followed the map ends with the system's map",
		"admits all":          "never more were admitted than the bound allows",
		"goes back":           "turns came in order",
		"gives another place": "a place stays a place: one an account, whatever device",
		"draws otherwise":     "the draw can be recomputed",
		"another seed":        "the draw can be recomputed",
		"lets programs in":    "nothing that programs tried worked",
		"never ends":          "every buyer was answered for",
	} {
		t.Run(crooked, func(t *testing.T) {
			t.Parallel()
			o := small(openShop(t, crooked))
			switch crooked {
			case "admits all":
				o.Sessions, o.Pace = 2, 0.3
			case "goes back":
				o.Duration = 9 * time.Second
			}
			r, err := rehearsal.Run(t.Context(), o)
			require.NoError(t, err)
			require.False(t, r.Passed)
			require.Contains(t, broken(r), check)
			require.Contains(t, strings.Join(r.Verdict, "\n"), "Not so: "+check)
		})
	}
}

func TestASaleWithoutAWaitingRoom(t *testing.T) {
	t.Parallel()
	o := small(openShop(t, ""))
	o.NoWaitingRoom = true
	r, err := rehearsal.Run(t.Context(), o)
	require.NoError(t, err)
	require.Empty(t, broken(r), "%v", r.Checks)
	require.Zero(t, r.Joined)
	require.Positive(t, r.Tickets)
	require.Len(t, r.Checks, 6)
}

// A request that is sent away comes back and is neither lost nor done twice.
func TestWhoIsSentAwayComesBack(t *testing.T) {
	t.Parallel()
	r, err := rehearsal.Run(t.Context(), small(openShop(t, "flaky")))
	require.NoError(t, err)
	require.Empty(t, broken(r), "%v", r.Checks)
	require.Positive(t, r.Faults.Away)
	require.Zero(t, r.Outcome("failed"))
}

func TestAnAddressThatDoesNotAnswerIsPassedOver(t *testing.T) {
	t.Parallel()
	o := small(openShop(t, ""))
	o.APIs = append(o.APIs, "http://127.0.0.1:1")
	r, err := rehearsal.Run(t.Context(), o)
	require.NoError(t, err)
	require.Empty(t, broken(r), "%v", r.Checks)
	require.Positive(t, r.Faults.Unanswered)
	faults := 0
	for _, s := range r.Timeline {
		faults += s.Faults.Unanswered
	}
	require.Positive(t, faults, "the seconds show them")
	require.Contains(t, strings.Join(r.Verdict, "\n"), "had no answer")
}

func TestWhatIsNotThereIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	for words, change := range map[string]func(*rehearsal.Options){
		"the API at http://127.0.0.1:1 does not answer": func(o *rehearsal.Options) { o.APIs = []string{"http://127.0.0.1:1"} },
		"the payment sandbox":                           func(o *rehearsal.Options) { o.Sandbox = "http://127.0.0.1:1" },
		"organizer nobody@shop.example: there is no such account": func(o *rehearsal.Options) {
			o.Organizer = rehearsal.Account{Email: "nobody@shop.example", Password: "x"}
		},
	} {
		o := small(openShop(t, ""))
		change(&o)
		r, err := rehearsal.Run(t.Context(), o)
		require.Nil(t, r)
		require.ErrorContains(t, err, words)
	}
}

func TestAnInterruptedRehearsalReportsSoFar(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Second)
	defer stop()
	o := small(openShop(t, ""))
	o.Pace, o.Duration = 5, time.Minute
	r, err := rehearsal.Run(ctx, o)
	require.NoError(t, err)
	require.True(t, r.Interrupted)
	require.Empty(t, broken(r), "%v", r.Checks)
	require.Contains(t, r.Verdict[0], "Interrupted")
	require.Less(t, r.Took, 30.0)
}

func TestTheReportIsOnePageThatNeedsNothing(t *testing.T) {
	t.Parallel()
	o := small(openShop(t, ""))
	o.Audit = func(context.Context) ([]rehearsal.Check, error) {
		return []rehearsal.Check{{Name: "audit <b>1</b>", Findings: []string{"a & b"}}, {Name: "audit 2", Skipped: true, Note: "not there"}}, nil
	}
	r, err := rehearsal.Run(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, []string{"audit <b>1</b>"}, broken(r))
	var page, text bytes.Buffer
	require.NoError(t, r.WriteHTML(&page))
	require.NoError(t, r.WriteText(&text))
	html := page.String()
	require.NotRegexp(t, `(?i)<script|<link|<img|src=|url\(|@import|https?://`, html, "nothing comes from elsewhere")
	require.GreaterOrEqual(t, strings.Count(html, "<svg"), 9)
	require.NotContains(t, html, "NaN")
	require.NotContains(t, html, "audit <b>", "what others say is escaped")
	for _, words := range []string{"Requests a second", "Time to answer", "Waiting room", "Places by state", "Purchases a second", "State of the system", "a &amp; b"} {
		require.Contains(t, html, words)
	}
	require.Contains(t, text.String(), "BROKEN  audit")
	require.Contains(t, text.String(), "skipped audit 2 (not there)")
	encoded, err := json.Marshal(r)
	require.NoError(t, err)
	var again rehearsal.Report
	require.NoError(t, json.Unmarshal(encoded, &again))
	require.Len(t, again.Timeline, len(r.Timeline))
}

func TestTheSameSeedMakesTheSameBuyers(t *testing.T) {
	t.Parallel()
	require.Equal(t, rehearsal.Crowd(7, 500), rehearsal.Crowd(7, 500))
	require.NotEqual(t, rehearsal.Crowd(7, 500), rehearsal.Crowd(8, 500))
}

func TestWrongOptionsAreNamed(t *testing.T) {
	t.Parallel()
	good := rehearsal.Options{APIs: []string{"http://localhost:8080"}}
	require.NoError(t, good.Validate())
	for word, change := range map[string]func(*rehearsal.Options){
		"api-url":    func(o *rehearsal.Options) { o.APIs = nil },
		"ftp://":     func(o *rehearsal.Options) { o.APIs = []string{"ftp://x"} },
		"nonsense":   func(o *rehearsal.Options) { o.Sandbox = "nonsense" },
		"buyers":     func(o *rehearsal.Options) { o.Buyers = -1 },
		"seats":      func(o *rehearsal.Options) { o.Seats = 2 },
		"duration":   func(o *rehearsal.Options) { o.Duration = time.Second },
		"on-sale-in": func(o *rehearsal.Options) { o.OnSaleIn = -time.Second },
		"pace":       func(o *rehearsal.Options) { o.Pace = -1 },
	} {
		o := good
		o.APIs = append([]string{}, good.APIs...)
		change(&o)
		require.ErrorContains(t, o.Validate(), word)
	}
}
