package parts

// What the tests look at and the program need not offer.
var (
	DescendantsOf = descendants
	Alive         = alive
	StartWatchdog = startWatchdog
)

// Release is release.
func (w *watchdog) Release() { w.release() }

// LoseParent closes the pipe as the parent's death would.
func (w *watchdog) LoseParent() { _ = w.held.Close() }
