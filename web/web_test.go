package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/require"

	"yourticket.example/web"
)

// handler is the storefront of production, made once.
var handler = sync.OnceValue(web.Handler)

// answer is what the storefront said.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request with the headers, which are names and values in turn.
func ask(h http.Handler, method, path string, headers ...string) answer {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.String()}
}

var assetName = regexp.MustCompile(`/assets/[0-9a-f]{16}/[a-z]+\.[a-z]+`)

func TestEveryPageIsTheDocument(t *testing.T) {
	t.Parallel()
	h := handler()
	for _, path := range []string{
		"/", "/events/demo-arena", "/events/demo-arena/seats", "/events/ev_1/queue", "/bookings", "/bookings/bk_1", "/login", "/register",
	} {
		r := ask(h, http.MethodGet, path)
		require.Equal(t, http.StatusOK, r.status, path)
		require.Equal(t, "text/html; charset=utf-8", r.header.Get("Content-Type"))
		require.Equal(t, "public, no-cache", r.header.Get("Cache-Control"))
		policy := r.header.Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'none'")
		require.NotContains(t, policy, "unsafe")
		require.NotContains(t, r.body, "{{")
	}
}

func TestOtherPathsAreAPageThatIsNotFound(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/nowhere", "/events/", "/events/a/b", "/events/a/seats/x", "/bookings/a/b"} {
		r := ask(handler(), http.MethodGet, path)
		require.Equal(t, http.StatusNotFound, r.status, path)
		require.Equal(t, "no-store", r.header.Get("Cache-Control"))
		require.Empty(t, r.header.Get("ETag"))
		require.Contains(t, r.body, "<main")
	}
}

func TestRoutesAreThoseOfTheHandler(t *testing.T) {
	t.Parallel()
	mux, std := chi.NewRouter(), http.NewServeMux()
	for _, pattern := range web.Routes() {
		mux.Method(http.MethodGet, pattern, handler())
		std.Handle("GET "+strings.TrimSuffix(pattern, "/")+map[bool]string{true: "/{$}"}[pattern == "/"], handler())
		path := regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllString(pattern, "x")
		if strings.HasPrefix(path, "/assets/") {
			path = "/assets/x/app.css"
		}
		require.Equal(t, http.StatusOK, ask(mux, http.MethodGet, path).status, path)
		require.Equal(t, http.StatusOK, ask(std, http.MethodGet, path).status, path)
	}
}

func TestAssetsOfThisVersionAreKeptForGood(t *testing.T) {
	t.Parallel()
	h := handler()
	names := assetName.FindAllString(ask(h, http.MethodGet, "/").body, -1)
	require.Greater(t, len(names), 5)
	for _, name := range names {
		r := ask(h, http.MethodGet, name)
		require.Equal(t, http.StatusOK, r.status, name)
		require.Equal(t, "public, max-age=31536000, immutable", r.header.Get("Cache-Control"))
		require.Equal(t, "nosniff", r.header.Get("X-Content-Type-Options"))

		other := ask(h, http.MethodGet, "/assets/0000000000000000/"+filepath.Base(name))
		require.Equal(t, http.StatusOK, other.status, "a page of another version still finds its module")
		require.Equal(t, "no-store", other.header.Get("Cache-Control"))
		require.Equal(t, r.body, other.body)
	}
}

func TestWhatIsNotAnAssetIsNotServed(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/assets/x/index.html", "/assets/x/none.js", "/assets/x/", "/assets/", "/assets/x/../app.css", "/assets/x/y/app.css"} {
		require.Equal(t, http.StatusNotFound, ask(handler(), http.MethodGet, path).status, path)
	}
}

func TestBothFormsHaveStrongTagsOfTheirOwn(t *testing.T) {
	t.Parallel()
	h := handler()
	styles := assetName.FindAllString(ask(h, http.MethodGet, "/").body, -1)[1]
	require.Contains(t, styles, ".css")
	for _, path := range []string{"/", styles} {
		plain, packed := ask(h, http.MethodGet, path), ask(h, http.MethodGet, path, "Accept-Encoding", "br, gzip")
		require.Equal(t, "gzip", packed.header.Get("Content-Encoding"))
		require.Equal(t, "Accept-Encoding", packed.header.Get("Vary"))
		require.Equal(t, "Accept-Encoding", plain.header.Get("Vary"))
		require.Regexp(t, `^"[0-9a-f]{24}"$`, plain.header.Get("ETag"))
		require.NotEqual(t, plain.header.Get("ETag"), packed.header.Get("ETag"))
		unpacked, err := gzip.NewReader(strings.NewReader(packed.body))
		require.NoError(t, err)
		text, err := io.ReadAll(unpacked)
		require.NoError(t, err)
		require.Equal(t, plain.body, string(text))
	}
}

func TestTheCallersCopyIsGood(t *testing.T) {
	t.Parallel()
	h := handler()
	tag := ask(h, http.MethodGet, "/").header.Get("ETag")
	for outcome, tt := range map[string]struct {
		header string
		status int
	}{
		"same":                  {tag, http.StatusNotModified},
		"weakened by a proxy":   {"W/" + tag, http.StatusNotModified},
		"one of several":        {`"old", ` + tag, http.StatusNotModified},
		"any":                   {"*", http.StatusNotModified},
		"another":               {`"old"`, http.StatusOK},
		"tag of the other form": {strings.TrimSuffix(tag, `"`) + `-gzip"`, http.StatusOK},
	} {
		r := ask(h, http.MethodGet, "/", "If-None-Match", tt.header)
		require.Equal(t, tt.status, r.status, outcome)
		require.Equal(t, tag, r.header.Get("ETag"), outcome)
		if tt.status == http.StatusNotModified {
			require.Empty(t, r.body, outcome)
		}
	}
}

func TestGzipIsRefusedByWeightZero(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{"gzip;q=0": "", "gzip; q=0.5": "gzip", "identity": "", "GZIP": "gzip"} {
		require.Equal(t, want, ask(handler(), http.MethodGet, "/", "Accept-Encoding", header).header.Get("Content-Encoding"), header)
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	head := ask(handler(), http.MethodHead, "/")
	require.Equal(t, http.StatusOK, head.status)
	require.NotEqual(t, "0", head.header.Get("Content-Length"))
	require.Empty(t, head.body)
	post := ask(handler(), http.MethodPost, "/")
	require.Equal(t, http.StatusMethodNotAllowed, post.status)
	require.Equal(t, "GET, HEAD", post.header.Get("Allow"))
}

func TestTheSandboxIsNamedOnlyWhereThereIsOne(t *testing.T) {
	t.Parallel()
	require.Contains(t, ask(handler(), http.MethodGet, "/").body, `name="payment-sandbox" content=""`)
	s, err := web.New(web.Options{PaymentSandbox: `http://127.0.0.1:8090/path"><script>`})
	require.NoError(t, err)
	require.Contains(t, ask(s, http.MethodGet, "/").body, `name="payment-sandbox" content="http://127.0.0.1:8090"`)
	for _, bad := range []string{"127.0.0.1:8090", "javascript:alert(1)", "http://", `http://a"b`} {
		_, err := web.New(web.Options{PaymentSandbox: bad})
		require.ErrorContains(t, err, "sandbox", bad)
	}
}

var imports = regexp.MustCompile(`(?:from |import\()"\./([a-z]+\.js)"`)

func TestModulesImportOnlyWhatThereIsAndNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("static/*")
	require.NoError(t, err)
	require.Greater(t, len(files), 15)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, found := range imports.FindAllStringSubmatch(string(text), -1) {
			require.FileExists(t, filepath.Join("static", found[1]), "%s imports it", file)
		}
		for _, banned := range []string{"innerHTML", "insertAdjacentHTML", "document.write", "eval(", "localStorage", " style=\""} {
			require.NotContains(t, string(text), banned, file)
		}
		outside := strings.NewReplacer("http://www.w3.org/2000/svg", "").Replace(string(text))
		require.NotContains(t, outside, "http://", file)
		require.NotContains(t, outside, "https://", file)
		require.Less(t, strings.Count(string(text), "\n"), 400, file)
	}
}
