package api_test

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/ticket"
)

func TestSalesAddUpToTheCent(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	path, e := w.onSale(t)
	empty := w.do(t, "GET", path+"/sales", w.org, nil).want(t, http.StatusOK)
	require.Empty(t, empty.body["days"])
	require.Equal(t, object{"capacity": 4.0, "sold": 0.0, "held": 0.0, "blocked": 0.0, "available": 4.0}, empty.body["places"])

	w.sell(t, e, "anna", ticket.Item{SeatIndex: 0, Category: "A", Price: 12550, Fee: 251}, ticket.Item{SeatIndex: 2, Category: "B", Price: 3999, Fee: 0})
	back := w.sell(t, e, "ben", ticket.Item{SeatIndex: 1, Category: "A", Price: 12550, Fee: 249})
	w.hold(t, e, "carl", ticket.Item{SeatIndex: 3, Category: "B", Price: 1})
	db := connect(t, w.world)
	_, err := db.Exec(t.Context(), `UPDATE tickets SET status = 'refunded' WHERE booking_id = $1`, back.ID)
	require.NoError(t, err)
	_, err = db.Exec(t.Context(), `UPDATE tickets SET created_at = created_at - interval '1 day' WHERE booking_id <> $1 AND seat_index = 2`, back.ID)
	require.NoError(t, err)
	time.Sleep(1100 * time.Millisecond) // figures are a second old at most

	sales := w.do(t, "GET", path+"/sales", w.org, nil).want(t, http.StatusOK).body
	require.Equal(t, object{"tickets": 2.0, "face": money(16549), "fees": money(251), "total": money(16800)}, sales["sold"])
	require.Equal(t, object{"tickets": 1.0, "face": money(12550), "fees": money(249), "total": money(12799)}, sales["refunded"])
	require.Equal(t, object{"confirmed": 2.0, "paying": 1.0}, sales["bookings"])
	require.Equal(t, object{"capacity": 4.0, "sold": 3.0, "held": 1.0, "blocked": 0.0, "available": 0.0}, sales["places"],
		"nobody has put the refunded seat on sale again")
	require.Equal(t, "EUR", sales["currency"])
	categories := sales["categories"].([]any)
	require.Len(t, categories, 2)
	require.Equal(t, object{"tickets": 1.0, "face": money(12550), "fees": money(251), "total": money(12801)}, categories[0].(object)["sold"])
	require.Equal(t, object{"capacity": 2.0, "sold": 1.0, "held": 1.0, "blocked": 0.0, "available": 0.0}, categories[1].(object)["places"])
	days := sales["days"].([]any)
	require.Len(t, days, 2)
	require.Equal(t, time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly), days[0].(object)["date"])
	require.InDelta(t, 1, days[0].(object)["sold"].(object)["tickets"], 0)

	sheet := w.do(t, "GET", path+"/sales.csv", w.org, nil).want(t, http.StatusOK)
	require.Equal(t, "text/csv; charset=utf-8", sheet.header.Get("Content-Type"))
	lines, err := csv.NewReader(strings.NewReader(string(sheet.raw))).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"B", "EUR", "1", "39.99", "0.00", "39.99", "0", "0.00", "0.00", "0.00"}, lines[1][1:])
	require.Equal(t, []string{"A", "EUR", "1", "125.50", "2.51", "128.01", "1", "125.50", "2.49", "127.99"}, lines[2][1:])

	require.NoError(t, w.live.Close())
	blind := w.do(t, "GET", path+"/sales", w.org, nil).want(t, http.StatusOK).body
	require.NotContains(t, blind, "places", "the books are told without the live map")
	require.Equal(t, sales["sold"], blind["sold"])
}

func money(amount int) object { return object{"amount": float64(amount), "currency": "EUR"} }
