package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"yourticket.example/api"
	"yourticket.example/ticket"
)

// mails lists what waits for a recipient of an event.
func (w *shop) mails(t *testing.T, e *ticket.Event, kind ticket.MailKind) (to []string) {
	t.Helper()
	db, err := pgx.Connect(t.Context(), w.pgURL)
	require.NoError(t, err)
	defer func() { _ = db.Close(t.Context()) }()
	rows, err := db.Query(t.Context(), `SELECT to_id FROM outbox WHERE event_id = $1 AND kind = $2 ORDER BY to_id`, e.ID, kind)
	require.NoError(t, err)
	to, err = pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return to
}

func TestACanceledEventIsOverForGood(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	path, e := w.onSale(t)
	w.sell(t, e, "us_ann", ticket.Item{SeatIndex: 1, Category: "A", Price: 5000, Fee: 250})
	w.hold(t, e, "us_bob", ticket.Item{SeatIndex: 2, Category: "A", Price: 5000, Fee: 250})
	_, stranger := w.token(t, ticket.RoleOrganizer)
	w.do(t, "GET", path+"/cancellation", w.org, nil).want(t, http.StatusNotFound)
	w.do(t, "POST", path+"/cancel", stranger, nil).want(t, http.StatusForbidden)
	w.do(t, "POST", path+"/cancel", "", nil).want(t, http.StatusUnauthorized)
	w.do(t, "POST", path+"/cancel", w.org, object{"reason": strings.Repeat("x", 501)}).want(t, http.StatusUnprocessableEntity)
	require.NotEqual(t, "canceled", w.do(t, "GET", path, "", nil).want(t, http.StatusOK).body["status"])

	for range 2 {
		a := w.do(t, "POST", path+"/cancel", w.org, object{"reason": "The singer is ill."}).want(t, http.StatusAccepted)
		require.Equal(t, "/v1/events/"+e.ID+"/cancellation", a.header.Get("Location"))
		require.Equal(t, "starting", a.body["state"])
		require.Equal(t, "The singer is ill.", a.body["reason"])
		bookings := a.body["bookings"].(object)
		require.EqualValues(t, 1, bookings["sold"])
		require.EqualValues(t, 1, bookings["waiting"])
		require.EqualValues(t, 1, bookings["holding"])
		require.Equal(t, object{"amount": 5250.0, "currency": "EUR"}, a.body["kept"])
	}
	again := w.do(t, "POST", path+"/cancel", w.org, object{"reason": "Another one."}).want(t, http.StatusAccepted)
	require.Equal(t, "The singer is ill.", again.body["reason"], "the first word holds")
	shown := w.do(t, "GET", path, "", nil).want(t, http.StatusOK).body
	require.Equal(t, "canceled", shown["status"])
	require.Equal(t, "The singer is ill.", shown["status_reason"])
	require.Equal(t, "event-canceled", w.changes(t, path, w.org)[0]["what"])
	require.Len(t, w.changes(t, path, w.org), 3, "it was canceled once")
	require.Equal(t, ticket.EventCanceled, last(w.heard).Status)
	for _, action := range []string{"/publish", "/postpone"} {
		w.do(t, "POST", path+action, w.org, object{}).want(t, http.StatusConflict)
	}
	open, err := w.store.OpenCancellations(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{e.ID}, open, "whoever comes by starts its refunds")
}

func TestADraftIsNotCanceled(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	w.do(t, "POST", w.house.draft(t, w.world)+"/cancel", w.org, nil).want(t, http.StatusConflict)
}

func TestHoldersAreToldOfANewDateOnce(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	path, e := w.onSale(t)
	w.sell(t, e, "us_ann", ticket.Item{SeatIndex: 1, Category: "A", Price: 5000}, ticket.Item{SeatIndex: 2, Category: "A", Price: 5000})
	until := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	for field, body := range map[string]object{
		"past":      {"refunds_until": time.Now().Add(-time.Hour)},
		"too late":  {"refunds_until": e.StartsAt.Add(48 * time.Hour), "starts_at": e.StartsAt.Add(24 * time.Hour)},
		"no string": {"refunds_until": "soon"},
	} {
		w.do(t, "POST", path+"/postpone", w.org, body).want(t, http.StatusUnprocessableEntity)
		require.Empty(t, w.mails(t, e, ticket.MailPostponement), field)
	}
	a := w.do(t, "POST", path+"/postpone", w.org, object{"refunds_until": until}).want(t, http.StatusOK)
	require.Equal(t, until.Format(time.RFC3339), a.body["refunds_until"])
	require.Equal(t, []string{"us_ann"}, w.mails(t, e, ticket.MailPostponement))
	w.do(t, "POST", path+"/postpone", w.org, object{"refunds_until": until}).want(t, http.StatusOK)
	require.Len(t, w.mails(t, e, ticket.MailPostponement), 1, "nothing new")

	w.do(t, "PATCH", path, w.org, object{"starts_at": e.StartsAt.Add(24 * time.Hour)}).want(t, http.StatusOK)
	require.Len(t, w.mails(t, e, ticket.MailPostponement), 2)
	w.sell(t, e, "us_late", ticket.Item{SeatIndex: 3, Category: "A", Price: 5000})
	require.NoError(t, api.TellAll(t.Context(), w.store, w.sales, time.Now()))
	require.Equal(t, []string{"us_ann", "us_ann", "us_late", "us_late"}, w.mails(t, e, ticket.MailPostponement), "whoever was on the way is told too")
	require.NoError(t, api.TellAll(t.Context(), w.store, w.sales, time.Now().Add(time.Hour)))
	open, err := w.store.OpenNotices(t.Context())
	require.NoError(t, err)
	require.Empty(t, open)
}

// last gives the newest of what was heard.
func last(heard chan *ticket.Event) (e *ticket.Event) {
	for {
		select {
		case e = <-heard:
		default:
			return e
		}
	}
}
