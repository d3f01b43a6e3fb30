package parts

import (
	"context"
	"testing"
)

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

// Archive is an archive of whose zip the files below server/ are wanted.
func Archive(size int64, content string) archive {
	return archive{
		title: "Server", folder: "server-1.0", path: "server.zip", bytes: size, content: content, size: "1 kB",
		keep: func(name string) string { return below(name, "server") },
		add:  map[string]string{"start": "#!/bin/sh"},
	}
}

// FetchArchive is fetchArchive.
var FetchArchive = fetchArchive

// ContentDigest is contentDigest.
var ContentDigest = contentDigest

// PageSize is pageSize.
const PageSize = pageSize

// FindJava is findJava.
var FindJava = findJava

// HideJavas makes the machine look as if Javas were on the PATH only, until the
// test ends.
func HideJavas(t *testing.T) {
	t.Helper()
	places := javaPlaces
	javaPlaces = nil
	t.Cleanup(func() { javaPlaces = places })
}
