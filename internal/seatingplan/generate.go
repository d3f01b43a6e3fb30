package seatingplan

import (
	"math"
	"strconv"
	"strings"
)

// The categories of generated plans.
const (
	CategoryStanding = "Standing"
	CategoryFloor    = "Floor"
	CategoryPremium  = "Premium"
	CategoryLower    = "Lower Tier"
	CategoryMiddle   = "Middle Tier"
	CategoryUpper    = "Upper Tier"
	CategoryStalls   = "Stalls"
	CategoryCircle   = "Circle"
	CategoryBalcony  = "Balcony"
)

// The measures of generated plans in pixels: of neighbouring seats, of rows,
// of the aisle between two blocks, of the margin around it all.
const (
	seatPitch = 22.0
	rowPitch  = 26.0
	aisleGap  = 34.0
	margin    = 60.0
)

var colors = map[string]string{
	CategoryStanding: "#7c3aed", CategoryFloor: "#7c3aed", CategoryPremium: "#d97706",
	CategoryLower: "#2563eb", CategoryMiddle: "#0891b2", CategoryUpper: "#16a34a",
	CategoryStalls: "#2563eb", CategoryCircle: "#0891b2", CategoryBalcony: "#16a34a",
}

// builder collects what is drawn, anywhere in the plane, and moves it into the
// drawing at the end.
type builder struct {
	file    File
	drawing Zone
	min     Point
	max     Point
}

func newBuilder(name string, categories ...string) *builder {
	b := &builder{min: Point{math.Inf(1), math.Inf(1)}, max: Point{math.Inf(-1), math.Inf(-1)}}
	b.file.Name = name
	for _, c := range categories {
		b.file.Categories = append(b.file.Categories, Category{Name: c, Color: colors[c]})
	}
	b.drawing = Zone{Name: "Drawing", ZoneID: "drawing", Rows: []Row{}}
	return b
}

func (b *builder) reach(p Point) {
	b.min = Point{min(b.min.X, p.X), min(b.min.Y, p.Y)}
	b.max = Point{max(b.max.X, p.X), max(b.max.Y, p.Y)}
}

// zone opens a zone; rows that follow belong to it.
func (b *builder) zone(name string) {
	b.file.Zones = append(b.file.Zones, Zone{Name: name, ZoneID: name, Rows: []Row{}})
}

// row adds a row of seats, numbered from 1, to the last zone. The positions
// are those in the plane.
func (b *builder) row(number, category string, at []Point) {
	if len(at) == 0 {
		return
	}
	z := &b.file.Zones[len(b.file.Zones)-1]
	first := tenth(at[0])
	row := Row{Number: number, NumberPosition: "both", Position: first, Seats: make([]Seat, len(at))}
	for i, p := range at {
		b.reach(p)
		n := strconv.Itoa(i + 1)
		row.Seats[i] = Seat{
			GUID: z.Name + "-" + number + "-" + n, Number: n, Category: category,
			Position: tenth(Point{X: p.X - first.X, Y: p.Y - first.Y}),
		}
	}
	z.Rows = append(z.Rows, row)
}

// box draws a labelled rectangle around a middle.
func (b *builder) box(label, color string, middle Point, width, height float64) {
	corner := tenth(Point{X: middle.X - width/2, Y: middle.Y - height/2})
	b.reach(corner)
	b.reach(Point{X: middle.X + width/2, Y: middle.Y + height/2})
	b.drawing.Areas = append(b.drawing.Areas, Area{
		Shape: "rectangle", Color: color, BorderColor: "#475569", Position: corner,
		Rectangle: &Rectangle{Width: math.Round(width), Height: math.Round(height)},
		Text: &Text{
			Text: label, Color: "#ffffff", Size: 28,
			Position: Point{X: math.Round(width / 2), Y: math.Round(height / 2)},
		},
	})
}

// stage draws the stage with the middle of its front edge at a point.
func (b *builder) stage(front Point, width, depth float64) {
	b.box("STAGE", "#334155", Point{X: front.X, Y: front.Y - depth/2}, width, depth)
}

// standing adds a standing area and draws it.
func (b *builder) standing(name string, capacity int, middle Point, width, height float64) {
	b.file.Standing = append(b.file.Standing, Standing{Name: name, Category: CategoryStanding, Capacity: capacity})
	b.box(name, colors[CategoryStanding], middle, width, height)
}

// done moves everything to the right and down of the origin and measures it.
func (b *builder) done() *File {
	shift := tenth(Point{X: margin - b.min.X, Y: margin - b.min.Y})
	b.file.Zones = append(b.file.Zones, b.drawing)
	for i := range b.file.Zones {
		b.file.Zones[i].Position = shift
	}
	b.file.Size = Size{
		Width:  int(math.Ceil(b.max.X - b.min.X + 2*margin)),
		Height: int(math.Ceil(b.max.Y - b.min.Y + 2*margin)),
	}
	return &b.file
}

func tenth(p Point) Point {
	return Point{X: math.Round(p.X*10) / 10, Y: math.Round(p.Y*10) / 10}
}

// rowLetters names rows as theatres do: A to Z without I and O, then AA, BB and so on.
func rowLetters(i int) string {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
	return strings.Repeat(letters[i%len(letters):][:1], i/len(letters)+1)
}
