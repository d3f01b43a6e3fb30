package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// options are what the command line says.
type options struct {
	source    string
	out       string
	platforms string
	tar       string
	push      string
	files     string
	check     bool
}

func main() {
	var o options
	flag.StringVar(&o.source, "source", filepath.Join("..", ".."), "root of the source tree")
	flag.StringVar(&o.out, "out", filepath.Join("..", "..", "bin", "image"), "folder of the OCI layout")
	flag.StringVar(&o.platforms, "platforms", "linux/amd64,linux/arm64", "what to build for")
	flag.StringVar(&o.tar, "tar", "", "also write the image of linux on this processor to this file, for docker load")
	flag.StringVar(&o.push, "push", "", "also push to this reference")
	flag.StringVar(&o.files, "files", "", "write the files of the image's root to this folder instead, for the first platform")
	flag.BoolVar(&o.check, "check", false, "check the layout that was written")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, out io.Writer) (err error) {
	source, err := describe(ctx, o.source)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "building %s of %s\n", source.version, source.created.Format("2006-01-02 15:04:05 MST"))
	dir, err := os.MkdirTemp("", "yourticket-image-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	images := map[string]v1.Image{}
	for platform := range strings.SplitSeq(o.platforms, ",") {
		binary, err := build(ctx, source, platform, dir)
		if err != nil {
			return err
		}
		if o.files != "" {
			return writeFiles(o.files, binary)
		}
		if images[platform], err = newImage(source, platform, binary); err != nil {
			return err
		}
	}
	if err := writeLayout(o.out, images); err != nil {
		return err
	}
	fmt.Fprintln(out, "wrote", o.out)
	if o.check {
		if err := checkLayout(ctx, o.out, source, strings.Split(o.platforms, ","), out); err != nil {
			return err
		}
	}
	return publish(ctx, o, images)
}

// publish hands the image on, to docker or to a registry, where that is asked for.
func publish(ctx context.Context, o options, images map[string]v1.Image) error {
	if o.tar != "" {
		here := "linux/" + runtime.GOARCH
		image, ok := images[here]
		if !ok {
			return fmt.Errorf("-tar needs %s among the platforms", here)
		}
		if err := writeTar(o.tar, image); err != nil {
			return err
		}
	}
	if o.push != "" {
		return push(ctx, o.push, images)
	}
	return nil
}
