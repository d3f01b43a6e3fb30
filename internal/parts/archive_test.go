package parts_test

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/parts"
)

// bigZip makes a zip with a little that is wanted, below server/, between much
// that is not, and returns the wanted files' digest.
func bigZip(t *testing.T) (content []byte, sum string) {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	sums := map[string]string{}
	add := func(name, text string, mode os.FileMode) {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		h.SetMode(mode)
		w, err := z.CreateHeader(h)
		require.NoError(t, err)
		_, err = w.Write([]byte(text))
		require.NoError(t, err)
		if wanted, ok := strings.CutPrefix(name, "product/server/"); ok {
			sums[wanted] = digest([]byte(text))
		}
	}
	noise := make([]byte, 3*parts.PageSize)
	_, _ = rand.Read(noise) // Which never fails.
	add("product/before", string(noise), 0o644)
	add("product/server/bin/run", "program", 0o755)
	add("product/server/lib/big", string(noise[:parts.PageSize+1]), 0o644)
	add("product/after", string(noise), 0o644)
	require.NoError(t, z.Close())
	return b.Bytes(), parts.ContentDigest(sums)
}

// mirror serves a zip and counts the bytes that it sends.
func mirror(t *testing.T, content []byte, wrap func(http.ResponseWriter, *http.Request) (http.ResponseWriter, bool)) (parts.Options, *atomic.Int64) {
	t.Helper()
	var sent atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w, goOn := wrap(w, r)
		if goOn {
			http.ServeContent(counting{w, &sent}, r, "server.zip", time.Time{}, bytes.NewReader(content))
		}
	}))
	t.Cleanup(s.Close)
	return parts.Options{CacheDir: t.TempDir(), Mirror: s.URL}, &sent
}

func unchanged(w http.ResponseWriter, _ *http.Request) (http.ResponseWriter, bool) { return w, true }

// counting counts what passes to a client.
type counting struct {
	http.ResponseWriter
	sent *atomic.Int64
}

func (c counting) Write(p []byte) (int, error) {
	c.sent.Add(int64(len(p)))
	return c.ResponseWriter.Write(p)
}

// cutting ends an answer after its first bytes.
type cutting struct{ http.ResponseWriter }

func (c cutting) Write(p []byte) (int, error) {
	_, _ = c.ResponseWriter.Write(p[:min(len(p), 1000)])
	_ = http.NewResponseController(c.ResponseWriter).Flush() // What is cut off then is the rest.
	panic(http.ErrAbortHandler)
}

func TestOfAnArchiveOnlyWhatIsWantedIsDownloaded(t *testing.T) {
	t.Parallel()
	content, sum := bigZip(t)
	o, sent := mirror(t, content, unchanged)
	var wg sync.WaitGroup
	for range 4 { // As several processes would.
		wg.Go(func() {
			dir, err := parts.FetchArchive(t.Context(), o, parts.Archive(int64(len(content)), sum))
			if err != nil || !filepath.IsAbs(dir) {
				t.Errorf("%s, %v", dir, err)
			}
		})
	}
	wg.Wait()
	require.Less(t, sent.Load(), int64(5*parts.PageSize), "of %d", len(content))

	dir := filepath.Join(o.CacheDir, "server-1.0")
	program, err := os.Stat(filepath.Join(dir, "bin", "run"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o755), program.Mode())
	require.FileExists(t, filepath.Join(dir, "start"))
	require.NoFileExists(t, filepath.Join(dir, "before"))
	require.NoError(t, os.Remove(filepath.Join(dir, "start")))
	listed := exec.CommandContext(t.Context(), "sh", "-c", "find * -type f | LC_ALL=C sort | xargs sha256sum | sha256sum")
	listed.Dir = dir
	out, err := listed.Output()
	require.NoError(t, err)
	require.Equal(t, sum+"  -\n", string(out), "the digest can be checked by hand")
}

func TestArchiveIsFetchedInSpiteOf(t *testing.T) {
	t.Parallel()
	var cut atomic.Int64
	tests := map[string]func(http.ResponseWriter, *http.Request) (http.ResponseWriter, bool){
		"a server that sends files whole only": func(w http.ResponseWriter, r *http.Request) (http.ResponseWriter, bool) {
			r.Header.Del("Range")
			return w, true
		},
		"an answer that breaks off": func(w http.ResponseWriter, _ *http.Request) (http.ResponseWriter, bool) {
			if cut.Add(1) == 2 {
				return cutting{w}, true
			}
			return w, true
		},
	}
	content, sum := bigZip(t)
	for name, wrap := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, _ := mirror(t, content, wrap)
			dir, err := parts.FetchArchive(t.Context(), o, parts.Archive(int64(len(content)), sum))
			require.NoError(t, err)
			require.FileExists(t, filepath.Join(dir, "lib", "big"))
			require.NoFileExists(t, dir+".new.zip")
		})
	}
}

func TestBadArchivesLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	content, sum := bigZip(t)
	other := bytes.Clone(content)
	other[len(content)/2] ^= 1
	tests := map[string]struct {
		content []byte
		sum     string
		wrap    func(http.ResponseWriter, *http.Request) (http.ResponseWriter, bool)
		want    string
	}{
		"another digest": {content, digest(nil), unchanged, " have digest " + sum + " where " + digest(nil) + " was expected"},
		"another length": {append(bytes.Clone(content), 0), sum, unchanged, "it is not the file that was expected: the answer is \"bytes "},
		"a changed byte": {other, sum, unchanged, "product/server/lib/big: "},
		"not there": {content, sum, func(w http.ResponseWriter, _ *http.Request) (http.ResponseWriter, bool) {
			w.WriteHeader(http.StatusNotFound)
			return w, false
		}, ": not found"},
		"always broken off": {content, sum, func(w http.ResponseWriter, _ *http.Request) (http.ResponseWriter, bool) {
			return cutting{w}, true
		}, ": unexpected EOF"},
		"whole only, and broken off": {content, sum, func(w http.ResponseWriter, r *http.Request) (http.ResponseWriter, bool) {
			r.Header.Del("Range")
			return cutting{w}, true
		}, ": unexpected EOF"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, _ := mirror(t, tt.content, tt.wrap)
			_, err := parts.FetchArchive(t.Context(), o, parts.Archive(int64(len(content)), tt.sum))
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "\n")
			left, err := filepath.Glob(filepath.Join(o.CacheDir, "*"))
			require.NoError(t, err)
			require.Len(t, left, 1, "only the lock file: %v", left)
		})
	}
}
