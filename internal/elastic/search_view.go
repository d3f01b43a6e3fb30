package elastic

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	// viewFor is how long a view of the index is kept after its last use.
	viewFor = "2m"
	// shareFor is how long lists that begin share a view.
	shareFor = 2 * time.Second
	// longestView bounds what a cursor may give as a view.
	longestView = 2000
)

// views opens views of the index (points in time), which lists go on in. Lists
// that begin within two seconds share one, so that there are never many.
type views struct {
	mu    sync.Mutex
	id    string
	since time.Time
}

// take gives the view of a list, a shared one for a list that has none yet, or
// "" when none can be had: the list then goes on without.
func (v *views) take(ctx context.Context, s *Search, id string) string {
	if id != "" && len(id) <= longestView {
		return id
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.id != "" && time.Since(v.since) < shareFor {
		return v.id
	}
	var opened struct {
		ID string `json:"id"`
	}
	path := "/" + s.alias + "/_pit?keep_alive=" + url.QueryEscape(viewFor)
	if err := s.client.call(ctx, http.MethodPost, path, nil, &opened); err != nil {
		return ""
	}
	v.id, v.since = opened.ID, time.Now()
	return v.id
}

// forget lets no list begin in a view that is gone.
func (v *views) forget(id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.id == id {
		v.id = ""
	}
}

// lostView tells whether a search failed because its view is gone, or never was
// one.
func lostView(a answer) bool {
	return a.Status == http.StatusNotFound || a.Status == http.StatusBadRequest
}
