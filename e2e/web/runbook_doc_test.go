//go:build browser

package web_test

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// entry is a call that docs/support.md tells how to answer.
type entry struct {
	number int
	title  string
	filter string   // what is pasted into the list's search
	inputs []string // what is sent, in turn
}

var (
	entryHead  = regexp.MustCompile(`(?m)^### (\d+)\. (.+)$`)
	entryBlock = regexp.MustCompile("(?ms)^```(filter|input)\n(.+?)\n```$")
	viewLink   = regexp.MustCompile("`(/namespaces/default/workflows\\?savedQuery=[^`]+)`")
	filterCell = regexp.MustCompile("(?m)^\\| [^|`]+ \\| `([A-Z][^`]+)` \\|$")
)

// manual is what support reads.
func manual(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/support.md")
	require.NoError(t, err)
	return string(text)
}

// readRunbook takes the entries out of the manual.
func readRunbook(t *testing.T) []entry {
	t.Helper()
	text := manual(t)
	heads := entryHead.FindAllStringSubmatchIndex(text, -1)
	var out []entry
	for i, h := range heads {
		end := len(text)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		number, err := strconv.Atoi(text[h[2]:h[3]])
		require.NoError(t, err)
		e := entry{number: number, title: text[h[4]:h[5]]}
		for _, block := range entryBlock.FindAllStringSubmatch(text[h[0]:end], -1) {
			if block[1] == "filter" {
				e.filter = block[2]
			} else {
				e.inputs = append(e.inputs, block[2])
			}
		}
		require.NotEmpty(t, e.filter, e.title)
		out = append(out, e)
	}
	return out
}

// filled is the entry with its names replaced, in pairs.
func (e entry) filled(pairs ...string) entry {
	r := strings.NewReplacer(pairs...)
	e.filter, e.inputs = r.Replace(e.filter), slices.Clone(e.inputs)
	for i, input := range e.inputs {
		e.inputs[i] = r.Replace(input)
	}
	return e
}
