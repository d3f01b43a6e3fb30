package api_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/ticket"
)

// object is a JSON object.
type object = map[string]any

const planFile = `{"name": "Club", "categories": [{"name": "A", "color": "#abcdef"}, {"name": "B", "color": "#fedcba"}],
	"size": {"width": 300, "height": 200}, "standing": [{"name": "Pit", "category": "B", "capacity": 2}],
	"zones": [{"name": "Floor", "position": {"x": 10, "y": 10}, "rows": [{"row_number": "1", "row_number_position": "both",
		"position": {"x": 0, "y": 0}, "seats": [
		{"seat_guid": "F-1-1", "seat_number": "1", "position": {"x": 0, "y": 0}, "category": "A"},
		{"seat_guid": "F-1-2", "seat_number": "2", "position": {"x": 20, "y": 0}, "category": "A"}]}]}]}`

// house is what an organizer has made: a venue with a plan of four places.
type house struct{ organizer, token, venue, plan string }

func newHouse(t *testing.T, w *world) house {
	t.Helper()
	var h house
	h.organizer, h.token = w.token(t, ticket.RoleOrganizer)
	venue := object{"name": "Club", "city": "Köln", "country": "DE", "lat": 50.9, "lon": 6.9}
	h.venue = w.do(t, "POST", "/v1/venues", h.token, venue).want(t, http.StatusCreated).body["id"].(string)
	plan := w.do(t, "POST", "/v1/venues/"+h.venue+"/plans", h.token, planFile).want(t, http.StatusCreated)
	require.InDelta(t, 4, plan.body["capacity"], 0)
	require.Equal(t, []any{"A", "B"}, plan.body["categories"])
	h.plan = plan.body["id"].(string)
	return h
}

func euros(amount int) object { return object{"amount": amount, "currency": "EUR"} }

// event gives a good body for POST /v1/events.
func (h house) event() object {
	starts := begun.Add(30 * 24 * time.Hour).UTC().Truncate(time.Second)
	return object{
		"name": "Nächtliche Räume", "artist": "The Examples", "genre": "rock", "description": "Loud.\nVery.",
		"venue_id": h.venue, "plan_id": h.plan, "starts_at": starts, "doors_at": starts.Add(-2 * time.Hour),
		"on_sale_at": time.Now().Add(-time.Hour).UTC().Truncate(time.Second), "max_tickets_per_buyer": 4,
		"prices": []object{
			{"category": "A", "price": euros(12550), "fee": euros(250)}, {"category": "B", "price": euros(4000), "fee": euros(0)},
		},
	}
}

// begun is one time for the whole run, so that an event described twice is the same.
var begun = time.Now()

// draft makes an event and gives its path.
func (h house) draft(t *testing.T, w *world) string {
	t.Helper()
	return "/v1/events/" + w.do(t, "POST", "/v1/events", h.token, h.event()).want(t, http.StatusCreated).body["id"].(string)
}

func (h house) published(t *testing.T, w *world) string {
	t.Helper()
	path := h.draft(t, w)
	w.do(t, "POST", path+"/publish", h.token, nil).want(t, http.StatusOK)
	return path
}

func TestEventFromDraftToSale(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := newHouse(t, w)
	made := w.do(t, "POST", "/v1/events", h.token, h.event()).want(t, http.StatusCreated)
	path := made.header.Get("Location")
	require.Equal(t, "draft", made.body["status"])
	require.Equal(t, "naechtliche-raeume", made.body["slug"])

	w.do(t, "GET", path, "", nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)
	_, stranger := w.token(t, ticket.RoleOrganizer)
	w.do(t, "GET", path, stranger, nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)
	w.do(t, "POST", path+"/publish", stranger, nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)
	own := w.do(t, "GET", path, h.token, nil).want(t, http.StatusOK)
	require.Equal(t, "private, no-store", own.header.Get("Cache-Control"))
	places := w.do(t, "GET", path+"/availability", h.token, nil).want(t, http.StatusOK)
	require.Equal(t, "private, no-store", places.header.Get("Cache-Control"))
	w.do(t, "GET", path+"/availability", stranger, nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)
	w.do(t, "GET", path+"/availability", "no-token", nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)
	require.Empty(t, w.do(t, "GET", "/v1/events", "", nil).want(t, http.StatusOK).body["items"])

	for range 2 { // publishing again changes nothing
		published := w.do(t, "POST", path+"/publish", h.token, nil).want(t, http.StatusOK)
		require.Equal(t, "on_sale", published.body["status"])
		require.Equal(t, `"2"`, published.header.Get("ETag"))
	}
	for _, at := range []string{path, "/v1/events/naechtliche-raeume"} {
		shown := w.do(t, "GET", at, "", nil).want(t, http.StatusOK)
		want := h.event()
		require.Equal(t, "Köln", shown.body["venue"].(object)["city"])
		require.Equal(t, false, shown.body["waiting_room"])
		require.Equal(t, object{"capacity": 4.0, "available": 2.0}, shown.body["availability"])
		require.Equal(t, want["starts_at"].(time.Time).Format(time.RFC3339), shown.body["starts_at"])
		require.Equal(t, object{"category": "A", "price": object{"amount": 12550.0, "currency": "EUR"}, "fee": object{"amount": 250.0, "currency": "EUR"}},
			shown.body["prices"].([]any)[0])
	}
	require.Len(t, w.do(t, "GET", "/v1/events", "", nil).want(t, http.StatusOK).body["items"], 1)
}

func TestStatusIsWhatBuyersSee(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := newHouse(t, w).published(t, w)
	w.seats.mu.Lock()
	w.seats.state = "ssss"
	w.seats.mu.Unlock()
	require.Equal(t, "sold_out", w.do(t, "GET", path, "", nil).want(t, http.StatusOK).body["status"])
	w.seats.mu.Lock()
	w.seats.err = errors.New("live state is away")
	w.seats.mu.Unlock()
	blind := w.do(t, "GET", path, "", nil).want(t, http.StatusOK)
	require.Equal(t, "on_sale", blind.body["status"], "browsing goes on without the live state")
	require.Equal(t, object{"capacity": 4.0, "available": nil}, blind.body["availability"])
	w.do(t, "GET", path+"/availability", "", nil).problem(t, http.StatusInternalServerError, ticket.CodeInternal)
}

func TestListPagesGiveEveryEventOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := newHouse(t, w)
	for range 5 {
		h.published(t, w) // the same name five times: their slugs differ, their start is the same second
	}
	seen := map[string]bool{}
	cursor := ""
	for range 3 {
		page := w.do(t, "GET", "/v1/events?limit=2&cursor="+cursor, "", nil).want(t, http.StatusOK)
		for _, item := range page.body["items"].([]any) {
			seen[item.(object)["slug"].(string)] = true
		}
		cursor, _ = page.body["next_cursor"].(string)
	}
	require.Len(t, seen, 5)
	require.Empty(t, cursor, "the last page says so")
}

func TestSeatMapIsCachedForLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := newHouse(t, w).published(t, w) + "/seatmap"
	plain := w.do(t, "GET", path, "", nil, header{"Accept-Encoding", "identity"}).want(t, http.StatusOK)
	require.Contains(t, plain.header.Get("Cache-Control"), "immutable")
	require.Equal(t, "Accept-Encoding", plain.header.Get("Vary"))
	seats := plain.body["seats"].([]any)
	require.Equal(t, object{"id": "F-1-2", "index": 1.0, "zone": "Floor", "row": "1", "number": "2", "category": "A", "x": 30.0, "y": 10.0}, seats[1])
	require.Len(t, seats, 4)

	packed := w.do(t, "GET", path, "", nil, header{"Accept-Encoding", "br, gzip;q=0.8"}).want(t, http.StatusOK)
	require.Equal(t, "gzip", packed.header.Get("Content-Encoding"))
	require.NotEqual(t, plain.header.Get("ETag"), packed.header.Get("ETag"))
	r, err := gzip.NewReader(bytes.NewReader(packed.raw))
	require.NoError(t, err)
	unpacked, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, string(plain.raw), string(unpacked))

	known := w.do(t, "GET", path, "", nil, header{"Accept-Encoding", "identity"}, header{"If-None-Match", plain.header.Get("ETag")}).want(t, http.StatusNotModified)
	require.Empty(t, known.raw)
}

func TestAvailabilityIsSentWhenItHasChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := newHouse(t, w).published(t, w) + "/availability"
	first := w.do(t, "GET", path, "", nil).want(t, http.StatusOK)
	require.Equal(t, object{"version": "7-0", "seats": "aahs"}, first.body)
	etag := header{"If-None-Match", first.header.Get("ETag")}
	w.do(t, "GET", path, "", nil, etag).want(t, http.StatusNotModified)
	w.seats.mu.Lock()
	w.seats.version, w.seats.state = "8-0", "ahhs"
	w.seats.mu.Unlock()
	require.Equal(t, "ahhs", w.do(t, "GET", path, "", nil, etag).want(t, http.StatusOK).body["seats"])
}

func TestChangesAreMadeToTheVersionThatWasMeant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := newHouse(t, w)
	path := h.published(t, w)
	etag := w.do(t, "GET", path, "", nil).want(t, http.StatusOK).header.Get("ETag")
	prices := []object{{"category": "A", "price": euros(9900)}, {"category": "B", "price": euros(100), "fee": euros(1)}}
	changed := w.do(t, "PATCH", path, h.token, object{"name": "New name", "prices": prices}, header{"If-Match", etag}).want(t, http.StatusOK)
	require.Equal(t, "New name", changed.body["name"])
	require.Equal(t, "The Examples", changed.body["artist"])
	w.do(t, "PATCH", path, h.token, object{"name": "Lost"}, header{"If-Match", etag}).problem(t, http.StatusPreconditionFailed, ticket.CodePreconditionFailed)
	shown := w.do(t, "GET", path, "", nil).want(t, http.StatusOK)
	require.Equal(t, "New name", shown.body["name"])
	require.InDelta(t, 9900, shown.body["prices"].([]any)[0].(object)["price"].(object)["amount"], 0)
	require.InDelta(t, 0, shown.body["prices"].([]any)[0].(object)["fee"].(object)["amount"], 0)
	require.NotEqual(t, etag, shown.header.Get("ETag"))
}

func TestOnlyItsOrganizerChangesAnEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := newHouse(t, w)
	path := h.published(t, w)
	_, stranger := w.token(t, ticket.RoleOrganizer)
	_, buyer := w.token(t, ticket.RoleBuyer)
	_, admin := w.token(t, ticket.RoleAdmin)
	for _, token := range []string{stranger, buyer} {
		w.do(t, "PATCH", path, token, object{"name": "Mine"}).problem(t, http.StatusForbidden, ticket.CodeForbidden)
		w.do(t, "POST", path+"/publish", token, nil).problem(t, http.StatusForbidden, ticket.CodeForbidden)
		w.do(t, "POST", path+"/blocks", token, object{"seats": []string{"F-1-1"}}).problem(t, http.StatusForbidden, ticket.CodeForbidden)
		w.do(t, "DELETE", path+"/blocks", token, object{"seats": []string{"F-1-1"}}).problem(t, http.StatusForbidden, ticket.CodeForbidden)
	}
	w.do(t, "PATCH", path, admin, object{"genre": "pop"}).want(t, http.StatusOK)
}

func TestBlockedSeatsAreNamedByTheirIndexes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := newHouse(t, w)
	path := h.published(t, w) + "/blocks"
	w.do(t, "POST", path, h.token, object{"seats": []string{"F-1-2", "Pit-1"}, "reason": "press"}).want(t, http.StatusOK)
	require.Equal(t, []int{1, 2}, w.seats.blocked)
	bad := w.do(t, "POST", path, h.token, object{"seats": []string{"F-1-1", "X", "F-1-1"}}).problem(t, http.StatusUnprocessableEntity, ticket.CodeInvalid)
	require.Equal(t, []string{"seats[1]", "seats[2]"}, bad.fields())
	w.do(t, "DELETE", path, h.token, object{"seats": []string{"F-1-2"}}).want(t, http.StatusNoContent)
	require.Nil(t, w.seats.blocked)
}

func TestSameKeyMakesOneVenuePlanAndEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := newHouse(t, w)
	key := header{"Idempotency-Key", "k1"}
	for path, body := range map[string]any{
		"/v1/venues":                       object{"name": "Hall", "city": "Bonn", "country": "DE", "lat": 50, "lon": 7},
		"/v1/venues/" + h.venue + "/plans": planFile,
		"/v1/events":                       h.event(),
	} {
		first := w.do(t, "POST", path, h.token, body, key).want(t, http.StatusCreated)
		again := w.do(t, "POST", path, h.token, body, key).want(t, http.StatusCreated)
		require.Equal(t, string(first.raw), string(again.raw), path)
		require.Equal(t, first.header.Get("Location"), again.header.Get("Location"))
		_, other := w.token(t, ticket.RoleOrganizer)
		theirs := w.do(t, "POST", path, other, body, key).want(t, http.StatusCreated)
		require.NotEqual(t, first.body["id"], theirs.body["id"], "keys of one account mean nothing to another: %s", path)
	}
	w.do(t, "POST", "/v1/venues", h.token, object{"name": "Other", "city": "Bonn", "country": "DE", "lat": 50, "lon": 7}, key).
		problem(t, http.StatusUnprocessableEntity, ticket.CodeKeyReused)
}

func TestFaultyPlanNamesThePath(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := newHouse(t, w)
	bad := w.do(t, "POST", "/v1/venues/"+h.venue+"/plans", h.token, `{"name": "P", "categories": [], "zones": [], "size": {"width": 1, "height": "x"}}`).
		problem(t, http.StatusUnprocessableEntity, ticket.CodeInvalid)
	require.Contains(t, bad.fields(), "size.height")
	w.do(t, "POST", "/v1/venues/ve_none/plans", h.token, planFile).problem(t, http.StatusNotFound, ticket.CodeNotFound)
}

func TestFaultyEventNamesTheField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := newHouse(t, w)
	first := func(change object) []object {
		price := object{"category": "A", "price": euros(1), "fee": euros(0)}
		maps.Copy(price, change)
		return []object{price, {"category": "B", "price": euros(1)}}
	}
	for i, c := range []struct {
		field string
		value any
		fault string // the path that the problem names; the field when empty
	}{
		{field: "name", value: "  "},
		{field: "name", value: "A\u0007"},
		{field: "name", value: "A\u0000"},
		{field: "genre", value: 7},
		{field: "venue_id", value: "ve_none"},
		{field: "plan_id", value: "pl_none"},
		{field: "starts_at", value: "2020-01-01T00:00:00Z"},
		{field: "starts_at", value: "9999-01-01T00:00:00Z"},
		{field: "starts_at", value: "tomorrow"},
		{field: "doors_at", value: "2020-01-01T00:00:00Z"},
		{field: "on_sale_at", value: time.Now().AddDate(1, 0, 0)},
		{field: "max_tickets_per_buyer", value: 0},
		{field: "max_tickets_per_buyer", value: 1.5},
		{field: "slug", value: "No Slug"},
		{field: "prices", value: []object{}},
		{field: "prices", value: first(nil)[:1]},
		{field: "prices", value: first(object{"category": "VIP"}), fault: "prices[0].category"},
		{field: "prices", value: first(object{"category": "B"}), fault: "prices[1].category"},
		{field: "prices", value: first(object{"price": euros(-1)}), fault: "prices[0].price.amount"},
		{field: "prices", value: first(object{"price": object{"amount": 1e300, "currency": "EUR"}}), fault: "prices[0].price.amount"},
		{field: "prices", value: first(object{"price": object{"amount": "1", "currency": "EUR"}}), fault: "prices[0].price.amount"},
		{field: "prices", value: first(object{"price": object{"currency": "EUR"}}), fault: "prices[0].price.amount"},
		{field: "prices", value: first(object{"price": object{"amount": 1, "currency": "XXX"}}), fault: "prices[0].price.currency"},
		{field: "prices", value: first(object{"fee": object{"amount": 1, "currency": "USD"}}), fault: "prices[0].fee.currency"},
		{field: "waiting_room", value: object{"enabled": "yes"}, fault: "waiting_room.enabled"},
		{field: "waiting_room", value: object{"enabled": true, "max_sessions": -1}, fault: "waiting_room.max_sessions"},
		{field: "surprise", value: 1},
	} {
		t.Run(fmt.Sprintf("%d %s", i, c.field), func(t *testing.T) {
			body := h.event()
			body[c.field] = c.value
			if c.fault == "" {
				c.fault = c.field
			}
			bad := w.do(t, "POST", "/v1/events", h.token, body)
			require.Contains(t, []int{http.StatusBadRequest, http.StatusUnprocessableEntity}, bad.status, "%s", bad.raw)
			require.Contains(t, bad.fields(), c.fault)
			require.NotContains(t, string(bad.raw), "Go ", "nothing of the inside shows")
		})
	}
	require.Empty(t, w.do(t, "GET", "/v1/events", "", nil).body["items"])
	missing := h.event()
	delete(missing, "artist")
	require.Equal(t, []string{"artist"}, w.do(t, "POST", "/v1/events", h.token, missing).problem(t, http.StatusUnprocessableEntity, ticket.CodeInvalid).fields())
}
