package api_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/ticket"
)

func TestTicketsArePrinted(t *testing.T) {
	t.Parallel()
	d := newDoors(t)
	d.do(t, "GET", d.hold(t, 3).path()+"/tickets.pdf", "", nil).problem(t, http.StatusUnauthorized, ticket.CodeUnauthorized)
	held := d.hold(t, 3)
	d.do(t, "GET", held.path()+"/tickets.pdf", held.token, nil).problem(t, http.StatusConflict, ticket.CodeBookingState)

	b := d.sell(t, 0, 1)
	first := d.do(t, "GET", b.path()+"/tickets.pdf", b.token, nil).want(t, http.StatusOK)
	require.Equal(t, "application/pdf", first.header.Get("Content-Type"))
	require.Equal(t, "private, no-store", first.header.Get("Cache-Control"))
	require.True(t, strings.HasPrefix(string(first.raw), "%PDF-"))
	require.Equal(t, 2, strings.Count(string(first.raw), "/Type /Page\n"), "a page a ticket")
	require.Less(t, len(first.raw), 200_000)
	known := header{"If-None-Match", first.header.Get("ETag")}
	require.Empty(t, d.do(t, "GET", b.path()+"/tickets.pdf", b.token, nil, known).want(t, http.StatusNotModified).raw)

	d.refund(t, b.Tickets[0].ID)
	after := d.do(t, "GET", b.path()+"/tickets.pdf", b.token, nil, known).want(t, http.StatusOK)
	require.NotEqual(t, first.header.Get("ETag"), after.header.Get("ETag"))

	_, stranger := d.token(t, ticket.RoleBuyer)
	d.do(t, "GET", b.path()+"/tickets.pdf", stranger, nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)
	_, support := d.token(t, ticket.RoleSupport)
	d.do(t, "GET", b.path()+"/tickets.pdf", support, nil).want(t, http.StatusOK)
}

func TestATicketLetsInOnce(t *testing.T) {
	t.Parallel()
	d := newDoors(t)
	b := d.sell(t, 0, 1)
	code := d.codes(t, b)[0]
	scan := func(device string, headers ...header) answer {
		return d.do(t, "POST", "/v1/checkins", d.door, object{"code": code, "device_id": device, "event_id": d.event}, headers...)
	}
	in := scan("north", header{"Idempotency-Key", "scan-1"}).want(t, http.StatusOK)
	require.Equal(t, "used", in.body["ticket"].(object)["status"])
	require.Equal(t, "F-1-1", in.body["seat"].(object)["id"])
	require.NotContains(t, in.body, "again")

	again := scan("north", header{"Idempotency-Key", "scan-1"}).want(t, http.StatusOK)
	require.Equal(t, true, again.body["again"])
	require.Equal(t, in.body["ticket"], again.body["ticket"], "a lost answer is given again")
	require.Equal(t, true, scan("north").want(t, http.StatusOK).body["again"], "within a moment also without a key")

	refused := scan("south").problem(t, http.StatusConflict, ticket.CodeAlreadyUsed)
	require.Equal(t, "north", refused.body["device_id"])
	require.Equal(t, in.body["ticket"].(object)["used_at"], refused.body["used_at"])
	scan("north", header{"Idempotency-Key", "scan-2"}).problem(t, http.StatusConflict, ticket.CodeAlreadyUsed)

	other := object{"code": d.codes(t, b)[1], "device_id": "north"}
	d.do(t, "POST", "/v1/checkins", d.door, other, header{"Idempotency-Key", "scan-1"}).
		problem(t, http.StatusUnprocessableEntity, ticket.CodeKeyReused)
	require.Equal(t, "used", d.do(t, "GET", b.path(), b.token, nil).body["tickets"].([]any)[0].(object)["status"])
	require.Equal(t, "live", d.do(t, "GET", b.path(), b.token, nil).body["tickets"].([]any)[1].(object)["status"])
}

func TestADoorRefuses(t *testing.T) {
	t.Parallel()
	d, strange := newDoors(t), newDoors(t)
	b := d.sell(t, 0, 1, 2)
	codes := d.codes(t, b)
	d.refund(t, b.Tickets[1].ID)
	elsewhere := strings.TrimPrefix(d.house.published(t, d.world), "/v1/events/")
	lost, err := d.auth.Keys.TicketCode(t.Context(), ticket.Ticket{ID: ticket.NewID(ticket.KindTicket, 1)})
	require.NoError(t, err)
	later, err := d.auth.Keys.TicketCode(t.Context(), ticket.Ticket{ID: b.Tickets[0].ID, Generation: 2})
	require.NoError(t, err)
	theirs := strange.codes(t, strange.sell(t, 0))[0]
	require.NotEmpty(t, theirs)

	for outcome, tt := range map[string]struct {
		body   object
		status int
		code   ticket.Code
		field  string
	}{
		"a refunded ticket":        {object{"code": codes[1]}, http.StatusGone, ticket.CodeRefunded, ""},
		"an altered code":          {object{"code": codes[0][:20] + "A" + codes[0][21:]}, http.StatusUnprocessableEntity, ticket.CodeInvalidTicket, ""},
		"no code of ours":          {object{"code": "https://example.org"}, http.StatusUnprocessableEntity, ticket.CodeInvalidTicket, ""},
		"a ticket that never was":  {object{"code": lost}, http.StatusUnprocessableEntity, ticket.CodeInvalidTicket, ""},
		"another generation":       {object{"code": later}, http.StatusUnprocessableEntity, ticket.CodeInvalidTicket, ""},
		"another event's ticket":   {object{"code": codes[0], "event_id": elsewhere}, http.StatusUnprocessableEntity, ticket.CodeInvalidTicket, ""},
		"an event that is not":     {object{"code": codes[0], "event_id": "nowhere"}, http.StatusUnprocessableEntity, ticket.CodeInvalid, "event_id"},
		"no code":                  {object{}, http.StatusUnprocessableEntity, ticket.CodeInvalid, "code"},
		"a scan from tomorrow":     {object{"code": codes[0], "at": time.Now().Add(time.Hour)}, http.StatusUnprocessableEntity, ticket.CodeInvalid, "at"},
		"a scan from last quarter": {object{"code": codes[0], "at": time.Now().AddDate(0, -3, 0)}, http.StatusUnprocessableEntity, ticket.CodeInvalid, "at"},
	} {
		a := d.do(t, "POST", "/v1/checkins", d.door, tt.body).problem(t, tt.status, tt.code)
		if tt.field != "" {
			require.Equal(t, []string{tt.field}, a.fields(), outcome)
		}
	}
	for _, role := range []ticket.Role{ticket.RoleBuyer, ticket.RoleOrganizer, ticket.RoleSupport} {
		_, token := d.token(t, role)
		d.do(t, "POST", "/v1/checkins", token, object{"code": codes[0]}).problem(t, http.StatusForbidden, ticket.CodeForbidden)
		d.do(t, "GET", "/v1/events/"+d.event+"/checkin-list", token, nil).problem(t, http.StatusForbidden, ticket.CodeForbidden)
	}
	d.do(t, "POST", "/v1/checkins", d.door, object{"code": codes[0]}).want(t, http.StatusOK)
}

// TestGatesThatShareAnAccountLetInOnce scans without a device: a scan that is sent
// again is told by its key alone.
func TestGatesThatShareAnAccountLetInOnce(t *testing.T) {
	t.Parallel()
	d := newDoors(t)
	code := object{"code": d.codes(t, d.sell(t, 0))[0]}
	d.do(t, "POST", "/v1/checkins", d.door, code, header{"Idempotency-Key", "scan-1"}).want(t, http.StatusOK)
	d.do(t, "POST", "/v1/checkins", d.door, code).problem(t, http.StatusConflict, ticket.CodeAlreadyUsed)
	again := d.do(t, "POST", "/v1/checkins", d.door, code, header{"Idempotency-Key", "scan-1"}).want(t, http.StatusOK)
	require.Equal(t, true, again.body["again"])
}

func TestOneOfManyDoorsLetsIn(t *testing.T) {
	t.Parallel()
	d := newDoors(t)
	code := d.codes(t, d.sell(t, 0))[0]
	const scanners = 200
	var (
		wg       sync.WaitGroup
		statuses [scanners]int
	)
	for i := range scanners {
		wg.Go(func() {
			statuses[i] = d.do(t, "POST", "/v1/checkins", d.door, object{"code": code, "device_id": fmt.Sprint("gate-", i)}).status
		})
	}
	wg.Wait()
	count := map[int]int{}
	for _, s := range statuses {
		count[s]++
	}
	require.Equal(t, map[int]int{http.StatusOK: 1, http.StatusConflict: scanners - 1}, count)
}

func TestADoorGoesOfflineAndComesBack(t *testing.T) {
	t.Parallel()
	d := newDoors(t)
	b := d.sell(t, 0, 1, 2)
	codes := d.codes(t, b)
	d.refund(t, b.Tickets[2].ID)
	path := "/v1/events/" + d.event + "/checkin-list"
	list := d.do(t, "GET", path, d.door, nil).want(t, http.StatusOK)
	known := header{"If-None-Match", list.header.Get("ETag")}
	items := list.body["items"].([]any)
	require.Len(t, items, 3)
	line := func(i int) object { return items[i].(object) }
	require.Equal(t, object{
		"ticket_id": b.Tickets[0].ID, "generation": 1.0, "seat_id": "F-1-1", "zone": "Floor", "row": "1", "number": "1", "status": "valid",
	}, line(0))
	require.Equal(t, "revoked", line(2)["status"])
	d.do(t, "GET", path, d.door, nil, known).want(t, http.StatusNotModified)

	// Two doors are offline and let the same ticket in; the later scan arrives first.
	now := time.Now().UTC().Truncate(time.Second)
	scan := func(code, device string, before time.Duration) object {
		return object{"code": code, "device_id": device, "at": now.Add(-before)}
	}
	upload := func(scans ...object) []any {
		return d.do(t, "POST", "/v1/checkins/batch", d.door, object{"scans": scans}).want(t, http.StatusOK).body["items"].([]any)
	}
	results := func(items []any) (out []string) {
		for _, item := range items {
			code, _ := item.(object)["code"].(string)
			out = append(out, strings.TrimSuffix(item.(object)["result"].(string)+" "+code, " "))
		}
		return out
	}
	late, early := scan(codes[0], "east", time.Minute), scan(codes[0], "west", 2*time.Minute)
	first := upload(late, scan(codes[1], "east", time.Minute), scan(codes[2], "east", time.Minute), scan("forged", "east", time.Minute))
	require.Equal(t, []string{"admitted", "admitted", "refused refunded", "refused invalid-ticket"}, results(first))
	require.Equal(t, []string{"admitted"}, results(upload(early)), "it was first, though it came later")
	again := upload(late, early)
	require.Equal(t, []string{"conflict already-used", "admitted"}, results(again))
	require.Equal(t, true, again[0].(object)["again"])
	require.Equal(t, "west", again[0].(object)["ticket"].(object)["device_id"])
	require.Equal(t, []any{object{"device_id": "east", "at": now.Add(-time.Minute).Format(time.RFC3339)}}, again[1].(object)["others"])
	require.Equal(t, results(again), results(upload(late, early)), "handed in again, nothing changes")

	refused := d.do(t, "POST", "/v1/checkins", d.door, object{"code": codes[1], "device_id": "north"}).problem(t, http.StatusConflict, ticket.CodeAlreadyUsed)
	require.Equal(t, "east", refused.body["device_id"], "a door that is online knows")
	changed := d.do(t, "GET", path, d.door, nil, known).want(t, http.StatusOK)
	require.Equal(t, "used", changed.body["items"].([]any)[0].(object)["status"])

	var written int
	shard, _ := ticket.ShardOf(d.event)
	require.NoError(t, d.shards[shard].QueryRow(t.Context(), `SELECT count(*) FROM checkins`).Scan(&written))
	require.Equal(t, 4, written)
}

func TestAnUploadThatIsWrongWritesNothing(t *testing.T) {
	t.Parallel()
	d := newDoors(t)
	code := d.codes(t, d.sell(t, 0))[0]
	good := object{"code": code, "device_id": "east", "at": time.Now().Add(-time.Minute)}
	for field, scans := range map[string]any{
		"scans[1].at":        []object{good, {"code": code, "device_id": "east", "at": time.Now().Add(time.Hour)}},
		"scans[1].device_id": []object{good, {"code": code, "device_id": "", "at": time.Now()}},
		"scans":              []object{},
	} {
		a := d.do(t, "POST", "/v1/checkins/batch", d.door, object{"scans": scans}).problem(t, http.StatusUnprocessableEntity, ticket.CodeInvalid)
		require.Equal(t, []string{field}, a.fields())
	}
	d.do(t, "POST", "/v1/checkins", d.door, object{"code": code}).want(t, http.StatusOK)
}

// A door without us has the published keys, and what docs/tickets.md says.
func TestACodeIsCheckedOffline(t *testing.T) {
	t.Parallel()
	d := newDoors(t)
	b := d.sell(t, 0)
	raw, err := base64.RawURLEncoding.DecodeString(d.codes(t, b)[0])
	require.NoError(t, err)
	text, signature := raw[:len(raw)-64], raw[len(raw)-64:]
	require.Equal(t, b.Tickets[0].ID, string(text))
	keys := d.do(t, "GET", "/.well-known/ticket-keys.json", "", nil).want(t, http.StatusOK).body["keys"].([]any)
	require.Len(t, keys, 1)
	x, err := base64.RawURLEncoding.DecodeString(keys[0].(object)["x"].(string))
	require.NoError(t, err)
	require.True(t, ed25519.Verify(x, append([]byte("yourticket ticket v1\x00"), text...), signature))
	require.False(t, ed25519.Verify(x, append([]byte("yourticket ticket v1\x00x"), text...), signature))
}
