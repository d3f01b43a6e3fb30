package codecserver_test

import (
	"bytes"
	"context"
	"errors"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"yourticket.example/internal/auth"
	"yourticket.example/internal/codecserver"
	"yourticket.example/internal/payloadcodec"
	"yourticket.example/ticket"
)

const ui = "http://localhost:8233"

// people are accounts whose email is their role, and token, too.
type people struct{ away bool }

func (p people) Verify(_ context.Context, token string) (auth.User, error) {
	switch {
	case p.away:
		return auth.User{}, ticket.Errorf(ticket.CodeUnavailable, "The keys cannot be read.")
	case token == "":
		return auth.User{}, ticket.Errorf(ticket.CodeUnauthorized, "There is no token.")
	}
	return auth.User{ID: "us_1", Roles: []ticket.Role{ticket.Role(token)}}, nil
}

func (p people) LogIn(_ context.Context, email, password string) (auth.Session, error) {
	switch {
	case p.away:
		return auth.Session{}, errors.New("no database")
	case password != "right":
		return auth.Session{}, ticket.Errorf(ticket.CodeBadCredentials, "No account has this email address and password.")
	}
	return auth.Session{AccessToken: email, ExpiresAt: time.Now().Add(time.Minute)}, nil
}

type desk struct {
	*httptest.Server
	sealed string
	log    *bytes.Buffer
	web    *http.Client
}

func newDesk(t *testing.T, accounts codecserver.Accounts) *desk {
	t.Helper()
	codec, err := payloadcodec.New([]payloadcodec.Key{{ID: "a"}})
	require.NoError(t, err)
	sealed, err := codec.Encode([]*commonpb.Payload{{Data: []byte("secret")}})
	require.NoError(t, err)
	text, err := protojson.Marshal(&commonpb.Payloads{Payloads: sealed})
	require.NoError(t, err)
	d := &desk{sealed: string(text), log: &bytes.Buffer{}}
	s, err := codecserver.New(codecserver.Options{
		Codec: codec, Accounts: accounts, Origins: []string{ui}, Logger: slog.New(slog.NewTextHandler(d.log, nil)),
	})
	require.NoError(t, err)
	d.Server = httptest.NewServer(s.WithoutPause())
	t.Cleanup(d.Close)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	d.web = &http.Client{Jar: jar}
	return d
}

func (d *desk) send(t *testing.T, method, path, body string, header map[string]string) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, d.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	for name, value := range header {
		r.Header.Set(name, value)
	}
	resp, err := d.web.Do(r)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text), resp.Header
}

const opened = `"c2VjcmV0"` // "secret" in base64

func TestSupportReadsWhatIsSealed(t *testing.T) {
	t.Parallel()
	d := newDesk(t, people{})
	for _, path := range []string{"/decode", "/default/decode"} {
		status, body, header := d.send(t, http.MethodPost, path, d.sealed, map[string]string{
			"Authorization": "Bearer support", "Origin": ui, "X-Namespace": "default",
		})
		require.Equal(t, http.StatusOK, status, body)
		require.Contains(t, strings.ReplaceAll(body, " ", ""), opened)
		require.Equal(t, ui, header.Get("Access-Control-Allow-Origin"))
		require.Equal(t, "true", header.Get("Access-Control-Allow-Credentials"))
		require.Equal(t, "no-store", header.Get("Cache-Control"))
	}
	require.Contains(t, d.log.String(), "way=/decode user=us_1 namespace=default")
}

func TestNobodyElseDoes(t *testing.T) {
	t.Parallel()
	d := newDesk(t, people{})
	for name, c := range map[string]struct {
		header map[string]string
		status int
	}{
		"without a token":      {nil, http.StatusUnauthorized},
		"a buyer":              {map[string]string{"Authorization": "Bearer buyer"}, http.StatusForbidden},
		"an organizer":         {map[string]string{"Authorization": "Bearer organizer"}, http.StatusForbidden},
		"a page of others":     {map[string]string{"Authorization": "Bearer support", "Origin": "https://evil.example"}, http.StatusForbidden},
		"a token of no scheme": {map[string]string{"Authorization": "support"}, http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, body, header := d.send(t, http.MethodPost, "/decode", d.sealed, c.header)
			require.Equal(t, c.status, status)
			require.NotContains(t, body, opened)
			if c.header["Origin"] != "" {
				require.Empty(t, header.Get("Access-Control-Allow-Origin"))
			}
		})
	}
}

// What support types in the UI is sealed before it is sent to Temporal.
func TestSupportSealsWhatItTypes(t *testing.T) {
	t.Parallel()
	d := newDesk(t, people{})
	const typed = `{"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"eyJieSI6ImFubmEifQ=="}]}`
	status, _, _ := d.send(t, http.MethodPost, "/encode", typed, map[string]string{"Authorization": "Bearer buyer"})
	require.Equal(t, http.StatusForbidden, status)
	support := map[string]string{"Authorization": "Bearer support", "Origin": ui}
	status, sealed, _ := d.send(t, http.MethodPost, "/encode", typed, support)
	require.Equal(t, http.StatusOK, status, sealed)
	require.NotContains(t, sealed, "eyJieSI6ImFubmEifQ==")
	require.Contains(t, sealed, "key-id")
	status, opened, _ := d.send(t, http.MethodPost, "/decode", sealed, support)
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, typed, opened)
}

func TestSupportLogsInOnThePage(t *testing.T) {
	t.Parallel()
	d := newDesk(t, people{})
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	status, body, _ := d.send(t, http.MethodPost, "/login", url.Values{"email": {"support"}, "password": {"wrong"}}.Encode(), form)
	require.Equal(t, http.StatusUnauthorized, status)
	require.Contains(t, body, "No account has")
	status, body, _ = d.send(t, http.MethodPost, "/login", url.Values{"email": {"support"}, "password": {"right"}}.Encode(), form)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "You may read histories")
	require.Contains(t, html.UnescapeString(body), ui+"/namespaces/default/workflows?query=NeedsAttention+%3D+true&savedQuery=Needs+attention")
	status, body, _ = d.send(t, http.MethodPost, "/decode", d.sealed, map[string]string{"Origin": ui})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, strings.ReplaceAll(body, " ", ""), opened)
	status, _, _ = d.send(t, http.MethodPost, "/logout", "", form)
	require.Equal(t, http.StatusOK, status)
	status, _, _ = d.send(t, http.MethodPost, "/decode", d.sealed, map[string]string{"Origin": ui})
	require.Equal(t, http.StatusUnauthorized, status)
}

func TestTheUIMayAsk(t *testing.T) {
	t.Parallel()
	d := newDesk(t, people{})
	status, _, header := d.send(t, http.MethodOptions, "/decode", "", map[string]string{"Origin": ui})
	require.Equal(t, http.StatusNoContent, status)
	require.Contains(t, header.Get("Access-Control-Allow-Headers"), "X-Namespace")
	status, _, _ = d.send(t, http.MethodOptions, "/decode", "", map[string]string{"Origin": "https://evil.example"})
	require.Equal(t, http.StatusForbidden, status)
}

func TestAnOutageIsNoRefusal(t *testing.T) {
	t.Parallel()
	d := newDesk(t, people{away: true})
	status, _, _ := d.send(t, http.MethodPost, "/decode", d.sealed, map[string]string{"Authorization": "Bearer support"})
	require.Equal(t, http.StatusServiceUnavailable, status)
	status, body, _ := d.send(t, http.MethodPost, "/login", "email=support&password=right", map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Contains(t, body, "not possible now")
}

func TestBrokenRequestsAreRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t, people{})
	for _, body := range []string{"", "{", `{"payloads":[{"metadata":{"encoding":"YmluYXJ5L2Flcy0yNTYtZ2Nt","key-id":"eA=="},"data":"AA=="}]}`, strings.Repeat("x", 9<<20)} {
		status, _, _ := d.send(t, http.MethodPost, "/decode", body, map[string]string{"Authorization": "Bearer support"})
		require.Equal(t, http.StatusBadRequest, status, "%.40s", body)
	}
}
