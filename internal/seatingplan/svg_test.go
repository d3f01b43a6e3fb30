package seatingplan_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/seatingplan"
)

// wellFormed makes sure that a drawing is XML without anything that runs or
// refers to somewhere else, and counts its elements.
func wellFormed(t *testing.T, svg []byte) map[string]int {
	t.Helper()
	elements := map[string]int{}
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return elements
		}
		require.NoError(t, err)
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		elements[start.Name.Local]++
		for _, a := range start.Attr {
			require.NotContains(t, a.Value, "url(", start.Name.Local)
			require.False(t, strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href", a.Name.Local)
		}
	}
}

func seatsDrawn(svg []byte) int { return bytes.Count(svg, []byte("h0")) }

func TestADrawingHasEverySeatRowZoneAndCategory(t *testing.T) {
	t.Parallel()
	f := seatingplan.GenerateTheatre("Opera", 1_744, 300)
	svg := f.SVG()
	elements := wellFormed(t, svg)
	require.Equal(t, 1_744, seatsDrawn(svg))
	require.Equal(t, svg, f.SVG(), "the same file gives the same bytes")
	for _, text := range []string{
		">Stalls<", ">Balcony<", ">STAGE<", ">Standing Room<", ">300 standing<", ">Standing · 300<", ">Premium · 163<", ">A<", "<title>Opera</title>",
	} {
		require.Contains(t, string(svg), text)
	}
	require.Positive(t, elements["path"])
}

func TestALargeDrawingStaysSmall(t *testing.T) {
	t.Parallel()
	f := seatingplan.GenerateStadium("Stadium", 50_000)
	svg := f.SVG()
	wellFormed(t, svg)
	require.Less(t, len(svg), 400_000)
	widest := seatingplan.File{
		Name: "Field", Size: seatingplan.Size{Width: 1_000_000, Height: 1_000_000},
		Categories: []seatingplan.Category{{Name: "A"}}, Zones: []seatingplan.Zone{{Rows: []seatingplan.Row{{Number: "1"}}}},
	}
	for i := range seatingplan.MaxPlaces { // as far apart as can be: no delta is short
		at := seatingplan.Point{X: float64(i%2) * 999_999, Y: float64(i%3) * 333_333}
		row := &widest.Zones[0].Rows[0]
		row.Seats = append(row.Seats, seatingplan.Seat{GUID: fmt.Sprint(i), Category: "A", Position: at})
	}
	svg = widest.SVG()
	require.Equal(t, seatingplan.MaxPlaces, seatsDrawn(svg))
	require.Less(t, len(svg), 4<<20)
}

func TestWhatIsDrawnOfAFileIsBounded(t *testing.T) {
	t.Parallel()
	f := seatingplan.File{
		Name: strings.Repeat("n", 1000), Size: seatingplan.Size{Width: 10, Height: 10}, Categories: []seatingplan.Category{{Name: "A"}},
		Standing: []seatingplan.Standing{{Name: "Pit", Category: "A", Capacity: 5}},
	}
	shape := seatingplan.Polygon{Points: make([]seatingplan.Point, 10_000)}
	for range 20_000 {
		f.Zones = append(f.Zones, seatingplan.Zone{
			Name: strings.Repeat("z", 200), Areas: []seatingplan.Area{
				{Shape: "polygon", Polygon: &shape}, {Shape: "text", Text: &seatingplan.Text{Text: strings.Repeat("t", 5000)}},
			},
			Rows: []seatingplan.Row{{Number: strings.Repeat("r", 200), NumberPosition: "both", Seats: []seatingplan.Seat{{GUID: "x", Category: "A"}}}},
		})
	}
	svg := f.SVG()
	wellFormed(t, svg)
	require.Equal(t, 20_000, seatsDrawn(svg))
	require.Less(t, len(svg), 4<<20)
}

func TestNothingOfAFileGetsIntoADrawingAsItIs(t *testing.T) {
	t.Parallel()
	nasty := `"><script>alert(1)</script>&'` + "\u0001\ufffe"
	file := seatingplan.File{
		Name: nasty, Size: seatingplan.Size{Width: 300, Height: 200},
		Categories: []seatingplan.Category{{Name: nasty, Color: "url(//evil.example/x)"}, {Name: "B", Color: `red"/><script>`}},
		Standing:   []seatingplan.Standing{{Name: nasty, Category: "B", Capacity: 1_234_567}},
		Zones: []seatingplan.Zone{{
			Name:  nasty,
			Areas: []seatingplan.Area{{Shape: "rectangle", Color: "url(#x)", Rectangle: &seatingplan.Rectangle{Width: 9, Height: 9}, Text: &seatingplan.Text{Text: nasty, Color: "expression(1)"}}},
			Rows:  []seatingplan.Row{{Number: nasty, NumberPosition: "both", Seats: []seatingplan.Seat{{GUID: "1", Category: nasty}}}},
		}},
	}
	svg := file.SVG()
	elements := wellFormed(t, svg)
	require.Zero(t, elements["script"])
	require.NotContains(t, string(svg), "evil")
	require.Contains(t, string(svg), "1,234,567 standing")
}

func BenchmarkSVG(b *testing.B) {
	f := seatingplan.GenerateStadium("S", 50_000)
	document, err := json.Marshal(f)
	require.NoError(b, err)
	for b.Loop() {
		f.SVG()
	}
	b.ReportMetric(float64(len(f.SVG())), "bytes")
	b.ReportMetric(float64(len(document)), "bytes/file")
}
