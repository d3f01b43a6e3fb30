package parts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// mavenCentral is where releases come from.
const mavenCentral = "https://repo1.maven.org/maven2"

// Answers that another request would get again.
var (
	errNotFound  = errors.New("not found")
	errWrongFile = errors.New("it is not the file that was expected")
)

// client gives the largest download time on a slow line.
var client = &http.Client{Timeout: 10 * time.Minute}

// download fetches a release's jar from a repository into file and checks its
// digest.
func download(ctx context.Context, repository string, r release, file string) error {
	url := repository + "/" + r.path
	var sum string
	err := persist(ctx, url, func() (err error) {
		sum, err = fetch(ctx, url, file)
		return err
	})
	if err == nil && sum != r.sha256 {
		err = fmt.Errorf("%s has SHA-256 %s where %s was expected", url, sum, r.sha256)
	}
	return err
}

// persist tries three times to get something from url, for a connection may
// break. What trying again cannot change ends it at once.
func persist(ctx context.Context, url string, try func() error) error {
	for pause := time.Second; ; pause *= 2 {
		err := try()
		if err == nil {
			return nil
		}
		final := errors.Is(err, errNotFound) || errors.Is(err, errNoRanges) || errors.Is(err, errWrongFile)
		if final || ctx.Err() != nil || pause > 2*time.Second {
			return fmt.Errorf("downloading %s: %w", url, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// fetch writes what url answers to file and returns its SHA-256 in hex.
func fetch(ctx context.Context, url, file string) (sum string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return "", errNotFound
	case resp.StatusCode != http.StatusOK:
		return "", fmt.Errorf("the answer was %s", resp.Status)
	}
	f, err := os.Create(file)
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(f, hash), resp.Body)
	if err := errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
