package command_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/cmd/yourticket/command"
	"yourticket.example/internal/waitingroom"
)

// queueOf serves the public status of a draw of a thousand.
func queueOf(t *testing.T, change func(s *waitingroom.Status)) string {
	t.Helper()
	raw := bytes.Repeat([]byte{7}, waitingroom.SeedSize)
	sum := waitingroom.Commitment(raw)
	seed, commitment := hex.EncodeToString(raw), hex.EncodeToString(sum[:])
	s := waitingroom.Status{Phase: waitingroom.PhaseOpen, Issued: 1005, Draw: waitingroom.DrawStatus{Commitment: &commitment, Seed: &seed, Entries: 1000}}
	if change != nil {
		change(&s)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/events/night/queue" {
			http.NotFound(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(s)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestDrawVerifyRecomputesWhatIsPublic(t *testing.T) {
	url := queueOf(t, nil)
	d := waitingroom.NewDraw(bytes.Repeat([]byte{7}, waitingroom.SeedSize), 1000)
	number := d.Number(17)
	forged := func(s *waitingroom.Status) { other := strings.Repeat("ab", 32); s.Draw.Seed = &other }
	notYet := func(s *waitingroom.Status) { s.Draw.Seed = nil }
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"all":             {[]string{"--event", "night", "--api", url}, 0, "1 to 1000 was given once"},
		"an address":      {[]string{"--event", url + "/v1/events/night/queue"}, 0, "committed to"},
		"an entry":        {[]string{"--event", "night", "--api", url, "--entry", "17"}, 0, "Entry 17 has number " + text(number)},
		"its number":      {[]string{"--event", "night", "--api", url, "--entry", "17", "--number", text(number)}, 0, "by the draw"},
		"a wrong number":  {[]string{"--event", "night", "--api", url, "--entry", "17", "--number", text(number + 1)}, 1, "not " + text(number+1)},
		"a late entry":    {[]string{"--event", "night", "--api", url, "--entry", "1003", "--number", "1003"}, 0, "after the draw"},
		"no such entry":   {[]string{"--event", "night", "--api", url, "--entry", "1006"}, 1, "no entry 1006"},
		"another promise": {[]string{"--event", "night", "--api", url, "--commitment", strings.Repeat("00", 32)}, 1, "was another one"},
		"no such event":   {[]string{"--event", "day", "--api", url}, 1, "404"},
		"no api":          {[]string{"--event", "night"}, 2, "--api"},
		"number alone":    {[]string{"--event", "night", "--api", url, "--number", "3"}, 2, "--entry"},
		"a forged seed":   {[]string{"--event", "night", "--api", queueOf(t, forged)}, 1, "not the one that was committed to"},
		"before the draw": {[]string{"--event", "night", "--api", queueOf(t, notYet)}, 1, "not taken place yet"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := command.Run(t.Context(), append([]string{"draw", "verify"}, c.args...), &out, &errs)
			require.Equal(t, c.code, code, "%s%s", out.String(), errs.String())
			require.Contains(t, out.String()+errs.String(), c.says)
		})
	}
}

func text(n int64) string { return strconv.FormatInt(n, 10) }
