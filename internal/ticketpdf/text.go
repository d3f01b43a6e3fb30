package ticketpdf

import (
	"strings"
	"unicode/utf8"
)

// ptToMM is a typographer's point in millimetres.
const ptToMM = 25.4 / 72

// paragraph prints text in at most so many lines of the width, smaller if it
// does not fit, cut if it does not fit even then. It gives where it ends.
func (p *printer) paragraph(x, y float64, style string, size float64, text string, width float64, most int) float64 {
	text = plainText(text)
	lines := p.wrap(style, size, text, width)
	for smallest := max(8, size*0.55); len(lines) > most && size > smallest; {
		size--
		lines = p.wrap(style, size, text, width)
	}
	if len(lines) > most {
		lines = lines[:most]
		last := []rune(lines[most-1])
		lines[most-1] = string(last[:max(0, len(last)-1)]) + "…"
	}
	for _, l := range lines {
		p.set(x, y, style, size, visual(l))
		y += size * ptToMM * 1.3
	}
	return y
}

// line prints one line, as much of it as fits.
func (p *printer) line(x, y float64, style string, size float64, text string, width float64) {
	p.paragraph(x, y, style, size, text, width, 1)
}

// set prints a line at its upper left corner.
func (p *printer) set(x, y float64, style string, size float64, line string) {
	base := y + size*ptToMM
	for _, r := range p.fonts.runs(line) {
		p.font(r.font, style, size)
		p.pdf.Text(x, base, r.text)
		x += p.pdf.GetStringWidth(r.text)
	}
}

// width measures a line.
func (p *printer) width(style string, size float64, line string) (sum float64) {
	for _, r := range p.fonts.runs(line) {
		p.font(r.font, style, size)
		sum += p.pdf.GetStringWidth(r.text)
	}
	return sum
}

// wrap breaks text into lines, between words where it can and within one that
// is wider than a line.
func (p *printer) wrap(style string, size float64, text string, width float64) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		candidate := strings.TrimPrefix(line+" "+word, " ")
		if p.width(style, size, candidate) <= width {
			line = candidate
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for line = word; p.width(style, size, line) > width; {
			head := p.head(style, size, line, width)
			lines = append(lines, head)
			line = line[len(head):]
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// head is as much of a word as fits, at least one character.
func (p *printer) head(style string, size float64, word string, width float64) string {
	_, end := utf8.DecodeRuneInString(word)
	for next := end; next < len(word); {
		_, n := utf8.DecodeRuneInString(word[next:])
		if next += n; p.width(style, size, word[:next]) > width {
			break
		}
		end = next
	}
	return word[:end]
}
