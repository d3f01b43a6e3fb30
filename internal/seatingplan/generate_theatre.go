package seatingplan

import "math"

// level is a storey of a theatre.
type level struct {
	name     string
	category string
	// share is this level's part of the seats, in percent; 100 takes what the
	// levels before it left.
	share int
	// premiumRows counts the rows at the front that are CategoryPremium.
	premiumRows int
}

// GenerateTheatre builds a theatre or concert hall with exactly the given
// numbers of seats (200 to 8,000) and of standing places behind the stalls (0
// for none): curved rows in three sections on three levels. Its categories are
// Premium, Stalls, Circle and Balcony, and Standing when there are such places.
func GenerateTheatre(name string, seats, standing int) *File {
	categories := []string{CategoryPremium, CategoryStalls, CategoryCircle, CategoryBalcony}
	if standing > 0 {
		categories = append(categories, CategoryStanding)
	}
	b := newBuilder(name, categories...)
	b.levels(seats, []level{
		{name: "Stalls", category: CategoryStalls, share: 55, premiumRows: 5},
		{name: "Circle", category: CategoryCircle, share: 25},
		{name: "Balcony", category: CategoryBalcony, share: 100},
	})
	if standing > 0 {
		b.standing("Standing Room", standing, Point{Y: b.max.Y + 90}, 600, 80)
	}
	return b.done()
}

// GenerateAmphitheatre builds an open-air theatre with exactly the given number
// of seats (1,000 to 40,000): one slope of long curved rows in three sections.
// Its categories are Premium, Stalls and Balcony, which is the upper part.
func GenerateAmphitheatre(name string, seats int) *File {
	b := newBuilder(name, CategoryPremium, CategoryStalls, CategoryBalcony)
	b.levels(seats, []level{
		{name: "Lower Slope", category: CategoryStalls, share: 50, premiumRows: 8},
		{name: "Upper Slope", category: CategoryBalcony, share: 100},
	})
	return b.done()
}

// GenerateClub builds a club with exactly the given number of places (100 to
// 10,000): a standing floor, and a sixth of the places in seats on a balcony.
// Its categories are Standing and Balcony.
func GenerateClub(name string, capacity int) *File {
	b := newBuilder(name, CategoryStanding, CategoryBalcony)
	seats := capacity / 6
	width := math.Sqrt(float64(capacity)) * 16
	b.standing("Floor", capacity-seats, Point{Y: width * 0.45}, width, width*0.8)
	b.stage(Point{}, width*0.7, 90)
	perRow := int(width / seatPitch)
	b.zone("Balcony")
	for r := 0; seats > 0; r++ {
		n := min(seats, perRow)
		seats -= n
		row := make([]Point, n)
		for i := range row {
			row[i] = Point{X: (float64(i) - float64(n-1)/2) * seatPitch, Y: width*0.9 + float64(r)*rowPitch}
		}
		b.row(rowLetters(r), CategoryBalcony, row)
	}
	return b.done()
}

// levels draws the storeys one behind another around a point far behind the
// stage, so that every row is a part of a circle.
func (b *builder) levels(seats int, levels []level) {
	perRow := max(12, int(math.Sqrt(float64(seats))*0.75))
	radius := float64(perRow) * seatPitch * 0.9
	b.stage(Point{Y: radius - 70}, float64(perRow)*seatPitch*0.6, 110)
	left := seats
	for _, l := range levels {
		want := min(left, seats*l.share/100)
		radius = b.level(l, want, perRow, radius)
		left -= want
		perRow += 4
	}
}

// level draws one storey and returns the radius at which the next begins. A
// remainder too small for a row of its own widens the last one.
func (b *builder) level(l level, seats, perRow int, radius float64) float64 {
	const fewest = 9
	b.zone(l.name)
	for r := 0; seats > 0; r++ {
		n := perRow + 2*(r/2)
		if n > seats || seats-n < fewest {
			n = seats
		}
		seats -= n
		category := l.category
		if r < l.premiumRows {
			category = CategoryPremium
		}
		b.row(rowLetters(r), category, sections(radius, n))
		radius += rowPitch
	}
	return radius + 90
}

// sections is n seats on a circle around the origin, facing it from below, with
// an aisle at either side of the middle half. Seats are numbered from the left
// as one looks at the stage.
func sections(radius float64, n int) []Point {
	flank := n / 4
	span := float64(n-1)*seatPitch + 2*aisleGap
	row := make([]Point, n)
	for i := range row {
		along := float64(i)*seatPitch - span/2
		if i >= flank {
			along += aisleGap
		}
		if i >= n-flank {
			along += aisleGap
		}
		sin, cos := math.Sincos(along / radius)
		row[i] = Point{X: radius * sin, Y: radius * cos}
	}
	return row
}
