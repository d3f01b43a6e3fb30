package seatingplan

import (
	"math"
	"strconv"
	"strings"

	"yourticket.example/ticket"
)

// Plan lists the places that the file describes, in an order that never
// changes: zones, rows and seats as they stand in the file, then the standing
// areas, whose places have the ids "<name>-1", "<name>-2" and so on. Positions
// are those in the drawing; a standing place lies in the middle of the drawn
// area that bears its name, or at the stage when there is none.
//
// A zone without a name goes by its zone_id or its number in the file, a row
// without one by its number in the zone: only standing places have no row.
func (f *File) Plan(id string) *ticket.Plan {
	seats := make([]ticket.Seat, 0, f.Places())
	for zi, z := range f.Zones {
		zone := zoneName(&z, zi)
		for ri, row := range z.Rows {
			number := row.Number
			if strings.TrimSpace(number) == "" {
				number = strconv.Itoa(ri + 1)
			}
			origin := z.Position.plus(row.Position)
			for _, s := range row.Seats {
				at := origin.plus(s.Position)
				seats = append(seats, ticket.Seat{
					ID: s.GUID, Index: len(seats), Zone: zone, Row: number, Number: s.Number,
					Category: s.Category, X: tidy(at.X), Y: tidy(at.Y),
				})
			}
		}
	}
	for _, s := range f.Standing {
		at := f.standingAt(s.Name)
		for n := 1; n <= s.Capacity; n++ {
			seats = append(seats, ticket.Seat{
				ID: standingID(s.Name, n), Index: len(seats), Zone: s.Name, Number: strconv.Itoa(n),
				Category: s.Category, X: tidy(at.X), Y: tidy(at.Y),
			})
		}
	}
	return ticket.NewPlan(id, f.Name, seats)
}

func zoneName(z *Zone, index int) string {
	switch {
	case strings.TrimSpace(z.Name) != "":
		return z.Name
	case strings.TrimSpace(z.ZoneID) != "":
		return z.ZoneID
	default:
		return "Zone " + strconv.Itoa(index+1)
	}
}

// tidy rounds to a thousandth, so that sums do not grow tails of digits.
func tidy(v float64) float64 { return math.Round(v*1000) / 1000 }

// stageNames are what an area that is the stage is labelled with.
var stageNames = []string{"stage", "main stage", "bühne", "scène", "escenario", "palco", "palcoscenico", "podium", "scen", "scene", "scena"}

// Focus is the point that the public looks at: the middle of the area that is
// labelled as the stage, or the middle of the drawing's upper edge.
func (f *File) Focus() Point {
	for _, name := range stageNames {
		if at, found := f.areaNamed(name); found {
			return at
		}
	}
	return Point{X: float64(f.Size.Width) / 2}
}

func (f *File) standingAt(name string) Point {
	if at, found := f.areaNamed(name); found {
		return at
	}
	return f.Focus()
}

// areaNamed gives the middle of the first area with this label, whatever its case.
func (f *File) areaNamed(label string) (Point, bool) {
	for _, z := range f.Zones {
		for i := range z.Areas {
			a := &z.Areas[i]
			if a.Text != nil && strings.EqualFold(strings.TrimSpace(a.Text.Text), label) {
				return z.Position.plus(a.Position).plus(turned(a.middle(), a.Rotation)), true
			}
		}
	}
	return Point{}, false
}

// middle is the middle of the shape relative to the area's position, before
// any rotation.
func (a *Area) middle() Point {
	switch {
	case a.Shape == "rectangle" && a.Rectangle != nil:
		return Point{X: a.Rectangle.Width / 2, Y: a.Rectangle.Height / 2}
	case a.Shape == "polygon" && a.Polygon != nil && len(a.Polygon.Points) > 0:
		var sum Point
		for _, p := range a.Polygon.Points {
			sum = sum.plus(p)
		}
		n := float64(len(a.Polygon.Points))
		return Point{X: sum.X / n, Y: sum.Y / n}
	case a.Shape == "text" && a.Text != nil:
		return a.Text.Position
	default: // circles and ellipses lie around their position
		return Point{}
	}
}

// turned rotates a point clockwise around the origin of a drawing whose y axis
// points down.
func turned(p Point, degrees float64) Point {
	if degrees == 0 {
		return p
	}
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	return Point{X: p.X*cos - p.Y*sin, Y: p.X*sin + p.Y*cos}
}
