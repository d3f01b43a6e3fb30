package parts

import "context"

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

// FetchRelease fetches a release that exists only for a test.
func FetchRelease(ctx context.Context, o Options, title, program, entry, sha256 string) (string, error) {
	r := release{version: "1.0", path: "server.jar", sha256: sha256, entry: entry, size: "1 kB"}
	return fetchRelease(ctx, o, title, program, map[string]release{platform: r})
}
