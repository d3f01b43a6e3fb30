package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed static
var static embed.FS

// kinds are the types of what is served, by ending. What is not here is not
// served.
var kinds = map[string]string{
	".js":  "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml",
}

// assets are the files that the document loads. Modules import one another by
// relative paths, so they all stay under the version that the document named.
type assets struct {
	version string
	files   map[string]*content
	// stale are the same files for whoever asks for another version, as pages
	// do that were opened before a deployment: a newer module serves them
	// better than none, but must not be kept under that address.
	stale map[string]*content
}

func loadAssets() (*assets, error) {
	a := &assets{files: map[string]*content{}, stale: map[string]*content{}}
	sum := sha256.New()
	entries, err := fs.ReadDir(static, "static") // Sorted by name, so the sum is always the same.
	if err != nil {
		return nil, fmt.Errorf("web: assets: %w", err)
	}
	for _, e := range entries {
		kind, served := kinds[path.Ext(e.Name())]
		if !served {
			continue
		}
		body, err := static.ReadFile("static/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("web: assets: %w", err)
		}
		_, _ = fmt.Fprintf(sum, "%s %d\n", e.Name(), len(body)) // A hash takes everything.
		_, _ = sum.Write(body)
		kept := newContent(kind, forGood, body)
		passing := *kept
		passing.cache = notKept
		a.files[e.Name()], a.stale[e.Name()] = kept, &passing
	}
	a.version = hex.EncodeToString(sum.Sum(nil)[:8])
	return a, nil
}

// serve answers version/file.
func (a *assets) serve(w http.ResponseWriter, r *http.Request, name string) {
	version, file, _ := strings.Cut(name, "/")
	known := a.files
	if version != a.version {
		known = a.stale
	}
	c, ok := known[file]
	if !ok {
		http.Error(w, "no such file", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Security-Policy", assetPolicy)
	w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
	c.serve(w, r, http.StatusOK)
}
