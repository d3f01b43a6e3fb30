package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/stretchr/testify/require"
)

// here is the state of the tree that tests are built from; the program of the
// images below is the test's own binary.
func here(t *testing.T) (source, string) {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	return source{version: "v1.2.3", revision: "0123456789abcdef0123", created: time.Unix(1e9, 0).UTC()}, binary
}

func testImage(t *testing.T, platform string) v1.Image {
	t.Helper()
	s, binary := here(t)
	image, err := newImage(s, platform, binary)
	require.NoError(t, err)
	return image
}

func TestTheSameSourceGivesTheSameImage(t *testing.T) {
	t.Parallel()
	one, err := testImage(t, "linux/amd64").Digest()
	require.NoError(t, err)
	two, err := testImage(t, "linux/amd64").Digest()
	require.NoError(t, err)
	require.Equal(t, one, two)
}

// Every fault that the check is for is found.
func TestFaultsAreFound(t *testing.T) {
	t.Parallel()
	s, _ := here(t)
	tests := map[string]struct {
		spoil func(*v1.Config)
		says  string
	}{
		"root by name":       {func(c *v1.Config) { c.User = "root" }, `it runs as "root"`},
		"root by number":     {func(c *v1.Config) { c.User = "0:65532" }, `it runs as "0:65532"`},
		"nobody named":       {func(c *v1.Config) { c.User = "" }, `it runs as ""`},
		"a shell in between": {func(c *v1.Config) { c.Entrypoint = []string{"/bin/sh"} }, "its entry point is [/bin/sh]"},
		"another revision":   {func(c *v1.Config) { c.Labels = nil }, "its label says revision"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			image := testImage(t, "linux/arm64")
			config, err := image.ConfigFile()
			require.NoError(t, err)
			tt.spoil(&config.Config)
			image, err = mutate.Config(image, config.Config)
			require.NoError(t, err)
			require.ErrorContains(t, checkImage(t.Context(), image, s, &bytes.Buffer{}), tt.says)
		})
	}
	t.Run("a program for another processor, of another revision", func(t *testing.T) {
		t.Parallel()
		err := checkImage(t.Context(), testImage(t, "linux/riscv64"), s, &bytes.Buffer{})
		require.ErrorContains(t, err, "the program is for ")
		require.ErrorContains(t, err, "the program is of revision ")
	})
	t.Run("no certificates", func(t *testing.T) {
		t.Parallel()
		require.ErrorContains(t, checkCertificates(nil), "it trusts 0 certificates")
	})
	t.Run("a bill of materials of something else", func(t *testing.T) {
		t.Parallel()
		require.ErrorContains(t, checkBOM([]byte(`{"bomFormat": "CycloneDX"}`)), "does not name go.temporal.io/sdk")
	})
}

// What the sandbox writes to is the process's own, or the image is no good.
func TestTheOwnerOfTheDataIsFound(t *testing.T) {
	t.Parallel()
	s, _ := here(t)
	files, err := contents(testImage(t, "linux/arm64"))
	require.NoError(t, err)
	require.NoError(t, checkOwner(files))
	for says, files := range map[string][]file{
		"there is no /data/":  {{path: "/tmp/", mode: 0o1777}},
		"/data/ is 0:0's":     {{path: data, mode: 0o755}},
		"/data/ is 1000:1000": {{path: data, mode: 0o755, owner: 1000}},
	} {
		image, err := addLayer(empty.Image, files, s)
		require.NoError(t, err)
		there, err := contents(image)
		require.NoError(t, err)
		require.ErrorContains(t, checkOwner(there), says)
	}
}

func TestAMissingPlatformIsFound(t *testing.T) {
	t.Parallel()
	s, _ := here(t)
	dir := filepath.Join(t.TempDir(), "image")
	require.NoError(t, writeLayout(dir, map[string]v1.Image{"linux/arm64": testImage(t, "linux/arm64")}))
	err := checkLayout(context.Background(), dir, s, []string{"linux/amd64", "linux/arm64"}, &bytes.Buffer{})
	require.ErrorContains(t, err, "there is no image for linux/amd64")
	require.NotContains(t, err.Error(), "there is no image for linux/arm64")
}

// The Dockerfile copies the same files.
func TestTheFilesOfTheRoot(t *testing.T) {
	t.Parallel()
	_, binary := here(t)
	dir := t.TempDir()
	require.NoError(t, writeFiles(dir, binary))
	for path, mode := range map[string]os.FileMode{entrypoint: 0o755, certificates: 0o644, bom: 0o644, "/etc/passwd": 0o644} {
		info, err := os.Stat(filepath.Join(dir, path))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode(), path)
		require.Positive(t, info.Size(), path)
	}
	info, err := os.Stat(filepath.Join(dir, "tmp"))
	require.NoError(t, err)
	require.Equal(t, os.ModeDir|os.ModeSticky|0o777, info.Mode())
	require.DirExists(t, filepath.Join(dir, data))
	dockerfile, err := os.ReadFile(filepath.Join("..", "..", "..", "deploy", "Dockerfile"))
	require.NoError(t, err)
	require.Contains(t, string(dockerfile), "COPY --from=build --chown="+user+" /data /data\n")
}
