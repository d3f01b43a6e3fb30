package inventory

import (
	"context"

	"yourticket.example/internal/redis"
)

// Changes reads what happened to the maps of events after versions that were
// read before; see redis.Seats.Changes. It rebuilds nothing: where it finds a
// gap, Snapshot gives the map of today, and rebuilds it when it was lost.
func (v *Inventory) Changes(ctx context.Context, cursors []redis.Cursor, limit int) []redis.Changes {
	return v.live.Changes(ctx, cursors, limit)
}
