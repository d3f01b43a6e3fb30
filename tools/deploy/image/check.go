package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// most is the size that a compressed image may have. One that is larger has
// something in it that nobody decided to ship.
const most = 40 << 20

// checkLayout reads a layout as a registry's client would, and says all that is
// wrong with it: a platform that is missing, digests, the user, the binary.
func checkLayout(ctx context.Context, dir string, s source, platforms []string, out io.Writer) error {
	all, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return err
	}
	if err := validate.Index(all); err != nil {
		return fmt.Errorf("the layout does not hold together: %w", err)
	}
	manifest, err := all.IndexManifest()
	if err != nil {
		return err
	}
	var faults []error
	var found []string
	for _, d := range manifest.Manifests {
		image, err := all.Image(d.Digest)
		if err != nil {
			return err
		}
		found = append(found, d.Platform.String())
		fmt.Fprintf(out, "%s: ", d.Platform)
		if err := checkImage(ctx, image, s, out); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", d.Platform, err))
		}
	}
	for _, platform := range platforms {
		if !slices.Contains(found, platform) {
			faults = append(faults, fmt.Errorf("there is no image for %s", platform))
		}
	}
	return errors.Join(faults...)
}

func checkImage(ctx context.Context, image v1.Image, s source, out io.Writer) error {
	config, err := image.ConfigFile()
	if err != nil {
		return err
	}
	files, err := contents(image)
	if err != nil {
		return err
	}
	size, err := compressed(image)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%.1f MB to download, program %.1f MB\n", float64(size)/1e6, float64(len(files[entrypoint].content))/1e6)
	faults := []error{
		checkConfig(config, s), checkCertificates(files[certificates].content), checkBOM(files[bom].content),
		checkProgram(config.Architecture, files[entrypoint].content, s),
		checkOwner(files),
	}
	if size > most {
		faults = append(faults, fmt.Errorf("it has %d bytes, more than %d", size, most))
	}
	if config.OS == runtime.GOOS && config.Architecture == runtime.GOARCH {
		faults = append(faults, checkRuns(ctx, files[entrypoint].content, s, out))
	}
	return errors.Join(faults...)
}

func contents(image v1.Image) (map[string]file, error) {
	root := mutate.Extract(image)
	files, err := readArchive(root)
	return files, errors.Join(err, root.Close())
}

// checkOwner looks whether the process may write where the sandbox keeps its
// journal.
func checkOwner(files map[string]file) error {
	switch folder, there := files[path.Clean(data)]; {
	case !there || folder.content != nil:
		return fmt.Errorf("there is no %s", data)
	case folder.owner != userID:
		return fmt.Errorf("%s is %d:%d's, not %s's", data, folder.owner, folder.owner, user)
	}
	return nil
}

func compressed(image v1.Image) (total int64, err error) {
	layers, err := image.Layers()
	if err != nil {
		return 0, err
	}
	for _, l := range layers {
		n, err := l.Size()
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

func checkConfig(config *v1.ConfigFile, s source) error {
	var faults []error
	if user, _, _ := strings.Cut(config.Config.User, ":"); user == "" || user == "0" || user == "root" {
		faults = append(faults, fmt.Errorf("it runs as %q", config.Config.User))
	}
	if !slices.Equal(config.Config.Entrypoint, []string{entrypoint}) {
		faults = append(faults, fmt.Errorf("its entry point is %v", config.Config.Entrypoint))
	}
	if got := config.Config.Labels["org.opencontainers.image.revision"]; got != s.revision {
		faults = append(faults, fmt.Errorf("its label says revision %q, the tree is %q", got, s.revision))
	}
	return errors.Join(faults...)
}

func checkCertificates(file []byte) error {
	n := 0
	for block, rest := pem.Decode(file); block != nil; block, rest = pem.Decode(rest) {
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return fmt.Errorf("certificate %d: %w", n, err)
		}
		n++
	}
	if n < 50 {
		return fmt.Errorf("it trusts %d certificates", n)
	}
	return nil
}

func checkBOM(file []byte) error {
	var list struct {
		Format     string `json:"bomFormat"` //nolint:tagliatelle // CycloneDX's name
		Components []struct {
			PURL string `json:"purl"`
		} `json:"components"`
	}
	if err := json.Unmarshal(file, &list); err != nil {
		return fmt.Errorf("bill of materials: %w", err)
	}
	for _, c := range list.Components {
		if strings.HasPrefix(c.PURL, "pkg:golang/go.temporal.io/sdk@") {
			return nil
		}
	}
	return fmt.Errorf("the bill of materials (%s, %d components) does not name go.temporal.io/sdk", list.Format, len(list.Components))
}

// checkProgram looks at a binary that may be another processor's.
func checkProgram(processor string, program []byte, s source) error {
	f, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		return fmt.Errorf("the program: %w", err)
	}
	want := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[processor]
	var faults []error
	if f.Machine != want {
		faults = append(faults, fmt.Errorf("the program is for %s", f.Machine))
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			faults = append(faults, errors.New("the program needs a loader, which is not in the image"))
		}
	}
	info, err := buildinfo.Read(bytes.NewReader(program))
	if err != nil {
		return errors.Join(append(faults, err)...)
	}
	if got := revisionOf(info); got != s.revision {
		faults = append(faults, fmt.Errorf("the program is of revision %q, the tree is %q", got, s.revision))
	}
	return errors.Join(faults...)
}

// checkRuns starts the program with nothing around it.
func checkRuns(ctx context.Context, program []byte, s source, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "yourticket-runs-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "yourticket")
	if err := os.WriteFile(file, program, 0o700); err != nil { //nolint:gosec // a program that is to start
		return err
	}
	cmd := exec.CommandContext(ctx, file, "version")
	cmd.Env, cmd.Dir = []string{}, dir
	answer, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("yourticket version: %w: %s", err, answer)
	}
	fmt.Fprintf(out, "it runs: %s", answer)
	if !strings.Contains(string(answer), s.revision[:12]) {
		return fmt.Errorf("yourticket version says %q, not revision %s", answer, s.revision[:12])
	}
	return nil
}
