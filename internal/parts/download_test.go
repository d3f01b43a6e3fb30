package parts_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/ulikunitz/xz"

	"yourticket.example/internal/parts"
)

// file is one entry of an archive.
type file struct {
	name, content, link string
	mode                int64
}

// jar makes a zip with one entry.
func jar(t *testing.T, entry string, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(entry)
	require.NoError(t, err)
	_, err = w.Write(content)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.Bytes()
}

// txz makes a compressed archive of files.
func txz(t *testing.T, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	x, err := xz.NewWriter(&b)
	require.NoError(t, err)
	w := tar.NewWriter(x)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.content)), Typeflag: tar.TypeReg}
		if f.link != "" {
			h.Typeflag, h.Linkname = tar.TypeSymlink, f.link
		}
		require.NoError(t, w.WriteHeader(h))
		_, err := w.Write([]byte(f.content))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	require.NoError(t, x.Close())
	return b.Bytes()
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// serve returns the options for downloads from a server that always gives
// answer, and how often it was asked.
func serve(t *testing.T, status int, answer []byte) (parts.Options, *atomic.Int64) {
	t.Helper()
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(status)
		_, _ = w.Write(answer)
	}))
	t.Cleanup(s.Close)
	return parts.Options{CacheDir: t.TempDir(), Mirror: s.URL}, &asked
}

func TestReleaseIsDownloadedOnceAndUnpacked(t *testing.T) {
	t.Parallel()
	content := jar(t, "server.txz", txz(t,
		file{name: "./bin/server", content: "program", mode: 0o755},
		file{name: "share/text", content: "text", mode: 0o600},
		file{name: "lib/current", link: "text"},
	))
	o, asked := serve(t, http.StatusOK, content)
	var dir string
	for range 2 {
		var err error
		dir, err = parts.FetchRelease(t.Context(), o, "Server", "", "server.txz", digest(content))
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, asked.Load())
	program, err := os.Stat(filepath.Join(dir, "bin", "server"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o755), program.Mode())
	link, err := os.Readlink(filepath.Join(dir, "lib", "current"))
	require.NoError(t, err)
	require.Equal(t, "text", link)
	require.NoFileExists(t, dir+".jar")
	require.NoDirExists(t, dir+".new")
}

func TestReleaseOfOneProgram(t *testing.T) {
	t.Parallel()
	content := jar(t, "server-1.0", []byte("program"))
	o, _ := serve(t, http.StatusOK, content)
	dir, err := parts.FetchRelease(t.Context(), o, "Server", "server", "server-1.0", digest(content))
	require.NoError(t, err)
	got, err := os.ReadFile(filepath.Join(dir, "server"))
	require.NoError(t, err)
	require.Equal(t, "program", string(got))
}

func TestBadDownloadsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	good := jar(t, "server.txz", txz(t, file{name: "bin/server", content: "x", mode: 0o755}))
	escape := jar(t, "server.txz", txz(t, file{name: "../../escaped", content: "x", mode: 0o755}))
	tests := map[string]struct {
		status int
		answer []byte
		sum    string
		asked  int64
		want   string
	}{
		"another digest":     {http.StatusOK, good, digest([]byte("other")), 1, "has SHA-256 " + digest(good) + " where " + digest([]byte("other")) + " was expected"},
		"not there":          {http.StatusNotFound, nil, digest(good), 1, ": not found"},
		"failing server":     {http.StatusBadGateway, nil, digest(good), 3, ": the answer was 502 Bad Gateway"},
		"outside its folder": {http.StatusOK, escape, digest(escape), 1, "../../escaped: "},
		"no archive":         {http.StatusOK, []byte("x"), digest([]byte("x")), 1, "zip: not a valid zip file"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, asked := serve(t, tt.status, tt.answer)
			_, err := parts.FetchRelease(t.Context(), o, "Server", "", "server.txz", tt.sum)
			require.ErrorContains(t, err, tt.want)
			require.Equal(t, tt.asked, asked.Load())
			left, err := filepath.Glob(filepath.Join(o.CacheDir, "*"))
			require.NoError(t, err)
			require.Len(t, left, 1, "only the lock file: %v", left)
		})
	}
}
