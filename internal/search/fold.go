package search

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// letters are those that no decomposition takes apart.
var letters = strings.NewReplacer(
	"ø", "o", "ł", "l", "đ", "d", "ı", "i", "ð", "d", "ħ", "h", "ŧ", "t", "ß", "ss", "æ", "ae", "œ", "oe", "þ", "th",
)

// Fold writes a text as it is compared: in lower case, Latin letters without
// their accents, trimmed, every run of white space and control characters as
// one space. The index and the database (search_fold) fold what they hold in
// the same way.
func Fold(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if isASCII(text) {
		return strings.ToLower(text)
	}
	var b strings.Builder
	b.Grow(len(text))
	latin := false
	for _, r := range norm.NFD.String(text) {
		if latin && r >= 0x300 && r <= 0x36f {
			continue
		}
		latin = r < unicode.MaxASCII && unicode.IsLetter(r)
		b.WriteRune(r)
	}
	return letters.Replace(strings.ToLower(norm.NFC.String(b.String())))
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] > unicode.MaxASCII {
			return false
		}
	}
	return true
}

// Words gives the folded words of a text in their order: runs of letters,
// digits and marks. An apostrophe is left out of its word, and "&" is "and".
func Words(text string) []string {
	folded := Fold(text)
	folded = apostrophes.Replace(folded)
	return strings.FieldsFunc(folded, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	})
}

var apostrophes = strings.NewReplacer("'", "", "’", "", "ʼ", "", "&", " and ")
