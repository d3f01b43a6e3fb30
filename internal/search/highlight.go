package search

import (
	"html"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"yourticket.example/ticket"
)

// Highlighter marks what a folded text matches. It marks the same whichever
// engine has found it, and reads no index. It is for one goroutine.
type Highlighter struct {
	words []string
	last  string
	// known tells of the words seen so far whether they match: what is found
	// together repeats its words.
	known map[string]bool
}

// NewHighlighter makes a Highlighter of a folded text; one without a word marks
// nothing.
func NewHighlighter(text string) *Highlighter {
	words := strings.Fields(text)
	h := &Highlighter{known: map[string]bool{}}
	if len(words) > 0 {
		h.last = words[len(words)-1]
	}
	around := " " + text + " "
	for _, group := range ticket.Synonyms {
		for _, phrase := range group {
			if strings.Contains(around, " "+phrase+" ") {
				for _, other := range group {
					words = append(words, strings.Fields(other)...)
				}
				break
			}
		}
	}
	slices.Sort(words)
	h.words = slices.Compact(words)
	return h
}

// Event marks the fields of an event in which something matches.
func (h *Highlighter) Event(e *ticket.Event) map[string]string {
	fields := map[string]string{}
	mark := func(name, text string) {
		if marked := h.Mark(text); marked != "" {
			fields[name] = marked
		}
	}
	mark("artist", e.Artist)
	mark("name", e.Name)
	mark("genre", e.Genre)
	mark("description", e.Description)
	mark("venue", e.Venue.Name)
	mark("city", e.Venue.City)
	return fields
}

// fragmentSize is how many characters of a long text are given around the first
// mark.
const fragmentSize = 160

// Mark gives a text as HTML: escaped, with what matches inside of <em>. It is
// "" when nothing does. A long text is cut down to the part around the first
// match.
func (h *Highlighter) Mark(text string) string {
	if len(h.words) == 0 {
		return ""
	}
	marks := h.find(text)
	if len(marks) == 0 {
		return ""
	}
	from, to := window(text, marks[0][0])
	var b strings.Builder
	if from > 0 {
		b.WriteString("… ")
	}
	at := from
	for _, m := range marks {
		if m[0] < at || m[1] > to {
			continue
		}
		b.WriteString(html.EscapeString(text[at:m[0]]) + "<em>" + html.EscapeString(text[m[0]:m[1]]) + "</em>")
		at = m[1]
	}
	b.WriteString(html.EscapeString(text[at:to]))
	if to < len(text) {
		b.WriteString(" …")
	}
	return b.String()
}

// find gives where words that match begin and end.
func (h *Highlighter) find(text string) (marks [][2]int) {
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		if !inWord(r) {
			at += size
			continue
		}
		end := at
		for end < len(text) {
			r, size := utf8.DecodeRuneInString(text[end:])
			if !inWord(r) {
				break
			}
			end += size
		}
		if h.matches(text[at:end]) {
			marks = append(marks, [2]int{at, end})
		}
		at = end
	}
	return marks
}

func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '\'' || r == '’' || r == 'ʼ'
}

// matches tells whether a word of a text is one that was asked for, begins like
// the last one, or is a typo away from one.
func (h *Highlighter) matches(word string) bool {
	match, known := h.known[word]
	if !known {
		match = h.compare(word)
		h.known[word] = match
	}
	return match
}

func (h *Highlighter) compare(word string) bool {
	for _, w := range Words(word) {
		if strings.HasPrefix(w, h.last) {
			return true
		}
		for _, asked := range h.words {
			if w == asked || similar(w, asked) {
				return true
			}
		}
	}
	return false
}

// window chooses the part of a text around a mark, at the borders of words.
func window(text string, mark int) (from, to int) {
	if len(text) <= fragmentSize*5/4 {
		return 0, len(text)
	}
	if mark > fragmentSize/3 {
		from = mark - fragmentSize/3
		if space := strings.LastIndexByte(text[:mark], ' '); space >= 0 {
			for from < mark && text[from] != ' ' {
				from++
			}
			from = min(from+1, mark)
		} else {
			from = mark
		}
	}
	to = min(from+fragmentSize, len(text))
	for to < len(text) && text[to] != ' ' {
		to++
	}
	return from, to
}

// similar tells whether two words differ by as many letters as a search
// forgives: one in a word of three to five letters, two in a longer one, none
// in the first letter. Swapped neighbours are one.
func similar(a, b string) bool {
	x, y := []rune(a), []rune(b)
	allowed := 0
	switch n := len(y); {
	case n > 5:
		allowed = 2
	case n > 2:
		allowed = 1
	}
	if allowed == 0 || x[0] != y[0] || len(x)-len(y) > allowed || len(y)-len(x) > allowed {
		return false
	}
	return distance(x, y) <= allowed
}

// distance counts the letters to insert, drop, replace or swap.
func distance(x, y []rune) int {
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := range x {
		row[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
