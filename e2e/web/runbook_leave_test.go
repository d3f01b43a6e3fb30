//go:build browser

package web_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/system"
)

func eraseData(t *testing.T, c *call) {
	login := map[string]string{"email": fmt.Sprintf("leaves-%d@example.org", visitors.Add(1)), "password": password}
	account := c.ask(t, c.Anonymous(), http.MethodPost, "/v1/users", map[string]string{"email": login["email"], "password": password, "name": "Lea Leaves"}, http.StatusCreated)
	session := c.ask(t, c.Anonymous(), http.MethodPost, "/v1/sessions", login, http.StatusCreated)
	c.buyer = system.NewClient(c.APIs[0].URL)
	c.buyer.UserID, c.buyer.Token = field(t, account, "id"), field(t, session, "access_token")
	c.books(t, 1, nil, "held")
	owner := map[string]string{"password": password}
	c.ask(t, c.buyer, http.MethodDelete, "/v1/me", owner, http.StatusConflict)
	c.finds(t, c.booking.ID, "Holds 1 seat for")
	c.update(t, "Cancel", c.writes())
	c.becomes(t, c.booking.ID, "canceled")
	c.ask(t, c.buyer, http.MethodDelete, "/v1/me", owner, http.StatusNoContent)
	found, err := c.support.Do(t.Context(), http.MethodGet, "/v1/support/accounts?email="+login["email"], nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, found.Status)
}

func showCanceled(t *testing.T, c *call) {
	before, next := c.event, c.next
	defer func() { c.event, c.next = before, next }()
	var err error
	c.event, err = c.NewEvent(t.Context(), system.Hall{Rows: 1, Width: 4})
	require.NoError(t, err)
	c.next = 0
	require.NoError(t, c.Break(t.Context(), "stripe", "error", "refund"))
	c.books(t, 2, system.Visa, "confirmed")
	c.ask(t, c.event.Organizer, http.MethodPost, "/v1/events/"+c.event.ID+"/cancel", map[string]string{"reason": "the singer is ill"}, http.StatusAccepted)
	c.finds(t, "cancel-event/"+c.event.ID)
	c.update(t, "Pause", c.writes())
	c.says(t, "Paused by you@example.com")
	c.update(t, "Resume", c.writes())
	require.NoError(t, c.Mend(t.Context()))
	c.becomes(t, c.booking.ID, "refunded")
	c.taken(t, c.booking.ID, 0)
}
