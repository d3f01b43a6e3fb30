//go:build !unix

package health

import "time"

// cpuTime is not known here; the indicator stays at zero.
func cpuTime() time.Duration { return 0 }
