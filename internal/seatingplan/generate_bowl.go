package seatingplan

import (
	"math"
	"strconv"
)

// Floor is what stands between the stage and the stands of an arena.
type Floor int

// The floors.
const (
	StandingFloor Floor = iota
	SeatedFloor
)

// bowl is a venue whose stands surround a floor on three sides: blocks along
// both sides and the far end, wedges in the corners, tiers one above another.
type bowl struct {
	side, end int // blocks along each side and along the far end
	wedges    int // blocks in each corner
	perBlock  int // seats in a row of a straight block
	tiers     []string
}

// bowlCategories are those of every generated bowl, best first.
func bowlCategories(tiers []string, floor Floor) []string {
	first := CategoryStanding
	if floor == SeatedFloor {
		first = CategoryFloor
	}
	return append([]string{first, CategoryPremium}, tiers...)
}

// GenerateArena builds an indoor arena with exactly the given number of places
// (2,000 to 40,000): two tiers of about two thirds of them around a floor,
// which takes the rest standing or in rows of seats. Its categories are
// Standing or Floor, Premium, Lower Tier and Upper Tier.
func GenerateArena(name string, capacity int, floor Floor) *File {
	b := bowl{side: 4, end: 3, wedges: 2, perBlock: 16, tiers: []string{CategoryLower, CategoryUpper}}
	if capacity > 12_500 {
		b.side, b.end = 6, 4
	}
	seated := capacity * 65 / 100
	if floor == SeatedFloor {
		seated = capacity * 85 / 100
	}
	return b.build(name, capacity, seated, floor)
}

// GenerateStadium builds a stadium with exactly the given number of places
// (10,000 to 100,000): three tiers of about three fifths of them, and a
// standing pitch in two parts. Its categories are Standing, Premium, Lower
// Tier, Middle Tier and Upper Tier.
func GenerateStadium(name string, capacity int) *File {
	b := bowl{
		side: 10, end: 6, wedges: 4, perBlock: 18,
		tiers: []string{CategoryLower, CategoryMiddle, CategoryUpper},
	}
	return b.build(name, capacity, capacity*60/100, StandingFloor)
}

// build draws the bowl with as many rows in each tier as give at most the
// wanted number of seats in the stands.
func (w bowl) build(name string, capacity, seated int, floor Floor) *File {
	rows := 1
	for w.seats(rows+1) <= seated {
		rows++
	}
	b := newBuilder(name, bowlCategories(w.tiers, floor)...)
	for t, category := range w.tiers {
		for i, block := range w.blocks() {
			b.zone(strconv.Itoa((t+1)*100 + i + 1))
			for r := range rows {
				c := category
				if t == 0 && block.premium {
					c = CategoryPremium
				}
				b.row(rowLetters(r), c, block.at(w.depth(t, r, rows)))
			}
		}
	}
	half := w.half()
	b.stage(Point{Y: -half.Y + 90}, half.X*1.3, 130)
	rest := capacity - b.file.Places()
	middle, width, height := Point{Y: 80}, 2*half.X-60, 2*half.Y-220
	switch {
	case floor == SeatedFloor:
		b.floorSeats(rest, Point{Y: -half.Y + 150}, width)
	case len(w.tiers) > 2:
		front := rest / 4
		b.standing("Front Pitch", front, Point{Y: middle.Y - height*3/8}, width, height/4-20)
		b.standing("Pitch", rest-front, Point{Y: middle.Y + height/8}, width, height*3/4)
	default:
		b.standing("Floor", rest, middle, width, height)
	}
	return b.done()
}

// half is half the width and length of the floor.
func (w bowl) half() Point {
	block := float64(w.perBlock)*seatPitch + aisleGap
	return Point{X: float64(w.end) * block / 2, Y: float64(w.side) * block / 2}
}

// depth is how far a row lies outside the floor's edge.
func (w bowl) depth(tier, row, rows int) float64 {
	return 120 + float64(tier)*(float64(rows)*rowPitch+70) + float64(row)*rowPitch
}

// seats counts the seats of the stands with this many rows in each tier.
func (w bowl) seats(rows int) int {
	n := 0
	for t := range w.tiers {
		for _, block := range w.blocks() {
			for r := range rows {
				n += len(block.at(w.depth(t, r, rows)))
			}
		}
	}
	return n
}

// stand is one block: at gives the seats of the row that lies so far outside
// the floor's edge.
type stand struct {
	premium bool
	at      func(depth float64) []Point
}

// blocks lists the blocks of one tier, clockwise from the right of the stage.
func (w bowl) blocks() []stand {
	h := w.half()
	block := float64(w.perBlock)*seatPitch + aisleGap
	all := make([]stand, 0, 2*w.side+w.end+2*w.wedges)
	for i := range w.side {
		from := Point{X: h.X, Y: -h.Y + float64(i)*block}
		all = append(all, w.straight(from, Point{Y: 1}, Point{X: 1}, i == 1))
	}
	all = append(all, w.corner(h, 0)...)
	for i := range w.end {
		from := Point{X: h.X - float64(i)*block, Y: h.Y}
		all = append(all, w.straight(from, Point{X: -1}, Point{Y: 1}, false))
	}
	all = append(all, w.corner(Point{X: -h.X, Y: h.Y}, math.Pi/2)...)
	for i := range w.side {
		from := Point{X: -h.X, Y: h.Y - float64(i)*block}
		all = append(all, w.straight(from, Point{Y: -1}, Point{X: -1}, i == w.side-2))
	}
	return all
}

// straight is a block that begins at a point of the floor's edge and runs
// along it; its rows lie outward.
func (w bowl) straight(from, along, outward Point, premium bool) stand {
	return stand{premium: premium, at: func(depth float64) []Point {
		row := make([]Point, w.perBlock)
		for i := range row {
			d := (aisleGap+seatPitch)/2 + float64(i)*seatPitch
			row[i] = Point{X: from.X + along.X*d + outward.X*depth, Y: from.Y + along.Y*d + outward.Y*depth}
		}
		return row
	}}
}

// corner is the wedges of a quarter circle that begins at an angle.
func (w bowl) corner(middle Point, begin float64) []stand {
	wedge := math.Pi / 2 / float64(w.wedges)
	all := make([]stand, w.wedges)
	for k := range all {
		centre := begin + (float64(k)+0.5)*wedge
		all[k].at = func(radius float64) []Point {
			n := int((radius*wedge - aisleGap) / seatPitch)
			if n < 2 {
				return nil
			}
			return arc(middle, radius, centre, n)
		}
	}
	return all
}

// arc is n seats on a circle around a middle, evenly to both sides of an angle
// that is measured clockwise from the right.
func arc(middle Point, radius, angle float64, n int) []Point {
	row := make([]Point, n)
	for i := range row {
		sin, cos := math.Sincos(angle + (float64(i)-float64(n-1)/2)*seatPitch/radius)
		row[i] = Point{X: middle.X + radius*cos, Y: middle.Y + radius*sin}
	}
	return row
}

// floorSeats fills the floor with rows of three blocks until all are seated.
func (b *builder) floorSeats(places int, front Point, width float64) {
	b.zone("Floor")
	block := max(4, int((width-2*aisleGap)/3/seatPitch))
	span := float64(3*block)*seatPitch + 2*aisleGap
	for r := 0; places > 0; r++ {
		n := min(places, 3*block)
		places -= n
		row := make([]Point, n)
		for i := range row {
			x := (float64(i)+0.5)*seatPitch + float64(i/block)*aisleGap - span/2
			row[i] = Point{X: front.X + x, Y: front.Y + float64(r)*rowPitch}
		}
		b.row(strconv.Itoa(r+1), CategoryFloor, row)
	}
}
