package parts

import (
	"encoding/json"
	"io"
	"os"
	"strings"
)

// maxLogRead bounds how much of a log is read to find a reason.
const maxLogRead = 256 << 10

// logSince returns the non-empty lines that a log has got since offset from,
// the last ones where those are many.
func logSince(path string, from int64) []string {
	f, err := os.Open(path)
	if err != nil {
		return nil // The reason is then the exit status.
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.Size()-from > maxLogRead {
		from = info.Size() - maxLogRead
	}
	b, err := io.ReadAll(io.NewSectionReader(f, from, maxLogRead))
	if err != nil {
		return nil
	}
	return strings.FieldsFunc(string(b), func(r rune) bool { return r == '\n' })
}

// fullDisk says whether a log speaks of a full disk, which shows in many ways
// and is never the last thing that a server complains about.
func fullDisk(lines []string) bool {
	for _, line := range lines {
		if strings.Contains(line, "No space left on device") || strings.Contains(line, "disk is full") {
			return true
		}
	}
	return false
}

// lastOf returns the last line that holds one of the words, cut down to what
// follows the first occurrence of any of cuts, or else the last line at all.
func lastOf(lines []string, words []string, cuts ...string) string {
	found := ""
	for _, line := range lines {
		for _, word := range words {
			if strings.Contains(line, word) {
				found = line
			}
		}
	}
	if found == "" && len(lines) > 0 {
		found = lines[len(lines)-1]
	}
	for _, cut := range cuts {
		if _, after, ok := strings.Cut(found, cut); ok {
			found = after
			break
		}
	}
	return strings.TrimSpace(found)
}

// jsonMessage returns the message and error of a structured log line, or the
// line itself when it is not one.
func jsonMessage(line string) string {
	var entry struct {
		Msg   string `json:"msg"`
		Error string `json:"error"`
	}
	if json.Unmarshal([]byte(line), &entry) != nil || entry.Msg == "" {
		return line
	}
	if entry.Error == "" {
		return entry.Msg
	}
	return entry.Msg + ": " + entry.Error
}
