package seatingplan

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// The bounds of a drawing, whatever the file holds: what goes beyond them is
// left out. Seats are drawn all.
const (
	maxDrawnAreas  = 5_000
	maxDrawnPoints = 50_000
	maxDrawnLabels = 20_000
	maxDrawnZones  = 5_000
	maxLabelRunes  = 60
)

// usualRadius is a seat's, and usualText the size of a text, where the file
// says nothing.
const (
	usualRadius = 10
	usualText   = 16
)

// SVG draws the plan: its areas, each seat as a dot in the colour of its
// category, rows and zones by name, standing areas with their capacity, and a
// legend. The same file always gives the same bytes.
//
// Nothing of the file gets into the drawing as it is: texts are escaped, and
// colours that are none are replaced. Attributes do all of the styling, so that
// the drawing shows under a policy that forbids style sheets.
func (f *File) SVG() []byte {
	d := &drawing{file: f, colors: f.drawnColors(), placed: map[string]bool{}}
	d.measure()
	d.areas()
	d.seats()
	d.rowLabels()
	d.zoneLabels()
	d.standing()
	d.legend()
	return d.document()
}

// drawing is an SVG in the making.
type drawing struct {
	file   *File
	colors map[string]string // by category
	body   bytes.Buffer

	left, top, right, bottom float64
	// unit is the size of a text that can be read when the whole is looked at.
	unit float64
	// scale is what coordinates are rounded by: to tenths, or to whole pixels
	// where a pixel is too small to be seen.
	scale  float64
	zones  []drawnZone
	placed map[string]bool // standing areas that a drawn area shows
}

// drawnZone is the extent of a zone's seats, and their sums and squares, from
// which follow their middle and how slender the zone is.
type drawnZone struct {
	name       string
	box        box
	seats      float64
	sum        Point
	xx, yy, xy float64
}

func (z *drawnZone) add(at Point, radius float64) {
	z.box.reach(at, radius)
	z.seats++
	z.sum = z.sum.plus(at)
	z.xx, z.yy, z.xy = z.xx+at.X*at.X, z.yy+at.Y*at.Y, z.xy+at.X*at.Y
}

// middle is the seats' mean position, and breadth the zone's shorter side as if
// it were a rectangle, however it is turned.
func (z *drawnZone) middle() Point { return Point{X: z.sum.X / z.seats, Y: z.sum.Y / z.seats} }

func (z *drawnZone) breadth() float64 {
	m := z.middle()
	xx, yy, xy := z.xx/z.seats-m.X*m.X, z.yy/z.seats-m.Y*m.Y, z.xy/z.seats-m.X*m.Y
	least := (xx + yy - math.Hypot(xx-yy, 2*xy)) / 2
	return math.Sqrt(12*max(0, least)) + 2*usualRadius
}

// measure finds what the drawing has to hold: the file's own size, and whatever
// lies outside of it.
func (d *drawing) measure() {
	d.right, d.bottom = float64(d.file.Size.Width), float64(d.file.Size.Height)
	for zi := range d.file.Zones {
		z := &d.file.Zones[zi]
		zone := drawnZone{name: zoneName(z, zi), box: emptyBox()}
		for _, row := range z.Rows {
			origin := z.Position.plus(row.Position)
			for _, s := range row.Seats {
				zone.add(origin.plus(s.Position), radiusOf(&s))
			}
		}
		if zone.seats > 0 {
			d.zones = append(d.zones, zone)
			d.left, d.top = min(d.left, zone.box.left), min(d.top, zone.box.top)
			d.right, d.bottom = max(d.right, zone.box.right), max(d.bottom, zone.box.bottom)
		}
	}
	d.unit = max(12, max(d.right-d.left, (d.bottom-d.top)/1.5)/75)
	d.scale = 10
	if max(d.right-d.left, d.bottom-d.top) >= 2000 {
		d.scale = 1
	}
}

func radiusOf(s *Seat) float64 {
	if s.Radius > 0 {
		return s.Radius
	}
	return usualRadius
}

// box is an extent.
type box struct{ left, top, right, bottom float64 }

func emptyBox() box {
	return box{left: math.Inf(1), top: math.Inf(1), right: math.Inf(-1), bottom: math.Inf(-1)}
}

func (b *box) reach(p Point, radius float64) {
	b.left, b.right = min(b.left, p.X-radius), max(b.right, p.X+radius)
	b.top, b.bottom = min(b.top, p.Y-radius), max(b.bottom, p.Y+radius)
}

// document puts a head before what was drawn.
func (d *drawing) document() []byte {
	var out bytes.Buffer
	width, height := d.right-d.left, d.bottom-d.top
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="%s %s %s %s" font-family="system-ui,Helvetica,Arial,sans-serif" role="img"><title>%s</title>`,
		d.n(d.left), d.n(d.top), d.n(width), d.n(height), escaped(d.file.Name))
	fmt.Fprintf(&out, `<path fill="#fff" d="M%s %sh%sv%sh-%sz"/>`, d.n(d.left), d.n(d.top), d.n(width), d.n(height), d.n(width))
	out.Write(d.body.Bytes())
	out.WriteString("</svg>\n")
	return out.Bytes()
}

// n writes a coordinate.
func (d *drawing) n(v float64) string { return d.whole(d.grid(v)) }

// grid rounds a coordinate to the drawing's steps, and whole writes so many steps.
func (d *drawing) grid(v float64) int64 { return int64(math.Round(v * d.scale)) }

func (d *drawing) whole(steps int64) string {
	return strconv.FormatFloat(float64(steps)/d.scale, 'f', -1, 64)
}

func (d *drawing) printf(format string, args ...any) { fmt.Fprintf(&d.body, format, args...) }

// text writes a line of text around a point.
func (d *drawing) text(at Point, text string) {
	d.printf(`<text x="%s" y="%s">%s</text>`, d.n(at.X), d.n(at.Y), escaped(text))
}

// escaped makes a text one that can stand in XML, and cuts it to a label's length.
func escaped(text string) string {
	if runes := []rune(text); len(runes) > maxLabelRunes {
		text = string(runes[:maxLabelRunes-1]) + "…"
	}
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text)) // a builder takes everything
	return out.String()
}

// palette colours the categories that have no colour of their own.
var palette = []string{"#2563eb", "#d97706", "#16a34a", "#7c3aed", "#0891b2", "#dc2626", "#65a30d", "#db2777", "#4f46e5", "#a16207"}

func (f *File) drawnColors() map[string]string {
	colors := make(map[string]string, len(f.Categories))
	for i, c := range f.Categories {
		colors[c.Name] = colorOr(c.Color, palette[i%len(palette)])
	}
	return colors
}

// colorForm is what a colour looks like: a name, a number, or one of the
// functions that make one. It keeps references to other documents out.
var colorForm = regexp.MustCompile(`^(#[0-9a-fA-F]{3,8}|[a-zA-Z]{3,30}|(rgb|hsl)a?\([0-9., %/deg-]{1,60}\))$`)

func colorOr(color, otherwise string) string {
	if colorForm.MatchString(color) {
		return color
	}
	return otherwise
}
