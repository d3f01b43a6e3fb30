package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"yourticket.example/ticket"
)

func TestAPostponedEventIsNotSoldUntilItHasADateAgain(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	path, e := w.onSale(t)
	later := e.StartsAt.AddDate(0, 1, 0)
	status := func(body any) string {
		t.Helper()
		return w.do(t, "GET", path, "", nil).want(t, http.StatusOK).body[fmt.Sprint(body)].(string)
	}
	postponed := w.do(t, "POST", path+"/postpone", w.org, object{"reason": "The singer is ill."}).want(t, http.StatusOK)
	require.Equal(t, "postponed", postponed.body["status"])
	require.Equal(t, "postponed", status("status"))
	require.Equal(t, "The singer is ill.", status("status_reason"))
	require.Equal(t, e.StartsAt.Format(time.RFC3339), postponed.body["starts_at"], "the date that was stays until there is another")
	stored, err := w.store.Event(t.Context(), e.ID)
	require.NoError(t, err)
	require.Equal(t, ticket.CodeNotOnSale, ticket.CodeOf(stored.Selling(time.Now())))

	// The new date is known; the doors follow it.
	dated := w.do(t, "POST", path+"/postpone", w.org, object{"starts_at": later, "reason": "In autumn."}).want(t, http.StatusOK)
	require.Equal(t, "postponed", dated.body["status"])
	require.Equal(t, later.Format(time.RFC3339), dated.body["starts_at"])
	require.Equal(t, later.Add(-2*time.Hour).Format(time.RFC3339), dated.body["doors_at"])
	w.do(t, "PATCH", path, w.org, object{"description": "New words."}).want(t, http.StatusOK)
	require.Equal(t, "postponed", status("status"), "other changes do not put it on sale")
	again := w.do(t, "POST", path+"/publish", w.org, nil).want(t, http.StatusOK)
	require.Equal(t, "on_sale", again.body["status"])
	require.NotContains(t, again.body, "status_reason")

	w.do(t, "POST", path+"/postpone", w.org, object{}).want(t, http.StatusOK)
	moved := w.do(t, "PATCH", path, w.org, object{"starts_at": later.AddDate(0, 1, 0)}).want(t, http.StatusOK)
	require.Equal(t, "on_sale", moved.body["status"], "a new date is the end of it")
	for range len(w.heard) {
		require.Equal(t, e.ID, (<-w.heard).ID)
	}
}

func TestPostponingNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	path, e := w.onSale(t)
	for name, c := range map[string]struct {
		body  object
		field string
	}{
		"a past date":             {object{"starts_at": "2020-01-01T00:00:00Z"}, "starts_at"},
		"doors without a start":   {object{"doors_at": e.DoorsAt}, "doors_at"},
		"doors after the start":   {object{"starts_at": e.StartsAt, "doors_at": e.StartsAt.Add(time.Hour)}, "doors_at"},
		"a start before the sale": {object{"starts_at": time.Now().Add(time.Minute), "doors_at": time.Now().AddDate(0, 0, -9)}, "doors_at"},
		"too long a reason":       {object{"reason": strings.Repeat("x", 501)}, "reason"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := w.do(t, "POST", path+"/postpone", w.org, c.body).problem(t, http.StatusUnprocessableEntity, ticket.CodeInvalid)
			require.Contains(t, bad.fields(), c.field)
		})
	}
	draft := w.house.draft(t, w.world)
	w.do(t, "POST", draft+"/postpone", w.org, object{}).problem(t, http.StatusConflict, ticket.CodeConflict)
	require.Equal(t, "on_sale", w.do(t, "GET", path, "", nil).body["status"])
	require.Len(t, w.changes(t, path, w.org), 2, "what was refused is no change")
}

func TestWhatIsOverDoesNotChange(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	for name, set := range map[string]string{"past": "starts_at = now() - interval '1 hour'", "canceled": "status = 'canceled'"} {
		path, e := w.onSale(t)
		_, err := connect(t, w.world).Exec(t.Context(), `UPDATE events SET `+set+` WHERE id = $1`, e.ID)
		require.NoError(t, err)
		for _, call := range [][2]string{{"PATCH", ""}, {"POST", "/publish"}, {"POST", "/postpone"}, {"POST", "/blocks"}, {"DELETE", "/blocks"}} {
			body := any(object{})
			switch call[1] {
			case "":
				body = object{"name": "Other"}
			case "/blocks":
				body = object{"zone": "Pit"}
			case "/publish":
				body = nil
			}
			w.do(t, call[0], path+call[1], w.org, body).problem(t, http.StatusConflict, ticket.CodeConflict)
		}
		require.Equal(t, name, w.do(t, "GET", "/v1/organizer/events/"+e.ID, w.org, nil).want(t, http.StatusOK).body["status"])
	}
}

func TestWhatIsOnSaleChangesOnlyWhereNobodyIsHurt(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	path, e := w.onSale(t)
	dollars := object{"amount": 1, "currency": "USD"}
	bad := w.do(t, "PATCH", path, w.org, object{
		"plan_id": "pl_other", "venue_id": "ve_other", "slug": "other", "on_sale_at": time.Now().Add(time.Hour),
		"prices": []object{{"category": "A", "price": dollars}, {"category": "B", "price": dollars}},
	}).problem(t, http.StatusUnprocessableEntity, ticket.CodeInvalid)
	require.ElementsMatch(t, []string{"plan_id", "venue_id", "slug", "on_sale_at", "prices"}, bad.fields(), "all at once")
	good := w.do(t, "PATCH", path, w.org, object{
		"plan_id": w.house.plan, "venue_id": w.house.venue, "slug": e.Slug, "on_sale_at": e.OnSaleAt, "max_tickets_per_buyer": 2,
		"waiting_room": object{"enabled": true, "max_sessions": 7},
		"prices":       []object{{"category": "A", "price": euros(5)}, {"category": "B", "price": euros(6)}},
	}).want(t, http.StatusOK)
	require.Equal(t, object{"enabled": true, "max_sessions": 7.0, "session_minutes": 10.0, "grace_seconds": 120.0}, good.body["waiting_room_settings"])
	next := w.do(t, "PATCH", path, w.org, object{"waiting_room": object{"enabled": true, "grace_seconds": 60}}).want(t, http.StatusOK)
	require.InDelta(t, 7, next.body["waiting_room_settings"].(object)["max_sessions"], 0, "what is left out stays")
	same := w.do(t, "PATCH", path, w.org, object{"max_tickets_per_buyer": 2}).want(t, http.StatusOK)
	require.Equal(t, next.header.Get("ETag"), same.header.Get("ETag"), "what changes nothing is no new version")
}

func TestConditionsAreKept(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	path, _ := w.onSale(t)
	patch := func(tag, name string) answer {
		return w.do(t, "PATCH", path, w.org, object{"name": name}, header{"If-Match", tag})
	}
	for _, tag := range []string{`"1"`, `W/"2"`, `"3", W/"2"`, `"x"`} {
		stale := patch(tag, "Lost").problem(t, http.StatusPreconditionFailed, ticket.CodePreconditionFailed)
		require.Equal(t, `"2"`, stale.header.Get("ETag"))
		require.Equal(t, `"2"`, stale.body["etag"])
	}
	require.Equal(t, []string{"If-Match"}, patch(`2`, "Lost").problem(t, http.StatusBadRequest, ticket.CodeInvalid).fields())
	require.Equal(t, `"3"`, patch(`"1", "2"`, "One").want(t, http.StatusOK).header.Get("ETag"))
	require.Equal(t, `"4"`, patch(`*`, "Two").want(t, http.StatusOK).header.Get("ETag"))
	w.do(t, "POST", path+"/postpone", w.org, object{}, header{"If-Match", `"3"`}).problem(t, http.StatusPreconditionFailed, ticket.CodePreconditionFailed)
	w.do(t, "POST", path+"/postpone", w.org, object{}, header{"If-Match", `"4"`}).want(t, http.StatusOK)
	w.do(t, "POST", path+"/publish", w.org, nil, header{"If-Match", `"4"`}).problem(t, http.StatusPreconditionFailed, ticket.CodePreconditionFailed)
	w.do(t, "POST", path+"/publish", w.org, nil, header{"If-Match", `"5"`}).want(t, http.StatusOK)
}

func TestOfConcurrentChangesToOneVersionOneIsMade(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	path, _ := w.onSale(t)
	race := func(name string, headers ...header) (won int) {
		var wg sync.WaitGroup
		answers := make([]answer, 20)
		for i := range answers {
			wg.Go(func() { answers[i] = w.do(t, "PATCH", path, w.org, object{"name": fmt.Sprint(name, i)}, headers...) })
		}
		wg.Wait()
		for _, a := range answers {
			if a.status == http.StatusOK {
				won++
				continue
			}
			a.problem(t, http.StatusPreconditionFailed, ticket.CodePreconditionFailed)
			require.NotEmpty(t, a.header.Get("ETag"))
		}
		return won
	}
	require.Equal(t, 1, race("First ", header{"If-Match", `"2"`}))
	require.Len(t, w.changes(t, path, w.org), 3, "created, published, changed once")
	require.Equal(t, 20, race("Second "), "without a condition each is made to what is there")
	require.Len(t, w.changes(t, path, w.org), 23)
}

func TestEveryChangeIsWrittenDownForEver(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	path, e := w.onSale(t)
	_, admin := w.token(t, ticket.RoleAdmin)
	w.do(t, "PATCH", path, admin, object{"name": "New", "max_tickets_per_buyer": 4, "prices": []object{{"category": "A", "price": euros(1)}, {"category": "B", "price": euros(4000)}}},
		header{"X-Request-Id", "the-request-1"}).want(t, http.StatusOK)
	w.do(t, "POST", path+"/postpone", w.org, object{"reason": "Rain."}).want(t, http.StatusOK)
	w.do(t, "POST", path+"/blocks", w.org, object{"seats": []string{"F-1-1"}}).want(t, http.StatusOK)
	_, err := connect(t, w.world).Exec(t.Context(), `
		INSERT INTO queue_orders (event_id, order_id, what, given_by, reason, per_minute) VALUES ($1, 'o1', 'SetRate', 'sam', 'slower', 30)`, e.ID)
	require.NoError(t, err)

	log := w.changes(t, path, w.org)
	var whats []any
	for _, c := range log {
		whats = append(whats, c["what"])
	}
	require.Equal(t, []any{"sale-setrate", "seats-blocked", "event-postponed", "event-changed", "event-published", "event-created"}, whats)
	require.Equal(t, object{"per_minute": 30.0}, log[0]["after"])
	require.Equal(t, []any{"F-1-1"}, log[1]["seats"])
	require.Equal(t, object{"status": "scheduled", "status_reason": ""}, log[2]["before"])
	require.Equal(t, object{"status": "postponed", "status_reason": "Rain."}, log[2]["after"])
	require.Equal(t, w.house.organizer, log[2]["by"])
	require.Equal(t, "Someone", log[2]["by_name"])
	changed := log[3]
	require.Equal(t, "the-request-1", changed["request_id"])
	require.NotEqual(t, w.house.organizer, changed["by"])
	require.Equal(t, "Nächtliche Räume", changed["before"].(object)["name"])
	require.Equal(t, "New", changed["after"].(object)["name"])
	require.Len(t, changed["after"], 2, "name and prices; the limit was the same before")
	require.NotContains(t, log[5], "before")

	seen, cursor := []any{}, ""
	for range 3 {
		p := w.do(t, "GET", path+"/changes?limit=2&cursor="+cursor, w.org, nil).want(t, http.StatusOK)
		for _, item := range p.body["items"].([]any) {
			seen = append(seen, item.(object)["what"])
		}
		cursor, _ = p.body["next_cursor"].(string)
	}
	require.Equal(t, whats, seen)
	require.Empty(t, cursor)
	requireAppendOnly(t, connect(t, w.world))
}

func requireAppendOnly(t *testing.T, db *pgx.Conn) {
	t.Helper()
	for _, table := range []string{"event_changes", "block_changes"} {
		for _, statement := range []string{"UPDATE %s SET reason = 'x'", "DELETE FROM %s", "TRUNCATE %s"} {
			_, err := db.Exec(t.Context(), fmt.Sprintf(statement, table))
			require.ErrorContains(t, err, "append-only")
		}
	}
	var n int
	require.NoError(t, db.QueryRow(t.Context(), `SELECT count(*) FROM event_changes WHERE what IN ('venue-created', 'plan-created')`).Scan(&n))
	require.Equal(t, 2, n)
}

func TestOrganizersReadOnlyWhatIsTheirs(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	path, e := w.onSale(t)
	draft := w.house.draft(t, w.world)
	_, stranger := w.token(t, ticket.RoleOrganizer)
	_, buyer := w.token(t, ticket.RoleBuyer)
	_, finance := w.token(t, ticket.RoleFinance)
	_, support := w.token(t, ticket.RoleSupport)
	for _, read := range []string{"/sales", "/sales.csv", "/changes", "/blocks"} {
		w.do(t, "GET", path+read, w.org, nil).want(t, http.StatusOK)
		w.do(t, "GET", path+read, "", nil).problem(t, http.StatusUnauthorized, ticket.CodeUnauthorized)
		w.do(t, "GET", path+read, stranger, nil).problem(t, http.StatusForbidden, ticket.CodeForbidden)
		w.do(t, "GET", draft+read, stranger, nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)
		w.do(t, "GET", path+read, buyer, nil).problem(t, http.StatusForbidden, ticket.CodeForbidden)
		w.do(t, "GET", "/v1/events/none"+read, w.org, nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)
	}
	w.do(t, "GET", path+"/sales", finance, nil).want(t, http.StatusOK)
	w.do(t, "GET", path+"/changes", support, nil).want(t, http.StatusOK)
	w.do(t, "POST", draft+"/postpone", stranger, object{}).problem(t, http.StatusNotFound, ticket.CodeNotFound)
	w.do(t, "POST", path+"/postpone", stranger, object{}).problem(t, http.StatusForbidden, ticket.CodeForbidden)
	w.do(t, "POST", path+"/postpone", buyer, object{}).problem(t, http.StatusForbidden, ticket.CodeForbidden)

	seen, cursor := map[any]any{}, ""
	for range 2 {
		own := w.do(t, "GET", "/v1/organizer/events?limit=1&cursor="+cursor, w.org, nil).want(t, http.StatusOK)
		for _, item := range own.body["items"].([]any) {
			seen[item.(object)["id"]] = item.(object)["status"]
		}
		cursor, _ = own.body["next_cursor"].(string)
	}
	require.Equal(t, map[any]any{e.ID: "on_sale", strings.TrimPrefix(draft, "/v1/events/"): "draft"}, seen)
	require.Empty(t, w.do(t, "GET", "/v1/organizer/events", stranger, nil).want(t, http.StatusOK).body["items"])
	w.do(t, "GET", "/v1/organizer/events", buyer, nil).problem(t, http.StatusForbidden, ticket.CodeForbidden)
	w.do(t, "GET", "/v1/organizer/events/"+e.ID, stranger, nil).problem(t, http.StatusForbidden, ticket.CodeForbidden)
	own := w.do(t, "GET", "/v1/organizer/events/"+e.Slug, w.org, nil).want(t, http.StatusOK)
	require.Equal(t, `"2"`, own.header.Get("ETag"))
}

func TestAKeyMakesOnePostponementAndTheSaleHearsOfIt(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	path, e := w.onSale(t)
	published := <-w.heard
	require.Equal(t, ticket.EventScheduled, published.Status)
	key := header{"Idempotency-Key", "rain"}
	first := w.do(t, "POST", path+"/postpone", w.org, object{"reason": "Rain."}, key).want(t, http.StatusOK)
	require.Equal(t, ticket.EventPostponed, (<-w.heard).Status, "the sale hears what is stored")
	again := w.do(t, "POST", path+"/postpone", w.org, object{"reason": "Rain."}, key).want(t, http.StatusOK)
	require.Equal(t, string(first.raw), string(again.raw))
	w.do(t, "POST", path+"/postpone", w.org, object{"reason": "Snow."}, key).problem(t, http.StatusUnprocessableEntity, ticket.CodeKeyReused)
	w.do(t, "POST", path+"/publish", w.org, nil, header{"Idempotency-Key", "rain"}).want(t, http.StatusOK)
	require.Len(t, w.changes(t, path, w.org), 4)
	soon := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	fresh := w.house.draft(t, w.world)
	w.do(t, "PATCH", fresh, w.org, object{"on_sale_at": soon}).want(t, http.StatusOK)
	w.do(t, "POST", fresh+"/publish", w.org, nil).want(t, http.StatusOK)
	w.do(t, "PATCH", fresh, w.org, object{"on_sale_at": soon.Add(time.Hour)}).want(t, http.StatusOK)
	for last := (*ticket.Event)(nil); ; {
		select {
		case last = <-w.heard:
			continue
		default:
		}
		require.NotEqual(t, e.ID, last.ID)
		require.Equal(t, soon.Add(time.Hour), last.OnSaleAt)
		return
	}
}
