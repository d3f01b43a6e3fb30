package seatingplan

import (
	"math"
	"strconv"
)

// seats draws the seats of each zone: one path a category, in which a line of no
// length with round ends is a seat. That takes some ten bytes a seat, and a
// browser draws it in one go.
func (d *drawing) seats() {
	d.printf(`<g fill="none" stroke-linecap="round" stroke-width="%d">`, 2*usualRadius)
	grouped := len(d.zones) <= maxDrawnZones
	paths := newSeatPaths(d)
	for zi := range d.file.Zones {
		z := &d.file.Zones[zi]
		for _, row := range z.Rows {
			origin := z.Position.plus(row.Position)
			for i := range row.Seats {
				paths.add(&row.Seats[i], origin.plus(row.Seats[i].Position))
			}
		}
		if grouped {
			paths.flush(zoneName(z, zi))
		}
	}
	paths.flush("")
	d.printf(`</g>`)
}

// seatPath is what one path has in common.
type seatPath struct {
	category string
	radius   float64
}

// seatPaths collects seats by what they have in common, in the order of their
// first appearance.
type seatPaths struct {
	d     *drawing
	order []seatPath
	paths map[seatPath]*penned
}

// penned is a path with the place where its pen stands, in steps of the grid.
type penned struct {
	text []byte
	x, y int64
}

func newSeatPaths(d *drawing) *seatPaths { return &seatPaths{d: d, paths: map[seatPath]*penned{}} }

func (p *seatPaths) add(s *Seat, at Point) {
	key := seatPath{category: s.Category, radius: radiusOf(s)}
	path := p.paths[key]
	x, y := p.d.grid(at.X), p.d.grid(at.Y)
	if path == nil {
		path = &penned{}
		p.paths[key] = path
		p.order = append(p.order, key)
		path.text = append(path.text, 'M')
	} else {
		path.text = append(path.text, 'm')
	}
	path.text = append(path.text, p.d.whole(x-path.x)...)
	dy := p.d.whole(y - path.y)
	if dy[0] != '-' {
		path.text = append(path.text, ' ')
	}
	path.text = append(append(path.text, dy...), "h0"...)
	path.x, path.y = x, y
}

// flush writes the paths, as a group when the zone has a name.
func (p *seatPaths) flush(zone string) {
	if len(p.order) == 0 {
		return
	}
	if zone != "" {
		p.d.printf(`<g><title>%s</title>`, escaped(zone))
	}
	for _, key := range p.order {
		p.d.printf(`<path stroke="%s"`, colorOr(p.d.colors[key.category], palette[0]))
		if key.radius != usualRadius {
			p.d.printf(` stroke-width="%s"`, strconv.FormatFloat(2*key.radius, 'f', -1, 64))
		}
		p.d.printf(` d="%s"/>`, p.paths[key].text)
	}
	if zone != "" {
		p.d.printf(`</g>`)
	}
	p.order, p.paths = nil, map[seatPath]*penned{}
}

// rowLabels writes the number of each row where the file wants it.
func (d *drawing) rowLabels() {
	left := maxDrawnLabels
	d.printf(`<g font-size="12" fill="#475569" text-anchor="middle">`)
	for zi := range d.file.Zones {
		z := &d.file.Zones[zi]
		for ri := range z.Rows {
			row := &z.Rows[ri]
			if len(row.Seats) == 0 || row.Number == "" || left <= 0 {
				continue
			}
			origin := z.Position.plus(row.Position)
			first, last, apart := ends(row)
			if row.NumberPosition == "start" || row.NumberPosition == "both" {
				d.text(origin.plus(first).plus(Point{X: -apart.X, Y: 4 - apart.Y}), row.Number)
				left--
			}
			if row.NumberPosition == "end" || row.NumberPosition == "both" {
				d.text(origin.plus(last).plus(Point{X: apart.X, Y: 4 + apart.Y}), row.Number)
				left--
			}
		}
	}
	d.printf(`</g>`)
}

// ends gives a row's first and last seat, and how far beyond the last one its
// number stands: before the first one it is as far in the other direction.
func ends(row *Row) (first, last, apart Point) {
	first, last = row.Seats[0].Position, row.Seats[len(row.Seats)-1].Position
	away := 2 * radiusOf(&row.Seats[0])
	dx, dy := last.X-first.X, last.Y-first.Y
	if length := math.Hypot(dx, dy); length > 0 {
		return first, last, Point{X: dx / length * away, Y: dy / length * away}
	}
	return first, last, Point{X: away}
}

// fewSeats is how few seats a label over them would hide.
const fewSeats = 40

// zoneLabels writes the names of zones over their seats, as large as fits; above
// them where they are few.
func (d *drawing) zoneLabels() {
	if len(d.zones) > maxDrawnZones {
		return
	}
	d.printf(`<g text-anchor="middle" font-weight="700" fill="#0f172a" stroke="#fff" stroke-linejoin="round" paint-order="stroke">`)
	for i := range d.zones {
		z := &d.zones[i]
		runes := float64(min(len([]rune(z.name)), maxLabelRunes))
		size := min((z.box.right-z.box.left)/(0.9*runes), z.breadth()/2.4, 1.8*d.unit)
		if size < 6 {
			continue
		}
		at := z.middle()
		if z.seats < fewSeats {
			size = min(size, d.unit)
			at = Point{X: at.X, Y: z.box.top - size}
		}
		d.printf(`<text x="%s" y="%s" font-size="%s" stroke-width="%s">%s</text>`,
			d.n(at.X), d.n(at.Y+size*0.35), d.n(size), d.n(size/5), escaped(z.name))
	}
	d.printf(`</g>`)
}
