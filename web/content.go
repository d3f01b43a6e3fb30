package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
)

// How long caches may keep an answer.
const (
	forGood     = "public, max-age=31536000, immutable"
	forAnHour   = "public, max-age=3600"
	revalidated = "public, no-cache"
	notKept     = "no-store"
)

// content is a body that does not change while the process lives, compressed
// once. Each form has a strong entity tag of its own, as RFC 9110 wants it.
type content struct {
	kind, cache      string
	plain, packed    []byte // packed is nil where compression gains nothing
	tag, packedTag   string
	length, packedAt string
}

func newContent(kind, cache string, body []byte) *content {
	sum := sha256.Sum256(body)
	name := hex.EncodeToString(sum[:12])
	c := &content{kind: kind, cache: cache, plain: body, tag: `"` + name + `"`, length: strconv.Itoa(len(body))}
	if packed := compress(body); len(packed)+64 < len(body) {
		c.packed, c.packedTag, c.packedAt = packed, `"`+name+`-gzip"`, strconv.Itoa(len(packed))
	}
	return c
}

func compress(body []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return body // The level is a constant that there is.
	}
	_, _ = w.Write(body) // A buffer takes everything.
	_ = w.Close()
	return b.Bytes()
}

// serve answers with the body, or with 304 where the caller has it. HEAD gets
// the same headers and no body.
func (c *content) serve(w http.ResponseWriter, r *http.Request, status int) {
	body, tag, length := c.plain, c.tag, c.length
	h := w.Header()
	h.Set("Cache-Control", c.cache)
	h.Set("X-Content-Type-Options", "nosniff")
	if c.packed != nil {
		h.Add("Vary", "Accept-Encoding")
		if takesGzip(r.Header.Get("Accept-Encoding")) {
			body, tag, length = c.packed, c.packedTag, c.packedAt
			h.Set("Content-Encoding", "gzip")
		}
	}
	if status == http.StatusOK {
		h.Set("ETag", tag)
		if known(r.Header.Get("If-None-Match"), tag) {
			h.Del("Content-Encoding")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	h.Set("Content-Type", c.kind)
	h.Set("Content-Length", length)
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // The caller may be gone; nobody is left to tell.
	}
}

// known tells whether an If-None-Match header names the tag. Proxies may have
// weakened it.
func known(header, tag string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == tag {
			return true
		}
	}
	return false
}

// takesGzip tells whether an Accept-Encoding header allows gzip.
func takesGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, weight, weighted := strings.Cut(strings.TrimSpace(part), ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
		return !weighted || err != nil || q > 0
	}
	return false
}
