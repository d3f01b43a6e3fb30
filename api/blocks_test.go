package api_test

import (
	"encoding/json"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/seatingplan"
	"yourticket.example/ticket"
)

func TestHouseSeatsGoAndComeBack(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	path, e := w.onSale(t)
	w.sell(t, e, "anna", ticket.Item{SeatIndex: 0, Category: "A", Price: 1})
	w.hold(t, e, "ben", ticket.Item{SeatIndex: 2, Category: "B", Price: 1})
	require.Equal(t, "saha", w.seatsNow(t, path))

	refused := w.do(t, "POST", path+"/blocks", w.org, object{"seats": []string{"F-1-1", "F-1-2", "Pit-1"}}).
		problem(t, http.StatusConflict, ticket.CodeSeatsUnavailable)
	require.Equal(t, []any{"F-1-1", "Pit-1"}, refused.body["unavailable"])
	require.NotContains(t, refused.body, "unavailable_indexes")
	require.Equal(t, "saha", w.seatsNow(t, path), "all or none")

	for range 2 {
		done := w.do(t, "POST", path+"/blocks", w.org, object{"seats": []string{"F-1-2"}, "reason": "press"}).want(t, http.StatusOK)
		require.Equal(t, []any{"F-1-2"}, done.body["seats"])
	}
	w.do(t, "POST", path+"/blocks", w.org, object{"zone": "Pit", "quantity": 1}).want(t, http.StatusOK)
	w.do(t, "POST", path+"/blocks", w.org, object{"zone": "Pit", "quantity": 1}).problem(t, http.StatusConflict, ticket.CodeSeatsUnavailable)
	require.Equal(t, "sbhb", w.seatsNow(t, path))
	list := w.do(t, "GET", path+"/blocks?limit=1", w.org, nil).want(t, http.StatusOK)
	require.Equal(t, "press", list.body["items"].([]any)[0].(object)["reason"])
	require.Equal(t, "F-1-2", list.body["items"].([]any)[0].(object)["id"])
	rest := w.do(t, "GET", path+"/blocks?limit=1&cursor="+list.body["next_cursor"].(string), w.org, nil).want(t, http.StatusOK)
	require.Equal(t, "Pit-2", rest.body["items"].([]any)[0].(object)["id"])
	require.NotContains(t, rest.body, "next_cursor")

	for range 2 { // a repeated release meets what is sold, and leaves it alone
		w.do(t, "DELETE", path+"/blocks", w.org, object{"zone": "Floor", "row": "1"}).want(t, http.StatusNoContent)
		require.Equal(t, "sahb", w.seatsNow(t, path))
	}
	w.do(t, "DELETE", path+"/blocks", w.org, object{"category": "B"}).want(t, http.StatusNoContent)
	require.Equal(t, "saha", w.seatsNow(t, path))

	log := w.changes(t, path, w.org)
	require.Equal(t, []any{"seats-released", []any{"Pit-2"}}, []any{log[0]["what"], log[0]["seats"]})
	require.Equal(t, []any{"seats-blocked", []any{"F-1-2"}, "press"}, []any{log[3]["what"], log[3]["seats"], log[3]["reason"]})
}

func TestBlocksNameWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	path, _ := w.onSale(t)
	for name, c := range map[string]struct {
		body   object
		fields []string
	}{
		"nothing":                      {object{}, []string{"seats"}},
		"seats and a zone":             {object{"seats": []string{"F-1-1"}, "zone": "Pit"}, []string{"seats"}},
		"no seats":                     {object{"seats": []string{}}, []string{"seats"}},
		"unknown seats":                {object{"seats": []string{"F-1-1", "X", "F-1-1"}}, []string{"seats[1]", "seats[2]"}},
		"an unknown zone":              {object{"zone": "X"}, []string{"zone"}},
		"an unknown row":               {object{"zone": "Floor", "row": "9"}, []string{"row"}},
		"a row of no zone":             {object{"row": "1"}, []string{"zone"}},
		"an unknown category":          {object{"category": "X"}, []string{"category"}},
		"a category of another zone":   {object{"zone": "Pit", "category": "A"}, []string{"category"}},
		"a quantity of seats by name":  {object{"seats": []string{"F-1-1"}, "quantity": 1}, []string{"quantity"}},
		"a quantity that is none":      {object{"zone": "Pit", "quantity": 0}, []string{"quantity"}},
		"a reason that is no sentence": {object{"zone": "Pit", "reason": "a\u0007"}, []string{"reason"}},
	} {
		t.Run(name, func(t *testing.T) {
			bad := w.do(t, "POST", path+"/blocks", w.org, c.body).problem(t, http.StatusUnprocessableEntity, ticket.CodeInvalid)
			require.Equal(t, c.fields, bad.fields())
		})
	}
	require.Equal(t, "aaaa", w.seatsNow(t, path))
}

func TestThousandsOfSeatsAreBlockedInOneCall(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	file := seatingplan.GenerateStadium("Stadium", 30_000)
	document, err := json.Marshal(file)
	require.NoError(t, err)
	plan := w.do(t, "POST", "/v1/venues/"+w.house.venue+"/plans", w.org, string(document)).want(t, http.StatusCreated)
	body := w.house.event()
	var prices []object
	for _, c := range plan.body["categories"].([]any) {
		prices = append(prices, object{"category": c, "price": euros(1)})
	}
	body["plan_id"], body["prices"] = plan.body["id"], prices
	path := w.do(t, "POST", "/v1/events", w.org, body).want(t, http.StatusCreated).header.Get("Location")
	var ids []string
	for _, seat := range file.Plan("").Seats[:12_000] {
		ids = append(ids, seat.ID)
	}
	w.do(t, "POST", path+"/blocks", w.org, object{"seats": ids, "reason": "promoter"}).want(t, http.StatusOK)
	require.InDelta(t, 18_000, w.do(t, "GET", path, w.org, nil).body["availability"].(object)["available"], 0)
	w.do(t, "POST", path+"/blocks", w.org, object{"category": "Standing", "quantity": 3000}).want(t, http.StatusOK)
	require.InDelta(t, 15_000, w.do(t, "GET", path, w.org, nil).body["availability"].(object)["available"], 0)
	w.do(t, "DELETE", path+"/blocks", w.org, object{"seats": ids}).want(t, http.StatusNoContent)
	require.InDelta(t, 27_000, w.do(t, "GET", path, w.org, nil).body["availability"].(object)["available"], 0)
}

func TestReleasedSeatsShowInTheStreamAtOnce(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	path, _ := w.onSale(t)
	stream := watch(t, w.world, path)
	require.Contains(t, stream.next(t), `"seats":"aaaa"`)
	w.do(t, "POST", path+"/blocks", w.org, object{"seats": []string{"F-1-2"}}).want(t, http.StatusOK)
	require.Contains(t, stream.next(t), `[1,"b"]`)
	w.do(t, "DELETE", path+"/blocks", w.org, object{"seats": []string{"F-1-2"}}).want(t, http.StatusNoContent)
	require.Contains(t, stream.next(t), `[1,"a"]`)
}

func TestTheSameBlockTwiceUnderOneKeyIsOne(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	path, _ := w.onSale(t)
	key := header{"Idempotency-Key", "pit-1"}
	var wg sync.WaitGroup
	answers := make([]answer, 5)
	for i := range answers {
		wg.Go(func() { answers[i] = w.do(t, "POST", path+"/blocks", w.org, object{"zone": "Pit", "quantity": 1}, key) })
	}
	wg.Wait()
	for _, a := range answers {
		require.Equal(t, string(answers[0].want(t, http.StatusOK).raw), string(a.raw))
	}
	require.Equal(t, "aaab", w.seatsNow(t, path), "one place of the pit, not five")
	w.do(t, "POST", path+"/blocks", w.org, object{"zone": "Pit"}, key).problem(t, http.StatusUnprocessableEntity, ticket.CodeKeyReused)
}
