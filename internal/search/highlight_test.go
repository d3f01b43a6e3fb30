package search_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yourticket.example/internal/search"
)

func TestMarksWhatWasLookedFor(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ asked, text, want string }{
		"a word, whatever its case and accents": {"koln", "Halle Köln", "Halle <em>Köln</em>"},
		"a beginning":                           {"the nig", "Night of the Owls", "<em>Night</em> of <em>the</em> Owls"},
		"a beginning only of the last word":     {"nig the", "Night of the Owls", "Night of <em>the</em> Owls"},
		"a typo":                                {"philharmonik", "Bay Philharmonic", "Bay <em>Philharmonic</em>"},
		"swapped letters":                       {"nihgt", "Night", "<em>Night</em>"},
		"not a typo in the first letter":        {"light", "Night", ""},
		"a synonym":                             {"rap", "Hip-Hop", "<em>Hip</em>-<em>Hop</em>"},
		"escaped":                               {"b", `<b onclick="x">`, `&lt;<em>b</em> onclick=&#34;x&#34;&gt;`},
		"an apostrophe":                         {"obriens", "O’Brien's", "<em>O’Brien&#39;s</em>"},
		"nothing looked for":                    {"", "Night", ""},
		"nothing there":                         {"day", "Night", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, search.NewHighlighter(tt.asked).Mark(tt.text))
		})
	}
}

func TestALongTextIsCutAroundTheFirstMark(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("before ", 60) + "needle" + strings.Repeat(" after", 60)
	got := search.NewHighlighter("needle").Mark(text)
	require.Contains(t, got, "<em>needle</em>")
	require.True(t, strings.HasPrefix(got, "… before"), got)
	require.True(t, strings.HasSuffix(got, "after …"), got)
	require.Less(t, len(got), 250)
}

func TestMarksNeverLetHTMLThrough(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune("ab<>&\"' é’/=\x00日"))).Draw(rt, "text")
		asked := strings.Join(search.Words(rapid.StringOf(rapid.RuneFrom([]rune("ab é日"))).Draw(rt, "asked")), " ")
		got := search.NewHighlighter(asked).Mark(text)
		require.True(rt, utf8.ValidString(got))
		rest := strings.NewReplacer("<em>", "", "</em>", "").Replace(got)
		require.NotContains(rt, rest, "<")
		require.NotContains(rt, rest, ">")
	})
}
