package ticketpdf_test

import (
	"bytes"
	"compress/zlib"
	"image"
	"image/color"
	"image/draw"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/ticketpdf"
	"yourticket.example/ticket"
)

func document(name string, codes ...string) ticketpdf.Document {
	at := time.Date(2026, 7, 3, 18, 30, 0, 0, time.UTC)
	d := ticketpdf.Document{Event: &ticket.Event{
		ID: "ev_1", Name: name, Artist: "Sigur Rós & Мумий Тролль", StartsAt: at, DoorsAt: at.Add(-time.Hour), OnSaleAt: at.AddDate(0, -3, 0),
		Venue: ticket.Venue{Name: "Große Freiheit", City: "Hamburg", Country: "DE", Lat: 53.55, Lon: 9.99},
	}}
	for i, code := range codes {
		d.Pages = append(d.Pages, ticketpdf.Page{
			Ticket: ticket.Ticket{ID: "ti_" + strconv.Itoa(i), BookingID: "bk_1", Status: ticket.TicketLive},
			Seat:   ticket.Seat{Zone: "Lower Tier", Row: "C", Number: strconv.Itoa(i + 1)}, Category: "A",
			Price: ticket.Money{Amount: 12550, Currency: "EUR"}, Code: code,
		})
	}
	return d
}

// streams gives the drawing instructions of every page.
func streams(t *testing.T, pdf []byte) []string {
	t.Helper()
	var out []string
	for _, m := range regexp.MustCompile(`(?s)stream\n(.*?)\nendstream`).FindAllSubmatch(pdf, -1) {
		r, err := zlib.NewReader(bytes.NewReader(m[1]))
		if err != nil {
			continue // not compressed: nothing that draws
		}
		text, err := io.ReadAll(r)
		if err == nil && bytes.Contains(text, []byte(" re f")) {
			out = append(out, string(text))
		}
	}
	return out
}

var rectangle = regexp.MustCompile(`(?m)^([\d.]+) ([\d.]+) ([\d.]+) (-?[\d.]+) re f$`)

// scan paints the rectangles of a page and reads the code that they make.
func scan(t *testing.T, stream string) string {
	t.Helper()
	const scale = 2
	page := image.NewGray(image.Rect(0, 0, 596*scale, 842*scale))
	draw.Draw(page, page.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	for _, m := range rectangle.FindAllStringSubmatch(stream, -1)[1:] { // the first is the band at the top
		var n [4]float64
		for i := range n {
			v, err := strconv.ParseFloat(m[i+1], 64)
			require.NoError(t, err)
			n[i] = v * scale
		}
		top := 842*scale - n[1]
		draw.Draw(page, image.Rect(int(n[0]+0.5), int(top+0.5), int(n[0]+n[2]+0.5), int(top-n[3]+0.5)), image.Black, image.Point{}, draw.Src)
	}
	bits, err := gozxing.NewBinaryBitmapFromImage(page)
	require.NoError(t, err)
	result, err := qrcode.NewQRCodeReader().Decode(bits, nil)
	require.NoError(t, err)
	return result.GetText()
}

func TestEachPageCarriesTheCodeOfItsTicket(t *testing.T) {
	t.Parallel()
	codes := []string{strings.Repeat("aB3_-", 25), strings.Repeat("Zz09x", 24) + "end"}
	pdf, err := ticketpdf.Render(t.Context(), document("Ágætis byrjun", codes...))
	require.NoError(t, err)
	pages := streams(t, pdf)
	require.Len(t, pages, 2)
	for i, code := range codes {
		require.Equal(t, code, scan(t, pages[i]))
	}
	again, err := ticketpdf.Render(t.Context(), document("Ágætis byrjun", codes...))
	require.NoError(t, err)
	require.Equal(t, pdf, again, "the same tickets are the same document")
}

func TestAFrozenTicketIsVoid(t *testing.T) {
	t.Parallel()
	p := ticketpdf.Page{Ticket: ticket.Ticket{Status: ticket.TicketLive, Frozen: true}}
	require.Equal(t, "Frozen: the payment is disputed", p.Void())
	p.Ticket.Frozen = false
	require.Empty(t, p.Void())
}

func TestAVoidTicketHasNoCode(t *testing.T) {
	t.Parallel()
	d := document("Show", "code", "code")
	d.Pages[1].Ticket.Status, d.Pages[1].Code = ticket.TicketRefunded, ""
	pdf, err := ticketpdf.Render(t.Context(), d)
	require.NoError(t, err)
	pages := streams(t, pdf)
	require.Len(t, pages, 2)
	require.Equal(t, "code", scan(t, pages[0]))
	require.Len(t, rectangle.FindAllString(pages[1], -1), 1, "nothing but the band at the top")
}

func TestNoNameBreaksAPage(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"accents":         "Émilie Simon — Ñandú Ōkami Žižkov",
		"japanese":        "宇多田ヒカル SCIENCE FICTION TOUR",
		"korean":          "방탄소년단 옛 투 컴",
		"hebrew":          "עידן רייכל live",
		"arabic":          "فيروز",
		"emoji":           "Party 🎉🎸",
		"broken encoding": "a\xff\xfeb",
		"controls":        "a\x00b\u202ec\nd",
		"one long word":   strings.Repeat("Donaudampfschifffahrt", 30),
		"very long":       strings.Repeat("word ", 400),
		"empty":           "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := document(text, "code")
			d.Event.Artist, d.Event.Venue.Name, d.Pages[0].Seat.Zone = text, text, text
			pdf, err := ticketpdf.Render(t.Context(), d)
			require.NoError(t, err)
			require.Less(t, len(pdf), 400_000)
			require.Equal(t, "code", scan(t, streams(t, pdf)[0]))
		})
	}
}

// A character without a glyph is printed as □, which no reader takes for a name.
func TestNamesAreSetInTheirScript(t *testing.T) {
	t.Parallel()
	blank, err := ticketpdf.Render(t.Context(), document("□", "code"))
	require.NoError(t, err)
	for _, text := range []string{"宇", "한", "옛", "ψ", "Ж", "א", "Ő"} {
		pdf, err := ticketpdf.Render(t.Context(), document(text, "code"))
		require.NoError(t, err)
		shown, missing := streams(t, pdf)[0], streams(t, blank)[0]
		require.NotEqual(t, missing, shown, text)
	}
	missing, err := ticketpdf.Render(t.Context(), document("🎉", "code"))
	require.NoError(t, err)
	require.Equal(t, streams(t, blank)[0], streams(t, missing)[0])
}

func TestADocumentIsBounded(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 101} {
		_, err := ticketpdf.Render(t.Context(), document("Show", make([]string, n)...))
		require.Error(t, err)
	}
}

func TestTimesAreTheVenues(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 7, 3, 18, 30, 0, 0, time.UTC)
	for want, v := range map[string]ticket.Venue{
		"Friday, 3 July 2026, 20:30":     {Lat: 53.55, Lon: 9.99},
		"Saturday, 4 July 2026, 03:30":   {Lat: 35.68, Lon: 139.69},
		"Friday, 3 July 2026, 14:30":     {Lat: 40.71, Lon: -74.0},
		"Friday, 3 July 2026, 18:30 UTC": {},
	} {
		require.Equal(t, want, ticketpdf.When(v, at))
	}
}

func BenchmarkRender(b *testing.B) {
	d := document("Ágætis byrjun", strings.Repeat("aB3_-", 25), strings.Repeat("aB3_-", 25))
	for b.Loop() {
		if _, err := ticketpdf.Render(b.Context(), d); err != nil {
			b.Fatal(err)
		}
	}
}
