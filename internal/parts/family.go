package parts

import "time"

// awaitExit waits until a killed process that is not our own child is gone, at
// most ten seconds.
func awaitExit(pid int) {
	for range 1000 {
		if !alive(pid) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}
