package api_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/ticket"
)

func TestATicketChangesHands(t *testing.T) {
	t.Parallel()
	d := newDoors(t)
	b := d.sell(t, 0, 1)
	old, kept := d.codes(t, b)[0], d.codes(t, b)[1]
	friend, friendToken := d.token(t, ticket.RoleBuyer)
	path := "/v1/tickets/" + b.Tickets[0].ID
	for range 2 { // asked for again, it is answered again
		moved := d.do(t, "POST", path+"/transfer", b.token, object{"to_email": strings.ToUpper(friend) + "@example.org"}).want(t, http.StatusOK)
		require.Equal(t, "transferred", moved.body["status"])
	}

	seen := d.do(t, "GET", b.path(), b.token, nil).want(t, http.StatusOK).body["tickets"].([]any)
	require.Equal(t, "transferred", seen[0].(object)["status"])
	require.Empty(t, seen[0].(object)["code"], "who gave it away does not learn the new code")
	require.Equal(t, kept, seen[1].(object)["code"])
	mine := d.do(t, "GET", "/v1/me/tickets", friendToken, nil).want(t, http.StatusOK).body["items"].([]any)
	require.Len(t, mine, 1)
	require.Equal(t, true, mine[0].(object)["received"])
	require.Equal(t, "F-1-1", mine[0].(object)["seat"].(object)["id"])
	fresh := mine[0].(object)["code"].(string)
	require.NotEqual(t, old, fresh)
	require.Len(t, d.do(t, "GET", "/v1/me/tickets", b.token, nil).want(t, http.StatusOK).body["items"], 1)
	d.do(t, "GET", path+"/ticket.pdf", friendToken, nil).want(t, http.StatusOK)
	d.do(t, "GET", path+"/ticket.pdf", b.token, nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)
	d.do(t, "GET", b.path(), friendToken, nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)

	d.do(t, "POST", "/v1/checkins", d.door, object{"code": old}).problem(t, http.StatusUnprocessableEntity, ticket.CodeInvalidTicket)
	d.do(t, "POST", path+"/transfer", b.token, object{"to_email": d.house.organizer + "@example.org"}).problem(t, http.StatusNotFound, ticket.CodeNotFound)
	back := object{"to_email": b.buyer + "@example.org"}
	d.do(t, "POST", path+"/transfer", friendToken, back).want(t, http.StatusOK)
	d.do(t, "POST", "/v1/checkins", d.door, object{"code": fresh}).problem(t, http.StatusUnprocessableEntity, ticket.CodeInvalidTicket)
	d.do(t, "POST", "/v1/checkins", d.door, object{"code": d.codes(t, b)[0]}).want(t, http.StatusOK)
	seen = d.do(t, "GET", b.path(), b.token, nil).want(t, http.StatusOK).body["tickets"].([]any)
	require.Equal(t, "used", seen[0].(object)["status"], "what came back is the buyer's own again")

	shard, _ := ticket.ShardOf(d.event)
	var live, transfers, mails int
	require.NoError(t, d.shards[shard].QueryRow(t.Context(), `
		SELECT (SELECT count(*) FROM tickets WHERE seat_index = 0), (SELECT count(*) FROM ticket_transfers),
		       (SELECT count(*) FROM outbox WHERE kind IN ('transfer', 'transferred'))`).Scan(&live, &transfers, &mails))
	var others int
	require.NoError(t, d.shards[shard].QueryRow(t.Context(), `SELECT count(*) FROM tickets WHERE holder_id IS NOT NULL`).Scan(&others))
	require.Zero(t, others)
	require.Equal(t, []int{1, 2, 4}, []int{live, transfers, mails}, "one ticket a seat, each transfer written down once, both sides told")
}

func TestATransferIsRefused(t *testing.T) {
	t.Parallel()
	d := newDoors(t)
	b := d.sell(t, 0, 1, 2)
	d.do(t, "POST", "/v1/checkins", d.door, object{"code": d.codes(t, b)[1]}).want(t, http.StatusOK)
	d.refund(t, b.Tickets[2].ID)
	friend, friendToken := d.token(t, ticket.RoleBuyer)
	to := object{"to_email": friend + "@example.org"}
	path := func(i int) string { return "/v1/tickets/" + b.Tickets[i].ID + "/transfer" }
	for outcome, tt := range map[string]struct {
		path, token string
		body        object
		status      int
		code        ticket.Code
	}{
		"used":                {path(1), b.token, to, http.StatusConflict, ticket.CodeAlreadyUsed},
		"refunded":            {path(2), b.token, to, http.StatusGone, ticket.CodeRefunded},
		"by a stranger":       {path(0), friendToken, object{"to_email": d.house.organizer + "@example.org"}, http.StatusNotFound, ticket.CodeNotFound},
		"to oneself":          {path(0), b.token, object{"to_email": b.buyer + "@example.org"}, http.StatusUnprocessableEntity, ticket.CodeInvalid},
		"to nobody":           {path(0), b.token, object{"to_email": "nobody@example.org"}, http.StatusUnprocessableEntity, ticket.CodeInvalid},
		"no such ticket":      {"/v1/tickets/" + ticket.NewID(ticket.KindTicket, 0) + "/transfer", b.token, to, http.StatusNotFound, ticket.CodeNotFound},
		"a ticket of no kind": {"/v1/tickets/x/transfer", b.token, to, http.StatusNotFound, ticket.CodeNotFound},
	} {
		t.Run(outcome, func(t *testing.T) {
			d.do(t, "POST", tt.path, tt.token, tt.body).problem(t, tt.status, tt.code)
		})
	}
	d.do(t, "POST", path(0), b.token, to).want(t, http.StatusOK)
}

func TestNobodyReceivesMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	d := newDoors(t)
	friend, friendToken := d.token(t, ticket.RoleBuyer)
	sold := []bought{d.sell(t, 0, 1), d.sell(t, 2, 3)}
	limit := object{"max_tickets_per_buyer": 2}
	d.do(t, "PATCH", "/v1/events/"+d.event, d.house.token, limit).want(t, http.StatusOK)
	var wg sync.WaitGroup
	statuses := make(chan int, 4)
	for _, b := range sold {
		for _, own := range b.Tickets {
			wg.Go(func() {
				statuses <- d.do(t, "POST", "/v1/tickets/"+own.ID+"/transfer", b.token, object{"to_email": friend + "@example.org"}).status
			})
		}
	}
	wg.Wait()
	close(statuses)
	count := map[int]int{}
	for s := range statuses {
		count[s]++
	}
	require.Equal(t, map[int]int{http.StatusOK: 2, http.StatusUnprocessableEntity: 2}, count)
	require.Len(t, d.do(t, "GET", "/v1/me/tickets", friendToken, nil).want(t, http.StatusOK).body["items"], 2)
}

func TestTicketsAreMailedAgain(t *testing.T) {
	t.Parallel()
	d := newDoors(t)
	b := d.sell(t, 0)
	path := b.path() + "/tickets/resend"
	for range 3 {
		d.do(t, "POST", path, b.token, nil).want(t, http.StatusAccepted)
	}
	_, stranger := d.token(t, ticket.RoleBuyer)
	d.do(t, "POST", path, stranger, nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)
	held := d.hold(t, 3)
	d.do(t, "POST", held.path()+"/tickets/resend", held.token, nil).problem(t, http.StatusConflict, ticket.CodeBookingState)
	shard, _ := ticket.ShardOf(d.event)
	var mails int
	require.NoError(t, d.shards[shard].QueryRow(t.Context(), `SELECT count(*) FROM outbox WHERE kind = 'resend' AND to_id = $1`, b.buyer).Scan(&mails))
	require.LessOrEqual(t, mails, 2, "once a minute, and the minute may have turned")
	require.GreaterOrEqual(t, mails, 1)
}
