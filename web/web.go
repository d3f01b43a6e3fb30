package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
)

// Options say how the storefront is served. The zero value is production.
type Options struct {
	// PaymentSandbox is the address of the payment sandbox that stands in for
	// the providers, as a buyer's browser reaches it. It turns on the test
	// cards and the links to the sandbox's pages. Empty where money is real.
	PaymentSandbox string
}

// Routes are the patterns of the storefront's paths, as chi and
// net/http.ServeMux both read them; {…} is one segment.
func Routes() []string {
	return []string{
		"/", "/events/{event}", "/events/{event}/seats", "/events/{event}/queue",
		"/bookings", "/bookings/{booking}", "/login", "/register",
		"/favicon.ico", "/robots.txt", assetsAt + "{version}/{file}",
	}
}

// assetsAt is where the files are that the document loads.
const assetsAt = "/assets/"

// Storefront serves the pages and what they load. It is safe for concurrent use.
type Storefront struct {
	document *content
	missing  *content // The document again; its script says that there is no such page.
	robots   *content
	assets   *assets
}

// New makes the storefront. A sandbox address that is no http or https URL is
// an error.
func New(o Options) (*Storefront, error) {
	sandbox, err := origin(o.PaymentSandbox)
	if err != nil {
		return nil, err
	}
	all, err := loadAssets()
	if err != nil {
		return nil, err
	}
	page, err := renderDocument(all, sandbox)
	if err != nil {
		return nil, err
	}
	document := newContent("text/html; charset=utf-8", revalidated, page)
	missing := *document
	missing.cache = notKept
	return &Storefront{
		document: document,
		missing:  &missing,
		robots:   newContent("text/plain; charset=utf-8", forAnHour, []byte(robots)),
		assets:   all,
	}, nil
}

// Handler serves the storefront of production.
func Handler() http.Handler {
	s, err := New(Options{})
	if err != nil {
		panic(err) // The files are in the binary and have been read by its tests.
	}
	return s
}

// plainHost is a host, with a port or without, that can stand in an attribute
// as it is; url.Parse lets quotes pass.
var plainHost = regexp.MustCompile(`^[A-Za-z0-9.:\[\]-]+$`)

// origin gives scheme and host of an address, or "" for none.
func origin(address string) (string, error) {
	if address == "" {
		return "", nil
	}
	u, err := url.Parse(address)
	if err != nil || !plainHost.MatchString(u.Host) || u.Scheme != "http" && u.Scheme != "https" {
		return "", errors.New("web: the payment sandbox's address is not an http or https URL")
	}
	return u.Scheme + "://" + u.Host, nil
}

// robots keeps crawlers away from what belongs to one buyer.
const robots = "User-agent: *\nDisallow: /bookings\nDisallow: /login\nDisallow: /register\nDisallow: /v1/\n"

// ServeHTTP answers GET and HEAD of Routes. Any other path gets the document
// with status 404, for a person who mistyped it.
func (s *Storefront) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	p := r.URL.Path
	switch {
	case strings.HasPrefix(p, assetsAt):
		s.assets.serve(w, r, strings.TrimPrefix(p, assetsAt))
	case p == "/favicon.ico":
		s.assets.files["favicon.svg"].serve(w, r, http.StatusOK)
	case p == "/robots.txt":
		s.robots.serve(w, r, http.StatusOK)
	case isPage(p):
		protect(w.Header())
		s.document.serve(w, r, http.StatusOK)
	default:
		s.Missing(w, r)
	}
}

// Missing answers a path that is none of ours with a page that says so, status
// 404.
func (s *Storefront) Missing(w http.ResponseWriter, r *http.Request) {
	protect(w.Header())
	s.missing.serve(w, r, http.StatusNotFound)
}

// isPage tells whether the document's script has a page for the path.
func isPage(p string) bool {
	for _, pattern := range Routes() {
		if strings.HasPrefix(pattern, assetsAt) {
			continue
		}
		if ok, err := path.Match(segments(pattern), p); err == nil && ok {
			return true
		}
	}
	return false
}

// segments makes a route's pattern one of path.Match.
func segments(pattern string) string {
	parts := strings.Split(pattern, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "{") {
			parts[i] = "?*"
		}
	}
	return strings.Join(parts, "/")
}

// renderDocument puts the assets' address and the sandbox's into the document.
// Both are plain URL text, which needs no escaping in an attribute.
func renderDocument(all *assets, sandbox string) ([]byte, error) {
	page, err := static.ReadFile("static/index.html")
	if err != nil {
		return nil, fmt.Errorf("web: document: %w", err)
	}
	text := strings.NewReplacer("{{assets}}", assetsAt+all.version, "{{sandbox}}", sandbox).Replace(string(page))
	if strings.Contains(text, "{{") {
		return nil, errors.New("web: the document has a placeholder that nothing fills")
	}
	return []byte(text), nil
}
