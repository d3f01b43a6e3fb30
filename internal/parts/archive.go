package parts

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// archive is a pinned zip in Maven Central of which only some files are wanted.
type archive struct {
	title   string // For messages.
	folder  string // Its name in the cache.
	path    string // Of the zip below the repository's root.
	bytes   int64  // Length of the zip.
	content string // What contentDigest gives for the wanted files.
	size    string // Of what is downloaded, for the message.
	// keep says under which name a file of the zip is wanted; "" is not at all.
	keep func(name string) string
	// add are programs that go with the wanted files, by name.
	add map[string]string
}

// fetchArchive returns the cache folder with the wanted files of an archive. It
// downloads these files only, as far as the server allows. Since it never sees
// the whole zip, it checks a digest of what it took.
func fetchArchive(ctx context.Context, o Options, a archive) (string, error) {
	return cached(ctx, o.cacheDir(), a.folder, func(dir string) error {
		o.say("%s is not installed: downloading %s to %s", a.title, a.size, filepath.Join(o.cacheDir(), a.folder))
		url := o.mirror() + "/" + a.path
		r, closeFile, err := openRemote(ctx, url, a.bytes, dir+".zip")
		if err != nil {
			return err
		}
		defer closeFile()
		sum, err := unzip(r, a, dir)
		if err != nil {
			return fmt.Errorf("%s: %w", url, err)
		}
		if sum != a.content {
			return fmt.Errorf("the files of %s have digest %s where %s was expected", url, sum, a.content)
		}
		return nil
	})
}

// unzip writes the wanted files into dir, of which none can get out, and what
// is added to them, and returns the contentDigest of the former.
func unzip(r io.ReaderAt, a archive, dir string) (string, error) {
	z, err := zip.NewReader(r, a.bytes)
	if err != nil {
		return "", err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", err
	}
	defer func() { _ = root.Close() }()
	sums := map[string]string{}
	for _, f := range z.File { // In the order of the zip, so that it is read forward.
		name := a.keep(f.Name)
		if name == "" || !f.Mode().IsRegular() {
			continue
		}
		if sums[name], err = unzipFile(root, name, f); err != nil {
			return "", fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	for name, program := range a.add {
		if err := writeFile(root, name, 0o755, strings.NewReader(program)); err != nil {
			return "", err
		}
	}
	return contentDigest(sums), nil
}

// unzipFile writes one file and returns its SHA-256.
func unzipFile(root *os.Root, name string, f *zip.File) (string, error) {
	content, err := f.Open()
	if err != nil {
		return "", err
	}
	defer func() { _ = content.Close() }()
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return "", err
	}
	mode := os.FileMode(0o644)
	if f.Mode()&0o100 != 0 {
		mode = 0o755
	}
	hash := sha256.New()
	err = writeFile(root, name, mode, io.TeeReader(content, hash))
	return hex.EncodeToString(hash.Sum(nil)), err
}

// contentDigest is the SHA-256 of the list that `sha256sum` prints for the
// files in the order of their names, which are relative to their folder:
//
//	find * -type f | LC_ALL=C sort | xargs -d '\n' sha256sum | sha256sum
func contentDigest(sums map[string]string) string {
	var names []string
	for name := range sums {
		names = append(names, name)
	}
	slices.Sort(names)
	hash := sha256.New()
	for _, name := range names {
		fmt.Fprintf(hash, "%s  %s\n", sums[name], name)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// below returns what follows a folder, at whatever depth it is, in a path that
// leads through it, or "".
func below(name, folder string) string {
	_, rest, found := strings.Cut("/"+name, "/"+folder+"/")
	if !found {
		return ""
	}
	return rest
}
