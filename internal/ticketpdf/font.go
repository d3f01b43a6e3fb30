package ticketpdf

import (
	_ "embed" // For the font.
	"strings"
	"sync"
	"unicode"

	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

//go:embed fonts/DroidSansFallbackFull.ttf
var droidFallback []byte

//go:embed fonts/NanumSquareR.ttf
var nanumSquare []byte

// family names a font in a document.
type family string

const (
	latin  family = "dejavu" // and most other alphabets
	cjk    family = "droid"
	hangul family = "nanum"
)

// missing stands for a character that no font has; DejaVu has it.
const missing = '□'

// coverage tells which characters the fonts have. Reading them takes a moment,
// once a process.
var coverage = sync.OnceValues(func() (*covers, error) {
	regular, err := sfnt.Parse(dejavusans.TTF)
	if err != nil {
		return nil, err
	}
	bold, err := sfnt.Parse(dejavusansbold.TTF)
	if err != nil {
		return nil, err
	}
	fallback, err := sfnt.Parse(droidFallback)
	if err != nil {
		return nil, err
	}
	korean, err := sfnt.Parse(nanumSquare)
	if err != nil {
		return nil, err
	}
	return &covers{regular: regular, bold: bold, fallback: fallback, korean: korean}, nil
})

type covers struct{ regular, bold, fallback, korean *sfnt.Font }

// picker chooses fonts for one document.
type picker struct {
	*covers
	buffer sfnt.Buffer
}

func (c *picker) has(f *sfnt.Font, r rune) bool {
	g, err := f.GlyphIndex(&c.buffer, r)
	return err == nil && g != 0
}

// pick gives the font for a character, and the character that is printed.
func (c *picker) pick(r rune) (family, rune) {
	const basicPlane = 0xffff // the PDF library counts no further
	switch {
	case r > basicPlane || unicode.IsControl(r):
		return latin, missing
	case c.has(c.regular, r) && c.has(c.bold, r):
		return latin, r
	case c.has(c.fallback, r):
		return cjk, r
	case c.has(c.korean, r):
		return hangul, r
	}
	return latin, missing
}

// run is text in one font.
type run struct {
	font family
	text string
}

// runs splits a line by font. Neutral characters stay with what precedes them
// where its font has them.
func (c *picker) runs(line string) []run {
	var (
		out     []run
		current strings.Builder
		font    family
	)
	flush := func() {
		if current.Len() > 0 {
			out = append(out, run{font, current.String()})
			current.Reset()
		}
	}
	for _, r := range line {
		f, shown := c.pick(r)
		if f == latin && font == cjk && !unicode.IsLetter(shown) && c.has(c.fallback, shown) {
			f = cjk
		}
		if f != font {
			flush()
			font = f
		}
		current.WriteRune(shown)
	}
	flush()
	return out
}

// plainText makes text fit to be set: composed, on one line, without characters
// that cannot be seen and those that turn the direction of what follows.
func plainText(text string) string {
	text = norm.NFC.String(strings.ToValidUTF8(text, string(missing)))
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control)
	}), " ")
}

// visual gives a line in the order in which it is seen, left to right.
func visual(line string) string {
	if !strings.ContainsFunc(line, func(r rune) bool { return unicode.In(r, unicode.Hebrew, unicode.Arabic) }) {
		return line
	}
	var p bidi.Paragraph
	if _, err := p.SetString(line); err != nil {
		return line
	}
	order, err := p.Order()
	if err != nil {
		return line
	}
	var b strings.Builder
	for i := range order.NumRuns() {
		r := order.Run(i)
		if r.Direction() == bidi.RightToLeft {
			b.WriteString(bidi.ReverseString(r.String()))
			continue
		}
		b.WriteString(r.String())
	}
	return b.String()
}
