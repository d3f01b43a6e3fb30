package seatingplan

import (
	"strconv"
	"strings"
)

// check finds what no single value shows: references to categories that are
// not there, ids that are used twice, a plan without places. What was empty or
// of the wrong type has been reported before.
func (p *parser) check(f *File) {
	categories := p.checkCategories(f)
	standing := p.checkStanding(f, categories)
	guids := make(map[string]seatAt, p.places)
	for zi, z := range f.Zones {
		for ri, row := range z.Rows {
			for si := range row.Seats {
				if p.stop {
					return
				}
				p.checkSeat(seatAt{zi, ri, si}, &row.Seats[si], categories, guids, standing)
			}
		}
	}
	p.path = p.path[:0]
	if p.places == 0 && len(p.faults) == 0 {
		p.path = append(p.path, step{"zones", 0})
		p.fault("hold no seat, and there is no standing area")
	}
}

// seatAt is where a seat stands in the file: its zone, row and seat numbers.
type seatAt [3]int

func (a seatAt) path() []step {
	return []step{{"zones", 0}, {"", a[0]}, {"rows", 0}, {"", a[1]}, {"seats", 0}, {"", a[2]}}
}

// checkCategories gives the set of the names.
func (p *parser) checkCategories(f *File) map[string]bool {
	names := make(map[string]bool, len(f.Categories))
	for i, c := range f.Categories {
		p.path = append(p.path[:0], step{"categories", 0}, step{"", i}, step{"name", 0})
		if names[c.Name] && c.Name != "" {
			p.fault("%q is the name of a category before it", clip(c.Name))
		}
		names[c.Name] = true
	}
	if len(f.Categories) > MaxCategories {
		p.path = append(p.path[:0], step{"categories", 0})
		p.fault("must not be more than %d", MaxCategories)
	}
	return names
}

// checkStanding gives the capacities by name.
func (p *parser) checkStanding(f *File, categories map[string]bool) map[string]int {
	capacities := make(map[string]int, len(f.Standing))
	for i, s := range f.Standing {
		at := []step{{"standing", 0}, {"", i}}
		p.checkCategory(at, s.Category, categories)
		if _, twice := capacities[s.Name]; twice && s.Name != "" {
			p.path = append(append(p.path[:0], at...), step{"name", 0})
			p.fault("%q is the name of a standing area before it", clip(s.Name))
		}
		capacities[s.Name] = s.Capacity
	}
	return capacities
}

// checkCategory works on the member "category" of the element at a path.
func (p *parser) checkCategory(at []step, name string, categories map[string]bool) {
	if name == "" || categories[name] {
		return
	}
	p.path = append(append(p.path[:0], at...), step{"category", 0})
	p.fault("%q is not one of the plan's categories", clip(name))
}

func (p *parser) checkSeat(at seatAt, s *Seat, categories map[string]bool, guids map[string]seatAt, standing map[string]int) {
	if !categories[s.Category] {
		p.checkCategory(at.path(), s.Category, categories)
	}
	if s.GUID == "" {
		return
	}
	first, twice := guids[s.GUID]
	switch {
	case twice:
		p.path = append(at.path(), step{"seat_guid", 0})
		p.fault("%q is the id of %s too", clip(s.GUID), pathText(first.path()))
	case isStandingID(s.GUID, standing):
		p.path = append(at.path(), step{"seat_guid", 0})
		p.fault("%q is the id of a standing place too", clip(s.GUID))
	default:
		guids[s.GUID] = at
	}
}

// standingID is the id of the n-th place of a standing area.
func standingID(name string, n int) string { return name + "-" + strconv.Itoa(n) }

// isStandingID tells whether the id is that of a place in a standing area.
func isStandingID(id string, capacities map[string]int) bool {
	i := strings.LastIndexByte(id, '-')
	if i < 0 {
		return false
	}
	capacity, known := capacities[id[:i]]
	n, err := strconv.Atoi(id[i+1:])
	return known && err == nil && n >= 1 && n <= capacity && standingID(id[:i], n) == id
}
