package seatingplan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"yourticket.example/ticket"
)

// reader walks a JSON document token by token. It knows at any time where it
// is, so that a fault has its path, and goes on after a fault to find more.
type reader struct {
	dec    *json.Decoder
	path   []step
	faults []ticket.FieldError
	// stop is set by broken JSON and by the last fault that is reported;
	// nothing is read after it.
	stop bool
}

// step is a member of an object, or an element of a list when name is "".
type step struct {
	name  string
	index int
}

func newReader(document []byte) *reader {
	dec := json.NewDecoder(bytes.NewReader(document))
	dec.UseNumber()
	return &reader{dec: dec}
}

// fault notes what is wrong at the current place.
func (r *reader) fault(format string, args ...any) {
	if r.stop {
		return
	}
	r.faults = append(r.faults, ticket.FieldError{Field: pathText(r.path), Message: fmt.Sprintf(format, args...)})
	r.stop = len(r.faults) >= MaxFaults
}

// pathText writes a path as zones[1].rows[0]; the document itself is "document".
func pathText(path []step) string {
	if len(path) == 0 {
		return "document"
	}
	var b strings.Builder
	for _, s := range path {
		if s.name == "" {
			fmt.Fprintf(&b, "[%d]", s.index)
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(clip(s.name))
	}
	return b.String()
}

// clip shortens a foreign text for a message.
func clip(s string) string {
	const longest = 60
	if utf8.RuneCountInString(s) <= longest {
		return s
	}
	return string([]rune(s)[:longest]) + "…"
}

// next reads a token; false when there is nothing more to read.
func (r *reader) next() (json.Token, bool) {
	if r.stop {
		return nil, false
	}
	tok, err := r.dec.Token()
	if err != nil {
		r.broken(err)
		return nil, false
	}
	return tok, true
}

func (r *reader) broken(err error) {
	r.path = r.path[:0]
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		r.fault("is not complete JSON: it ends too early")
	} else {
		r.fault("is not JSON near byte %d: %v", r.dec.InputOffset(), err)
	}
	r.stop = true
}

// end checks that nothing follows the document.
func (r *reader) end() {
	if r.stop {
		return
	}
	if _, err := r.dec.Token(); !errors.Is(err, io.EOF) {
		r.fault("has something after its end, near byte %d", r.dec.InputOffset())
	}
}

// object reads an object: field reads the value of a member and is false,
// without reading, for a name it does not know.
func (r *reader) object(what string, required []string, field func(name string) bool) {
	if !r.open('{', "an object") {
		return
	}
	seen := make([]string, 0, 8)
	for !r.stop && r.dec.More() {
		tok, ok := r.next()
		if !ok {
			return
		}
		name, _ := tok.(string)
		r.path = append(r.path, step{name: name})
		switch {
		case slices.Contains(seen, name):
			r.fault("is given twice")
			r.skip()
		case !field(name):
			r.fault("is not a field of %s", what)
			r.skip()
		default:
			seen = append(seen, name)
		}
		r.up()
	}
	r.next()
	for _, name := range required {
		if !slices.Contains(seen, name) {
			r.path = append(r.path, step{name: name})
			r.fault("is required")
			r.up()
		}
	}
}

// array reads a list; item reads the element with the given index.
func (r *reader) array(item func()) {
	if !r.open('[', "a list") {
		return
	}
	for i := 0; !r.stop && r.dec.More(); i++ {
		r.path = append(r.path, step{index: i})
		item()
		r.up()
	}
	r.next()
}

// up leaves the current member or element. A syntax error has left them all.
func (r *reader) up() {
	if len(r.path) > 0 {
		r.path = r.path[:len(r.path)-1]
	}
}

// open reads the opening token of an object or list; another value is a fault
// and is passed over.
func (r *reader) open(delim json.Delim, want string) bool {
	tok, ok := r.next()
	if !ok {
		return false
	}
	if tok == delim {
		return true
	}
	r.wrongType(want, tok)
	return false
}

func (r *reader) wrongType(want string, tok json.Token) {
	r.fault("must be %s, not %s", want, kindOf(tok))
	r.skipRest(tok)
}

func kindOf(tok json.Token) string {
	switch t := tok.(type) {
	case string:
		return "a text"
	case json.Number:
		return "a number"
	case bool:
		return "true or false"
	case json.Delim:
		if t == '{' {
			return "an object"
		}
		return "a list"
	default:
		return "null"
	}
}

// skip passes over a value.
func (r *reader) skip() {
	if tok, ok := r.next(); ok {
		r.skipRest(tok)
	}
}

// skipRest passes over what is left of a value whose first token was read.
func (r *reader) skipRest(first json.Token) {
	depth := 0
	for tok := first; ; {
		switch tok {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return
		}
		var ok bool
		if tok, ok = r.next(); !ok {
			return
		}
	}
}

// text reads a text without control characters of at most MaxNameRunes.
func (r *reader) text() string {
	tok, ok := r.next()
	if !ok {
		return ""
	}
	return r.textOf(tok)
}

// textOrNull reads a text for which null stands for "".
func (r *reader) textOrNull() string {
	tok, ok := r.next()
	if !ok || tok == nil {
		return ""
	}
	return r.textOf(tok)
}

func (r *reader) textOf(tok json.Token) string {
	s, ok := tok.(string)
	if !ok {
		r.wrongType("a text", tok)
		return ""
	}
	switch {
	case utf8.RuneCountInString(s) > MaxNameRunes:
		r.fault("must not be longer than %d characters", MaxNameRunes)
	case strings.ContainsFunc(s, unicode.IsControl):
		r.fault("must not contain control characters")
	}
	return s
}

// name reads a text that must say something.
func (r *reader) name() string {
	before := len(r.faults)
	s := r.text()
	if r.stop || len(r.faults) > before {
		return s
	}
	if strings.TrimSpace(s) == "" {
		r.fault("must not be empty")
	} else if s != strings.TrimSpace(s) {
		r.fault("must not begin or end with a space")
	}
	return s
}

// number reads a finite number from low to high.
func (r *reader) number(low, high float64) float64 {
	tok, ok := r.next()
	if !ok {
		return 0
	}
	n, ok := tok.(json.Number)
	if !ok {
		r.wrongType("a number", tok)
		return 0
	}
	v, err := strconv.ParseFloat(n.String(), 64)
	if err != nil || math.IsInf(v, 0) || v < low || v > high {
		r.fault("must be a number from %.0f to %.0f", low, high)
		return 0
	}
	return v
}

// integer reads a whole number from low to high.
func (r *reader) integer(low, high int) int {
	before := len(r.faults)
	v := r.number(float64(low), float64(high))
	if len(r.faults) == before && v != math.Trunc(v) {
		r.fault("must be a whole number")
		return 0
	}
	return int(v)
}
