package livemap

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// version is a stream's id: milliseconds since 1970 and a running number.
type version struct{ ms, n uint64 }

// parseVersion reads "milliseconds-number", in exactly the form that Redis
// writes: another spelling of the same number would not be found again.
func parseVersion(text string) (version, error) {
	left, right, _ := strings.Cut(text, "-")
	ms, err := strconv.ParseUint(left, 10, 64)
	if err != nil {
		return version{}, fmt.Errorf("livemap: version %q: %w", text, err)
	}
	n, err := strconv.ParseUint(right, 10, 64)
	if err != nil {
		return version{}, fmt.Errorf("livemap: version %q: %w", text, err)
	}
	v := version{ms, n}
	if v.String() != text {
		return version{}, fmt.Errorf("livemap: version %q is not in its usual form", text)
	}
	return v, nil
}

// String gives the version as Redis writes it.
func (v version) String() string {
	return strconv.FormatUint(v.ms, 10) + "-" + strconv.FormatUint(v.n, 10)
}

func (v version) compare(w version) int {
	return cmp.Or(cmp.Compare(v.ms, w.ms), cmp.Compare(v.n, w.n))
}

func (v version) after(w version) bool { return v.compare(w) > 0 }
