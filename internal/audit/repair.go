package audit

import (
	"context"
	"maps"
	"slices"
)

// Repairer rebuilds what is derived.
type Repairer interface {
	// RepairSeats rebuilds the live map of an event from the books.
	RepairSeats(ctx context.Context, eventID string) error
	// RepairRoom rebuilds the live state of a waiting room from the books.
	RepairRoom(ctx context.Context, eventID string) error
	// RepairSearch rebuilds the search index from the catalogue.
	RepairSearch(ctx context.Context) error
}

// damage is what is derived and was found wrong.
type damage struct {
	maps, rooms map[string]bool
	search      bool
}

func (d *damage) seats(eventID string) {
	if d.maps == nil {
		d.maps = map[string]bool{}
	}
	d.maps[eventID] = true
}

func (d *damage) room(eventID string) {
	if d.rooms == nil {
		d.rooms = map[string]bool{}
	}
	d.rooms[eventID] = true
}

func (d *damage) none() bool { return len(d.maps) == 0 && len(d.rooms) == 0 && !d.search }

// repair rebuilds what was found wrong. Books are never changed: what they say
// is what everything else is made from.
func (a *audit) repair(ctx context.Context) []Repair {
	var done []Repair
	did := func(what, id string, err error) {
		r := Repair{What: what, ID: id}
		if err != nil {
			r.Error = err.Error()
		}
		done = append(done, r)
	}
	for _, id := range slices.Sorted(maps.Keys(a.damage.maps)) {
		did("seat map", id, a.Repair.RepairSeats(ctx, id))
	}
	for _, id := range slices.Sorted(maps.Keys(a.damage.rooms)) {
		did("waiting room", id, a.Repair.RepairRoom(ctx, id))
	}
	if a.damage.search {
		did("search index", "", a.Repair.RepairSearch(ctx))
	}
	return done
}
