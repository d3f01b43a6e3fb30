package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// newImage joins the layers: first what hardly ever changes, then the program.
func newImage(s source, platform, binary string) (v1.Image, error) {
	program, err := programFiles(binary)
	if err != nil {
		return nil, err
	}
	system, processor, _ := strings.Cut(platform, "/")
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.ConfigFile(image, &v1.ConfigFile{
		OS: system, Architecture: processor, Created: v1.Time{Time: s.created},
		RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{
			User:       user,
			Entrypoint: []string{entrypoint},
			Cmd:        []string{"--help"},
			WorkingDir: "/tmp",
			Env:        []string{"PATH=/", "SSL_CERT_FILE=" + certificates},
			Labels: map[string]string{
				"org.opencontainers.image.title":    "YourTicket",
				"org.opencontainers.image.version":  s.version,
				"org.opencontainers.image.revision": s.revision,
				"org.opencontainers.image.created":  s.created.Format("2006-01-02T15:04:05Z"),
				"org.opencontainers.image.licenses": "Apache-2.0",
			},
		},
	})
	if err != nil {
		return nil, err
	}
	for _, files := range [][]file{baseFiles(), program} {
		if image, err = addLayer(image, files, s); err != nil {
			return nil, err
		}
	}
	return image, nil
}

func addLayer(image v1.Image, files []file, s source) (v1.Image, error) {
	content, err := archive(files, s.created)
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content)), nil
	}, tarball.WithMediaType(types.OCILayer), tarball.WithCompressedCaching)
	if err != nil {
		return nil, err
	}
	return mutate.Append(image, mutate.Addendum{
		Layer: layer, MediaType: types.OCILayer,
		History: v1.History{Created: v1.Time{Time: s.created}, CreatedBy: "tools/deploy/image"},
	})
}

// index names the image of each platform, in an order that is always the same.
func index(images map[string]v1.Image) v1.ImageIndex {
	all := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, platform := range slices.Sorted(maps.Keys(images)) {
		system, processor, _ := strings.Cut(platform, "/")
		all = mutate.AppendManifests(all, mutate.IndexAddendum{
			Add: images[platform], Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: system, Architecture: processor}},
		})
	}
	return all
}

// writeLayout writes an OCI layout anew.
func writeLayout(dir string, images map[string]v1.Image) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	_, err := layout.Write(dir, index(images))
	return err
}

func writeTar(file string, image v1.Image) error {
	tag, err := name.NewTag("yourticket:local")
	if err != nil {
		return err
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(tarball.Write(tag, image, out), out.Close())
}

func push(ctx context.Context, to string, images map[string]v1.Image) error {
	reference, err := name.ParseReference(to)
	if err != nil {
		return err
	}
	if err := remote.WriteIndex(reference, index(images), remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
		return fmt.Errorf("push %s: %w", reference, err)
	}
	return nil
}
