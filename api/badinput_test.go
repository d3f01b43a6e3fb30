package api_test

import (
	"cmp"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/auth"
	"yourticket.example/ticket"
)

// operation is one route of the contract, with its parameters filled in.
type operation struct {
	method, path  string
	hasBody       bool
	secured       bool
	acceptsAnyone bool
}

// operations reads the routes that a server has from its contract.
func operations(t *testing.T, w *world, h house, event string) []operation {
	t.Helper()
	contract := w.do(t, "GET", "/openapi.json", "", nil).want(t, http.StatusOK)
	var list []operation
	for path, methods := range contract.body["paths"].(object) {
		path = strings.NewReplacer("{event_id}", strings.TrimPrefix(event, "/v1/events/"), "{venue_id}", h.venue, "{plan_id}", h.plan).Replace(path)
		require.NotContains(t, path, "{", "a parameter that this test does not know")
		for method, item := range methods.(object) {
			o := operation{method: strings.ToUpper(method), path: path}
			_, o.hasBody = item.(object)["requestBody"]
			for _, way := range asList(item.(object)["security"]) {
				o.secured = len(way.(object)) > 0
			}
			o.acceptsAnyone = len(asList(item.(object)["security"])) > 1
			list = append(list, o)
		}
	}
	require.Greater(t, len(list), 15)
	return list
}

func asList(v any) []any {
	list, _ := v.([]any)
	return list
}

// footprint counts everything that a request could have changed.
func footprint(t *testing.T, w *world) (counts [6]int) {
	t.Helper()
	err := connect(t, w).QueryRow(t.Context(), `SELECT
		(SELECT count(*) FROM users), (SELECT count(*) FROM sessions), (SELECT count(*) FROM venues),
		(SELECT count(*) FROM plans), (SELECT count(*) FROM events), (SELECT COALESCE(sum(version), 0) FROM events)`).
		Scan(&counts[0], &counts[1], &counts[2], &counts[3], &counts[4], &counts[5])
	require.NoError(t, err)
	return counts
}

func TestBadBodiesAreRefusedEverywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := newHouse(t, w)
	event := h.published(t, w)
	before := footprint(t, w)
	for _, o := range operations(t, w, h, event) {
		if !o.hasBody {
			continue
		}
		limit := 64 << 10
		switch {
		case strings.HasSuffix(o.path, "/plans"):
			limit = 32 << 20
		case strings.HasSuffix(o.path, "/blocks"):
			limit = 1 << 20
		}
		for outcome, c := range map[string]struct {
			body   string
			kind   string // the content type; JSON when empty
			status []int
			code   ticket.Code
		}{
			"broken JSON":        {body: `{"a": `, status: []int{400, 422}, code: ticket.CodeInvalid},
			"no JSON":            {body: `hello`, status: []int{400, 422}, code: ticket.CodeInvalid},
			"two objects":        {body: `{}{}`, status: []int{400, 422}, code: ticket.CodeInvalid},
			"a list":             {body: `[]`, status: []int{422}, code: ticket.CodeInvalid},
			"a text":             {body: `"x"`, status: []int{422}, code: ticket.CodeInvalid},
			"null":               {body: `null`, status: []int{422}, code: ticket.CodeInvalid},
			"an unknown field":   {body: `{"surprise": 1}`, status: []int{422}, code: ticket.CodeInvalid},
			"deeply nested":      {body: strings.Repeat(`[`, 20_000), status: []int{400, 422}, code: ticket.CodeInvalid},
			"bytes":              {body: "\xff\xfe\x00", status: []int{400, 422}, code: ticket.CodeInvalid},
			"a form":             {body: `a=b`, kind: "application/x-www-form-urlencoded", status: []int{415}, code: ticket.CodeUnsupportedMedia},
			"too large":          {body: strings.Repeat(" ", limit+1), status: []int{413}, code: ticket.CodeTooLarge},
			"as large as may be": {body: strings.Repeat(" ", min(limit, 1<<20)), status: []int{400, 422}, code: ticket.CodeInvalid},
		} {
			t.Run(o.method+" "+o.path+" "+outcome, func(t *testing.T) {
				a := w.do(t, o.method, o.path, h.token, c.body, header{"Content-Type", cmp.Or(c.kind, "application/json")})
				require.Contains(t, c.status, a.status, "%.300s", a.raw)
				require.Equal(t, string(c.code), a.code())
				if c.code == ticket.CodeInvalid {
					require.NotEmpty(t, a.fields(), "the problem names a field")
				}
				require.NotContains(t, string(a.raw), "Go struct")
			})
		}
		if !slices.Contains([]string{"publish", "cancel", "postpone"}, o.path[strings.LastIndex(o.path, "/")+1:]) { // which need none
			w.do(t, o.method, o.path, h.token, nil).problem(t, http.StatusBadRequest, ticket.CodeInvalid)
		}
	}
	w.do(t, "POST", event+"/blocks", h.token, `{"seats": null}`).problem(t, http.StatusUnprocessableEntity, ticket.CodeInvalid)
	require.Equal(t, before, footprint(t, w), "nothing has changed")
}

func TestBadTokensAreRefusedEverywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := newHouse(t, w)
	event := h.published(t, w)
	_, buyer := w.token(t, ticket.RoleBuyer)
	tokens := badTokens(t, w, h)
	before := footprint(t, w)
	for _, o := range operations(t, w, h, event) {
		for outcome, token := range tokens {
			t.Run(o.method+" "+o.path+" "+outcome, func(t *testing.T) {
				a := w.do(t, o.method, o.path, token, nil)
				if !o.secured || o.acceptsAnyone {
					require.NotEqual(t, http.StatusUnauthorized, a.status, "public operations do not look at tokens")
					return
				}
				a.problem(t, http.StatusUnauthorized, ticket.CodeUnauthorized)
				require.Contains(t, a.header.Get("WWW-Authenticate"), "Bearer")
			})
		}
		if o.secured && !o.acceptsAnyone && !strings.HasPrefix(o.path, "/v1/me") && o.path != "/v1/sessions/current" {
			w.do(t, o.method, o.path, buyer, nil).problem(t, http.StatusForbidden, ticket.CodeForbidden)
		}
	}
	require.Equal(t, before, footprint(t, w), "nothing has changed")
}

// badTokens are tokens of the organizer that are wrong in one thing each.
func badTokens(t *testing.T, w *world, h house) map[string]string {
	t.Helper()
	keys, err := signingKeys()
	require.NoError(t, err)
	private, err := x509.ParsePKCS8PrivateKey(keys[0].PrivateKey)
	require.NoError(t, err)
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	claims := func(name string, value any) jwt.MapClaims {
		m := jwt.MapClaims{
			"iss": auth.Issuer, "aud": auth.Audience, "sub": h.organizer, "roles": []string{"admin"}, "exp": time.Now().Add(time.Minute).Unix(),
		}
		if name != "" {
			m[name] = value
		}
		return m
	}
	sign := func(method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
		token := jwt.NewWithClaims(method, claims)
		token.Header["kid"] = keys[0].ID
		signed, err := token.SignedString(key)
		require.NoError(t, err)
		return signed
	}
	rs256 := jwt.SigningMethodRS256
	w.do(t, "GET", "/v1/me", sign(rs256, private, claims("", nil)), nil).want(t, http.StatusOK)
	return map[string]string{
		"no token":             "",
		"expired":              sign(rs256, private, claims("exp", time.Now().Add(-time.Minute).Unix())),
		"for another audience": sign(rs256, private, claims("aud", "another")),
		"of another issuer":    sign(rs256, private, claims("iss", "https://elsewhere.example")),
		"of a stranger's key":  sign(rs256, stranger, claims("", nil)),
		"wrong algorithm":      sign(jwt.SigningMethodHS256, []byte("secret"), claims("", nil)),
		"unsigned":             sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, claims("", nil)),
		"tampered":             h.token[:len(h.token)-10] + "AAAAAAAAAA",
		"no token at all":      "hello",
	}
}

func TestBadParametersAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := newHouse(t, w)
	for path, want := range map[string]struct {
		status int
		field  string
	}{
		"/v1/events?limit=0":                                  {400, "limit"},
		"/v1/events?limit=101":                                {400, "limit"},
		"/v1/events?limit=-1":                                 {400, "limit"},
		"/v1/events?limit=many":                               {400, "limit"},
		"/v1/events?limit=99999999999999999999":               {400, "limit"},
		"/v1/events?cursor=%00":                               {400, "cursor"},
		"/v1/events?cursor=abc":                               {400, "cursor"},
		"/v1/events?cursor=bm9wZQ":                            {400, "cursor"},
		"/v1/events?cursor=W10":                               {400, "cursor"},
		"/v1/events/%00":                                      {400, "event_id"},
		"/v1/events/No%20Slug":                                {400, "event_id"},
		"/v1/events/" + strings.Repeat("x", 101):              {400, "event_id"},
		"/v1/events/unknown":                                  {404, ""},
		"/v1/events/" + ticket.NewID(ticket.KindEvent, 60000): {404, ""},
		"/v1/events/unknown/seatmap":                          {404, ""},
		"/v1/events/unknown/availability":                     {404, ""},
		"/v1/events/..%2f..%2fetc":                            {400, "event_id"},
	} {
		t.Run(path, func(t *testing.T) {
			a := w.do(t, "GET", path, h.token, nil)
			require.Equal(t, want.status, a.status, "%s", a.raw)
			if want.field != "" {
				require.Equal(t, []string{want.field}, a.fields())
			}
		})
	}
}
