package rehearsal

import (
	"fmt"
	"math"
	"strconv"
)

// thousands writes 12345 as 12,345.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// inTime writes milliseconds as a person reads them.
func inTime(ms float64) string {
	switch {
	case ms < 10:
		return strconv.FormatFloat(math.Round(ms*10)/10, 'f', -1, 64) + " ms"
	case ms < 1000:
		return fmt.Sprintf("%.0f ms", ms)
	case ms < 10_000:
		return strconv.FormatFloat(math.Round(ms/100)/10, 'f', -1, 64) + " s"
	}
	return fmt.Sprintf("%.0f s", ms/1000)
}

// inMinutes writes seconds as 2 min 05 s.
func inMinutes(seconds float64) string {
	s := int(math.Round(max(0, seconds)))
	if s < 60 {
		return fmt.Sprintf("%d s", s)
	}
	return fmt.Sprintf("%d min %02d s", s/60, s%60)
}

// percent writes a share without pretending that little is nothing.
func percent(n, of int) string {
	if of == 0 {
		return "0"
	}
	p := 100 * float64(n) / float64(of)
	if p < 0.01 {
		return "less than 0.01"
	}
	return strconv.FormatFloat(math.Round(p*100)/100, 'f', -1, 64)
}
