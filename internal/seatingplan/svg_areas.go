package seatingplan

import (
	"fmt"
	"strconv"
	"strings"
)

// areas draws what is no seat. A standing area's capacity is written below its name.
func (d *drawing) areas() {
	areas, points := maxDrawnAreas, maxDrawnPoints
	for zi := range d.file.Zones {
		z := &d.file.Zones[zi]
		for i := range z.Areas {
			a := &z.Areas[i]
			if areas--; areas < 0 {
				return
			}
			if a.Shape == "polygon" && a.Polygon != nil {
				if points -= len(a.Polygon.Points); points < 0 {
					return
				}
			}
			d.area(a, z.Position.plus(a.Position))
		}
	}
}

func (d *drawing) area(a *Area, at Point) {
	move := fmt.Sprintf(`transform="translate(%s %s)`, d.n(at.X), d.n(at.Y))
	if a.Rotation != 0 {
		move += " rotate(" + strconv.FormatFloat(a.Rotation, 'g', 6, 64) + ")"
	}
	d.printf(`<g %s">`, move)
	if shape := d.shape(a); shape != "" {
		d.printf(`<%s fill="%s" stroke="%s"/>`, shape, colorOr(a.Color, "#e2e8f0"), colorOr(a.BorderColor, "none"))
	}
	d.areaText(a)
	d.printf(`</g>`)
}

// shape gives an area's element without its colours; "" when it has none.
func (d *drawing) shape(a *Area) string {
	switch {
	case a.Shape == "rectangle" && a.Rectangle != nil:
		return fmt.Sprintf(`rect width="%s" height="%s"`, d.n(a.Rectangle.Width), d.n(a.Rectangle.Height))
	case a.Shape == "circle" && a.Circle != nil:
		return fmt.Sprintf(`circle r="%s"`, d.n(a.Circle.Radius))
	case a.Shape == "ellipse" && a.Ellipse != nil:
		return fmt.Sprintf(`ellipse rx="%s" ry="%s"`, d.n(max(0, a.Ellipse.Radius.X)), d.n(max(0, a.Ellipse.Radius.Y)))
	case a.Shape == "polygon" && a.Polygon != nil && len(a.Polygon.Points) > 0:
		var corners strings.Builder
		for _, p := range a.Polygon.Points {
			corners.WriteString(d.n(p.X) + " " + d.n(p.Y) + " ")
		}
		return fmt.Sprintf(`polygon points="%s"`, strings.TrimSpace(corners.String()))
	}
	return ""
}

// areaText writes an area's text, larger than the file says where the drawing is
// so large that it could not be read, as far as there is room.
func (d *drawing) areaText(a *Area) {
	if a.Text == nil || a.Text.Text == "" {
		return
	}
	size := a.Text.Size
	if size == 0 {
		size = usualText
	}
	runes := float64(min(len([]rune(a.Text.Text)), maxLabelRunes))
	if a.Shape == "rectangle" && a.Rectangle != nil {
		size = max(size, min(1.4*d.unit, a.Rectangle.Width/(0.7*max(runes, 12)), a.Rectangle.Height/3))
	}
	at := a.Text.Position
	if capacity := d.standsAt(a); capacity > 0 {
		at.Y -= 0.45 * size
		d.areaLine(a, at.plus(Point{Y: size}), 0.7*size, thousands(capacity)+" standing")
	}
	d.areaLine(a, at, size, a.Text.Text)
}

func (d *drawing) areaLine(a *Area, at Point, size float64, text string) {
	d.printf(`<text x="%s" y="%s" font-size="%s" text-anchor="middle" dominant-baseline="central" fill="%s">%s</text>`,
		d.n(at.X), d.n(at.Y), d.n(size), colorOr(a.Text.Color, "#0f172a"), escaped(text))
}

// standsAt gives the capacity of the standing area that a drawn area shows, once;
// 0 when it shows none.
func (d *drawing) standsAt(a *Area) int {
	for _, s := range d.file.Standing {
		if !d.placed[s.Name] && strings.EqualFold(strings.TrimSpace(a.Text.Text), s.Name) {
			d.placed[s.Name] = true
			return s.Capacity
		}
	}
	return 0
}

// standing draws the standing areas that the file gives no place, below the rest.
func (d *drawing) standing() {
	height, gap := 4*d.unit, d.unit
	width := max(20*d.unit, 1)
	x, y := d.left+gap, d.bottom
	for _, s := range d.file.Standing {
		if d.placed[s.Name] {
			continue
		}
		if y == d.bottom || x+width > d.right {
			x, y = d.left+gap, y+gap
			if y > d.bottom+gap {
				y += height
			}
		}
		d.printf(`<rect x="%s" y="%s" width="%s" height="%s" rx="%s" fill="%s" fill-opacity=".2" stroke="%s"/>`,
			d.n(x), d.n(y), d.n(width), d.n(height), d.n(gap/2), colorOr(d.colors[s.Category], palette[0]), colorOr(d.colors[s.Category], palette[0]))
		d.printf(`<g font-size="%s" text-anchor="middle" fill="#0f172a">`, d.n(d.unit))
		d.text(Point{X: x + width/2, Y: y + 1.7*d.unit}, shortened(s.Name, 30))
		d.text(Point{X: x + width/2, Y: y + 3.1*d.unit}, thousands(s.Capacity)+" standing")
		d.printf(`</g>`)
		x += width + gap
	}
	if y > d.bottom {
		d.bottom = y + height + gap
	}
}

// legend names the categories with their colours and sizes, in columns below
// the drawing.
func (d *drawing) legend() {
	counts := d.file.byCategory()
	column, line := 20*d.unit, 1.8*d.unit
	columns := max(1, int((d.right-d.left-d.unit)/column))
	d.right = max(d.right, d.left+column+d.unit)
	y := d.bottom + line
	d.printf(`<g font-size="%s" fill="#0f172a">`, d.n(d.unit))
	n := 0
	for _, c := range d.file.Categories {
		if counts[c.Name] == 0 {
			continue
		}
		x := d.left + d.unit + float64(n%columns)*column
		if n > 0 && n%columns == 0 {
			y += line
		}
		n++
		d.printf(`<circle cx="%s" cy="%s" r="%s" fill="%s"/>`, d.n(x+d.unit/2), d.n(y-d.unit*0.35), d.n(d.unit/2), d.colors[c.Name])
		d.text(Point{X: x + 1.5*d.unit, Y: y}, shortened(c.Name, 30)+" · "+thousands(counts[c.Name]))
	}
	d.printf(`</g>`)
	d.bottom = y + d.unit
}

// byCategory counts the places of each category.
func (f *File) byCategory() map[string]int {
	counts := map[string]int{}
	for _, z := range f.Zones {
		for _, r := range z.Rows {
			for i := range r.Seats {
				counts[r.Seats[i].Category]++
			}
		}
	}
	for _, s := range f.Standing {
		counts[s.Category] += s.Capacity
	}
	return counts
}

func shortened(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// thousands writes a number with its groups apart.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
