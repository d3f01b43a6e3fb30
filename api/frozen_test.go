package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/ticket"
)

// TestAFrozenTicketLetsNobodyIn goes every way that a ticket can be used while
// its payment is disputed, and again when the dispute was won.
func TestAFrozenTicketLetsNobodyIn(t *testing.T) {
	t.Parallel()
	d := newDoors(t)
	b := d.sell(t, 0, 1)
	codes := d.codes(t, b)
	listPath := "/v1/events/" + d.event + "/checkin-list"
	list := func(headers ...header) answer { return d.do(t, "GET", listPath, d.door, nil, headers...) }
	known := header{"If-None-Match", list().want(t, http.StatusOK).header.Get("ETag")}
	pdf := d.do(t, "GET", b.path()+"/tickets.pdf", b.token, nil).want(t, http.StatusOK).header.Get("ETag")
	friend, _ := d.token(t, ticket.RoleBuyer)
	transfer := func() answer {
		return d.do(t, "POST", "/v1/tickets/"+b.Tickets[1].ID+"/transfer", b.token, object{"to_email": friend + "@example.org"})
	}
	scan := object{"code": codes[0], "device_id": "north"}
	offline := object{"scans": []object{{"code": codes[0], "device_id": "east", "at": time.Now().Add(-time.Minute)}}}
	d.dispute(t, b, true)

	refused := d.do(t, "POST", "/v1/checkins", d.door, scan).problem(t, http.StatusConflict, ticket.CodeFrozen)
	require.Equal(t, "F-1-1", refused.body["seat"].(object)["id"], "the door tells whom it sends to the box office")
	uploaded := d.do(t, "POST", "/v1/checkins/batch", d.door, offline).want(t, http.StatusOK).body
	require.Equal(t, "refused", uploaded["items"].([]any)[0].(object)["result"])
	require.Equal(t, "frozen", uploaded["items"].([]any)[0].(object)["code"])
	require.EqualValues(t, 1, uploaded["conflicts"])
	changed := list(known).want(t, http.StatusOK)
	for _, line := range changed.body["items"].([]any) {
		require.Equal(t, "frozen", line.(object)["status"])
	}
	transfer().problem(t, http.StatusConflict, ticket.CodeFrozen)
	d.do(t, "POST", b.path()+"/tickets/resend", b.token, nil).problem(t, http.StatusConflict, ticket.CodeFrozen)
	void := d.do(t, "GET", b.path()+"/tickets.pdf", b.token, nil).want(t, http.StatusOK)
	require.NotEqual(t, pdf, void.header.Get("ETag"), "what is printed now is void")
	shown := d.do(t, "GET", b.path(), b.token, nil).want(t, http.StatusOK).body["tickets"].([]any)[0].(object)
	require.Equal(t, "live", shown["status"])
	require.Equal(t, true, shown["frozen"])
	mine := d.do(t, "GET", "/v1/me/tickets", b.token, nil).want(t, http.StatusOK).body["items"].([]any)
	require.Equal(t, true, mine[0].(object)["frozen"])

	d.dispute(t, b, false)
	require.NotContains(t, d.do(t, "GET", b.path(), b.token, nil).body["tickets"].([]any)[0].(object), "frozen")
	transfer().want(t, http.StatusOK)
	d.do(t, "POST", "/v1/checkins", d.door, scan).want(t, http.StatusOK)
}
