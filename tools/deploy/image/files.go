package main

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"time"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// Who the process is, and where things are in the image.
const (
	user         = "65532:65532"
	userID       = 65532
	entrypoint   = "/yourticket"
	certificates = "/etc/ssl/certs/ca-certificates.crt"
	bom          = "/sbom.cdx.json"
	data         = "/data/" // what the sandbox keeps
)

// file is one entry of the image's root; a folder has no content. Who owns it is
// user and group; 0 is root.
type file struct {
	path    string
	mode    int64
	owner   int
	content []byte
}

// baseFiles are the same on every platform.
func baseFiles() []file {
	var roots bytes.Buffer
	for root := range bundle.Roots() {
		// A root with a constraint is one that is being retired; a file of
		// certificates cannot say so, and nobody we call is below it.
		if root.Constraint == nil {
			_ = pem.Encode(&roots, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // a buffer takes all
		}
	}
	return []file{
		{path: "/etc/", mode: 0o755},
		{path: "/etc/passwd", mode: 0o644, content: []byte("root:x:0:0:root:/:/none\nyourticket:x:65532:65532:YourTicket:/:/none\n")},
		{path: "/etc/group", mode: 0o644, content: []byte("root:x:0:\nyourticket:x:65532:\n")},
		{path: "/etc/ssl/", mode: 0o755},
		{path: "/etc/ssl/certs/", mode: 0o755},
		{path: certificates, mode: 0o644, content: roots.Bytes()},
		{path: "/tmp/", mode: 0o1777},
		// A new volume that is mounted here takes the folder's owner; without the
		// folder Docker makes one that only root may write to.
		{path: data, mode: 0o755, owner: userID},
	}
}

// programFiles are the binary and what it is made of.
func programFiles(binary string) ([]file, error) {
	program, err := os.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	parts, err := billOfMaterials(binary)
	if err != nil {
		return nil, err
	}
	return []file{{path: entrypoint, mode: 0o755, content: program}, {path: bom, mode: 0o644, content: parts}}, nil
}

// archive writes files as a tar that is always the same.
func archive(files []file, at time.Time) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		header := &tar.Header{Name: f.path[1:], Mode: f.mode, Uid: f.owner, Gid: f.owner, Size: int64(len(f.content)), ModTime: at, Typeflag: tar.TypeReg, Format: tar.FormatPAX}
		if f.content == nil {
			header.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("%s: %w", f.path, err)
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, fmt.Errorf("%s: %w", f.path, err)
		}
	}
	return out.Bytes(), w.Close()
}

// readArchive is the reverse: what is there by its path. The owner is -1 where
// user and group are not the same.
func readArchive(r io.Reader) (map[string]file, error) {
	files := map[string]file{}
	t := tar.NewReader(r)
	for {
		header, err := t.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		f := file{path: path.Join("/", header.Name), mode: header.Mode, owner: header.Uid} //nolint:gosec // a key in memory, not a file
		if header.Uid != header.Gid {
			f.owner = -1
		}
		switch header.Typeflag {
		case tar.TypeReg:
			if f.content, err = io.ReadAll(t); err != nil {
				return nil, err
			}
		case tar.TypeDir:
		default:
			continue
		}
		files[f.path] = f
	}
}

// writeFiles lays the image's root out in a folder, for a Dockerfile to copy. Who
// owns what the Dockerfile says.
func writeFiles(dir, binary string) error {
	program, err := programFiles(binary)
	if err != nil {
		return err
	}
	for _, f := range append(baseFiles(), program...) {
		name := filepath.Join(dir, filepath.FromSlash(f.path))
		if f.content == nil {
			if err := os.MkdirAll(name, 0o755); err != nil {
				return err
			}
			continue
		}
		if err := os.WriteFile(name, f.content, os.FileMode(f.mode)); err != nil {
			return err
		}
	}
	return os.Chmod(filepath.Join(dir, "tmp"), 0o777|os.ModeSticky)
}
