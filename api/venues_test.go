package api_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/seatingplan"
	"yourticket.example/ticket"
)

func TestAPlanIsShownAsAPictureAndGivenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := newHouse(t, w)
	path := "/v1/venues/" + h.venue + "/plans/" + h.plan
	plan := w.do(t, "GET", path, "", nil).want(t, http.StatusOK)
	require.Equal(t, []any{"A", "B"}, plan.body["categories"])
	require.Equal(t, path+".svg", plan.body["svg"])
	require.NotEmpty(t, plan.header.Get("ETag"))

	plain := header{"Accept-Encoding", "identity"}
	svg := w.do(t, "GET", path+".svg", "", nil, plain).want(t, http.StatusOK)
	require.Equal(t, "image/svg+xml", svg.header.Get("Content-Type"))
	require.Contains(t, svg.header.Get("Cache-Control"), "immutable")
	require.Contains(t, string(svg.raw), "2 standing")
	require.Contains(t, string(svg.raw), "#abcdef")
	w.do(t, "GET", path+".svg", "", nil, plain, header{"If-None-Match", svg.header.Get("ETag")}).want(t, http.StatusNotModified)
	packed := w.do(t, "GET", path+".svg", "", nil, header{"Accept-Encoding", "gzip"}).want(t, http.StatusOK)
	require.NotEqual(t, svg.header.Get("ETag"), packed.header.Get("ETag"))
	r, err := gzip.NewReader(bytes.NewReader(packed.raw))
	require.NoError(t, err)
	unpacked, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, string(svg.raw), string(unpacked))

	file := w.do(t, "GET", path+"/file", "", nil).want(t, http.StatusOK)
	require.True(t, bytes.Equal([]byte(planFile), file.raw), "to the byte")
	w.do(t, "GET", path+"/file", "", nil, header{"If-None-Match", file.header.Get("ETag")}).want(t, http.StatusNotModified)
	for _, wrong := range []string{"/v1/venues/ve_none/plans/" + h.plan, "/v1/venues/" + h.venue + "/plans/pl_none"} {
		for _, part := range []string{"", ".svg", "/file"} {
			w.do(t, "GET", wrong+part, "", nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)
		}
	}
}

func TestAStadiumsPictureIsSmall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := newHouse(t, w)
	document, err := json.Marshal(seatingplan.GenerateStadium("Stadium", 50_000))
	require.NoError(t, err)
	made := w.do(t, "POST", "/v1/venues/"+h.venue+"/plans", h.token, string(document)).want(t, http.StatusCreated)
	require.Equal(t, "/v1/venues/"+h.venue+"/plans/"+made.body["id"].(string), made.header.Get("Location"))
	svg := w.do(t, "GET", made.body["svg"].(string), "", nil, header{"Accept-Encoding", "gzip"}).want(t, http.StatusOK)
	require.Less(t, len(svg.raw), 40_000)
}

func TestOrganizersFindTheirVenuesAndPlans(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := newHouse(t, w)
	second := w.do(t, "POST", "/v1/venues", h.token, object{"name": "Hall", "city": "Bonn", "country": "DE", "lat": 50, "lon": 7}).want(t, http.StatusCreated)
	venue := w.do(t, "GET", second.header.Get("Location"), "", nil).want(t, http.StatusOK)
	require.Equal(t, "Hall", venue.body["name"])
	w.do(t, "GET", "/v1/venues/ve_none", "", nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)

	var seen []any
	for cursor := ""; ; {
		p := w.do(t, "GET", "/v1/venues?limit=1&cursor="+cursor, h.token, nil).want(t, http.StatusOK)
		require.Len(t, p.body["items"], 1)
		seen = append(seen, p.body["items"].([]any)[0].(object)["id"])
		if cursor, _ = p.body["next_cursor"].(string); cursor == "" {
			break
		}
	}
	require.Equal(t, []any{second.body["id"], h.venue}, seen, "the newest first")
	_, stranger := w.token(t, ticket.RoleOrganizer)
	require.Empty(t, w.do(t, "GET", "/v1/venues", stranger, nil).want(t, http.StatusOK).body["items"])
	require.Len(t, w.do(t, "GET", "/v1/venues?all=true", stranger, nil).want(t, http.StatusOK).body["items"], 2)
	plans := w.do(t, "GET", "/v1/venues/"+h.venue+"/plans", stranger, nil).want(t, http.StatusOK).body["items"].([]any)
	require.Len(t, plans, 1)
	require.Equal(t, h.plan, plans[0].(object)["id"])
	w.do(t, "GET", "/v1/venues/ve_none/plans", stranger, nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)
	_, buyer := w.token(t, ticket.RoleBuyer)
	w.do(t, "GET", "/v1/venues", buyer, nil).problem(t, http.StatusForbidden, ticket.CodeForbidden)
	w.do(t, "GET", "/v1/venues/"+h.venue+"/plans", buyer, nil).problem(t, http.StatusForbidden, ticket.CodeForbidden)
	w.do(t, "GET", "/v1/venues?cursor=nonsense", h.token, nil).problem(t, http.StatusBadRequest, ticket.CodeInvalid)
}

func TestEveryFaultOfAnEventIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := newHouse(t, w)
	body := h.event()
	body["plan_id"], body["name"], body["starts_at"] = "pl_none", "\u0007", "2020-01-01T00:00:00Z"
	body["prices"] = []object{{"category": "A", "price": object{"amount": 1, "currency": "KWD"}}, {"category": "A", "price": euros(1)}}
	bad := w.do(t, "POST", "/v1/events", h.token, body).problem(t, http.StatusUnprocessableEntity, ticket.CodeInvalid)
	require.Subset(t, bad.fields(), []string{"plan_id", "name", "starts_at", "on_sale_at", "doors_at", "prices[0].price.currency", "prices[1].category"})
	require.Contains(t, string(bad.raw), "AUD, BRL", "the currencies that there are")
}
