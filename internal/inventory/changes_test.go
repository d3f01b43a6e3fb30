package inventory_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
)

func TestChangesAfterALossAskForTheMapWhichRebuildsIt(t *testing.T) {
	t.Parallel()
	h := open(t, 1)
	version, _, err := h.Snapshot(t.Context(), h.event)
	require.NoError(t, err)
	cursor := []redis.Cursor{{EventID: h.event.ID, After: version}}
	_, err = h.Hold(t.Context(), h.event, request("bk_1", "anna", 4))
	require.NoError(t, err)
	found := h.Changes(t.Context(), cursor, 10)[0]
	require.Len(t, found.List, 1)
	require.Equal(t, ticket.SeatHeld, found.List[0].State)

	time.Sleep(2 * time.Millisecond) // ids of a stream that begins anew count from the clock
	require.NoError(t, h.live.FlushDB(t.Context()).Err())
	require.True(t, h.Changes(t.Context(), cursor, 10)[0].Gap)
	cursor[0].After, _, err = h.Snapshot(t.Context(), h.event)
	require.NoError(t, err)
	require.NotEqual(t, version, cursor[0].After)
	require.Equal(t, redis.Changes{}, h.Changes(t.Context(), cursor, 10)[0])
}
