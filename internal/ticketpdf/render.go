package ticketpdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"
	"github.com/go-pdf/fpdf"
	"github.com/skip2/go-qrcode"

	"yourticket.example/ticket"
)

// The measures of an A4 page, in millimetres.
const (
	pageWidth = 210.0
	margin    = 18.0
	textWidth = pageWidth - 2*margin
	qrSize    = 66.0
)

// turns bounds how many documents are printed at the same time: each takes some
// 20 ms of a processor and 10 MB.
var turns = make(chan struct{}, runtime.GOMAXPROCS(0))

// Render prints the document. The same document gives the same bytes.
func Render(ctx context.Context, d Document) ([]byte, error) {
	select {
	case turns <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("ticketpdf: %w", ctx.Err())
	}
	defer func() { <-turns }()
	return render(d)
}

func render(d Document) ([]byte, error) {
	if len(d.Pages) == 0 || len(d.Pages) > maxPages {
		return nil, fmt.Errorf("ticketpdf: a document has 1 to %d tickets, not %d", maxPages, len(d.Pages))
	}
	fonts, err := coverage()
	if err != nil {
		return nil, fmt.Errorf("ticketpdf: fonts: %w", err)
	}
	p := &printer{pdf: fpdf.New("P", "mm", "A4", ""), fonts: &picker{covers: fonts}, event: d.Event, loaded: map[string]bool{}}
	p.pdf.SetCompression(true)
	p.pdf.SetAutoPageBreak(false, 0)
	p.pdf.SetTitle("Tickets: "+plainText(d.Event.Name), true)
	p.pdf.SetProducer("YourTicket", true)
	p.pdf.SetCreationDate(d.Event.OnSaleAt.UTC())
	p.pdf.SetModificationDate(d.Event.OnSaleAt.UTC())
	p.pdf.SetCatalogSort(true)
	for i := range d.Pages {
		p.page(&d.Pages[i], i+1, len(d.Pages))
	}
	var out bytes.Buffer
	if err := errors.Join(p.err, p.pdf.Output(&out)); err != nil {
		return nil, fmt.Errorf("ticketpdf: %w", err)
	}
	return out.Bytes(), nil
}

// printer is a document in the making.
type printer struct {
	pdf    *fpdf.Fpdf
	fonts  *picker
	event  *ticket.Event
	loaded map[string]bool
	err    error
}

// font selects a font, which goes into the document when it is used first.
func (p *printer) font(f family, style string, size float64) {
	if f != latin {
		style = ""
	}
	if key := string(f) + style; !p.loaded[key] {
		p.loaded[key] = true
		data := map[string][]byte{"dejavu": dejavusans.TTF, "dejavuB": dejavusansbold.TTF, "droid": droidFallback, "nanum": nanumSquare}[key]
		p.pdf.AddUTF8FontFromBytes(string(f), style, data)
	}
	p.pdf.SetFont(string(f), style, size)
}

// page prints one ticket.
func (p *printer) page(t *Page, number, of int) {
	v := p.event.Venue
	p.pdf.AddPage()
	p.pdf.SetFillColor(24, 28, 48)
	p.pdf.Rect(0, 0, pageWidth, 14, "F")
	p.pdf.SetTextColor(255, 255, 255)
	p.line(margin, 4, "B", 11, "YourTicket", textWidth)
	p.pdf.SetTextColor(0, 0, 0)

	y := p.paragraph(margin, 24, "B", 24, p.event.Name, textWidth, 3)
	if plainText(p.event.Artist) != plainText(p.event.Name) {
		y = p.paragraph(margin, y+1, "", 14, p.event.Artist, textWidth, 2)
	}
	y = p.paragraph(margin, y+6, "B", 12, When(v, p.event.StartsAt), textWidth, 1)
	y = p.paragraph(margin, y, "", 11, "Doors open at "+Clock(v, p.event.DoorsAt), textWidth, 1)
	y = p.paragraph(margin, y+3, "", 12, v.Name+", "+v.City+" ("+v.Country+")", textWidth, 2)

	p.pdf.SetDrawColor(160, 160, 160)
	p.pdf.Line(margin, y+5, pageWidth-margin, y+5)
	y = p.place(t, y+10)
	p.pdf.Line(margin, y+3, pageWidth-margin, y+3)
	p.code(t, y+10)
	p.foot(t, number, of)
}

// place prints where the ticket lets its holder in and what it cost.
func (p *printer) place(t *Page, y float64) float64 {
	columns := [][2]string{{"Zone", t.Seat.Zone}, {"Row", t.Seat.Row}, {"Seat", t.Seat.Number}, {"Price", t.Price.String()}}
	if t.Seat.Standing() {
		columns = [][2]string{{"Zone", t.Seat.Zone}, {"Place", "Standing, no. " + t.Seat.Number}, {"Price", t.Price.String()}}
	}
	width := textWidth / float64(len(columns))
	low := y
	for i, c := range columns {
		x := margin + float64(i)*width
		p.pdf.SetTextColor(110, 110, 110)
		p.line(x, y, "", 9, c[0], width-2)
		p.pdf.SetTextColor(0, 0, 0)
		low = max(low, p.paragraph(x, y+5, "B", 14, c[1], width-3, 2))
	}
	p.pdf.SetTextColor(110, 110, 110)
	low = p.paragraph(margin, low+2, "", 9, "Category "+t.Category+", fee included in the price", textWidth, 1)
	p.pdf.SetTextColor(0, 0, 0)
	return low
}

// code prints the QR code, or that there is none.
func (p *printer) code(t *Page, y float64) {
	if void := t.Void(); void != "" {
		p.pdf.SetTextColor(180, 0, 0)
		p.paragraph(margin, y+10, "B", 30, "VOID", textWidth, 1)
		p.paragraph(margin, y+26, "", 14, void, textWidth, 2)
		p.pdf.SetTextColor(0, 0, 0)
		return
	}
	q, err := qrcode.New(t.Code, qrcode.Medium)
	if err != nil {
		p.err = errors.Join(p.err, fmt.Errorf("code of %s: %w", t.Ticket.ID, err))
		return
	}
	bits := q.Bitmap() // with its quiet zone
	module := qrSize / float64(len(bits))
	left := (pageWidth - qrSize) / 2
	p.pdf.SetFillColor(0, 0, 0)
	for row, line := range bits {
		for from := 0; from < len(line); from++ {
			if !line[from] {
				continue
			}
			to := from
			for to < len(line) && line[to] {
				to++
			}
			p.pdf.Rect(left+float64(from)*module, y+float64(row)*module, float64(to-from)*module, module+0.01, "F")
			from = to
		}
	}
	p.paragraph(margin, y+qrSize+3, "", 9, "One person, once. Whoever shows this code first gets in: do not share a picture of it.", textWidth, 2)
}

// foot prints what support asks for.
func (p *printer) foot(t *Page, number, of int) {
	p.pdf.SetTextColor(110, 110, 110)
	p.line(margin, 276, "", 8, "Booking "+t.Ticket.BookingID, textWidth)
	p.line(margin, 281, "", 8, fmt.Sprintf("Ticket %s, page %d of %d", t.Ticket.ID, number, of), textWidth)
	p.pdf.SetTextColor(0, 0, 0)
}
