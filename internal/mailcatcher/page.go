package mailcatcher

import (
	_ "embed" // For the page.
	"html/template"
	"net/http"
	"strconv"
)

//go:embed page.html
var pageSource string

var page = template.Must(template.New("page").Parse(pageSource))

// Handler shows the mails under /mail.
func (c *Catcher) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /mail", func(w http.ResponseWriter, _ *http.Request) { show(w, map[string]any{"Mails": c.Mails()}) })
	mux.HandleFunc("GET /mail/{id}", c.one(func(w http.ResponseWriter, _ *http.Request, m *Mail) { show(w, map[string]any{"Mail": m}) }))
	mux.HandleFunc("GET /mail/{id}/html", c.one(func(w http.ResponseWriter, _ *http.Request, m *Mail) {
		w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:")
		send(w, "text/html; charset=utf-8", []byte(m.HTML))
	}))
	mux.HandleFunc("GET /mail/{id}/raw", c.one(func(w http.ResponseWriter, _ *http.Request, m *Mail) { send(w, "text/plain; charset=utf-8", m.Raw) }))
	mux.HandleFunc("GET /mail/{id}/files/{n}", c.one(func(w http.ResponseWriter, r *http.Request, m *Mail) {
		n, err := strconv.Atoi(r.PathValue("n"))
		if err != nil || n < 0 || n >= len(m.Files) {
			http.NotFound(w, r)
			return
		}
		kind := m.Files[n].Type
		if kind != "application/pdf" {
			kind = "application/octet-stream"
		}
		send(w, kind, m.Files[n].Content)
	}))
	return mux
}

func (c *Catcher) one(handle func(http.ResponseWriter, *http.Request, *Mail)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		m, ok := c.Mail(r.PathValue("id"))
		if !ok {
			http.NotFound(w, r)
			return
		}
		handle(w, r, m)
	}
}

func show(w http.ResponseWriter, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = page.Execute(w, data) // the reader may be gone
}

func send(w http.ResponseWriter, kind string, content []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(content) // the reader may be gone
}
