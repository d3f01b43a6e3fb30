package parts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
)

// pageSize is how much of a remote file is fetched at a time.
const pageSize = 4 << 20

// errNoRanges says that a server sends files whole only.
var errNoRanges = errors.New("it does not send parts of files")

// remoteFile reads a file on a web server by pages, so that only those are
// fetched that somebody reads. It keeps the last page, which serves readers
// that go forward. It is not for several goroutines.
type remoteFile struct {
	fetch  func(off int64, buf []byte) error
	size   int64
	page   []byte
	pageAt int64
}

// ReadAt implements io.ReaderAt.
func (f *remoteFile) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		at := off + int64(n)
		if at >= f.size {
			return n, io.EOF
		}
		if err := f.turnTo(at - at%pageSize); err != nil {
			return n, err
		}
		n += copy(p[n:], f.page[at-f.pageAt:])
	}
	return n, nil
}

// turnTo fetches the page that begins at off, unless it is the present one.
func (f *remoteFile) turnTo(off int64) error {
	if f.page != nil && f.pageAt == off {
		return nil
	}
	f.page = nil
	buf := make([]byte, min(pageSize, f.size-off))
	if err := f.fetch(off, buf); err != nil {
		return err
	}
	f.page, f.pageAt = buf, off
	return nil
}

// fetchRange fills buf with what the file at url, of the size given, has from
// off on.
func fetchRange(ctx context.Context, url string, off, size int64, buf []byte) error {
	want := fmt.Sprintf("bytes %d-%d/%d", off, off+int64(len(buf))-1, size)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", off, off+int64(len(buf))-1))
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	switch got := resp.Header.Get("Content-Range"); {
	case resp.StatusCode == http.StatusOK:
		return errNoRanges
	case resp.StatusCode == http.StatusNotFound:
		return errNotFound
	case resp.StatusCode != http.StatusPartialContent:
		return fmt.Errorf("the answer was %s", resp.Status)
	case got != want:
		return fmt.Errorf("%w: the answer is %q where %q was asked for", errWrongFile, got, want)
	}
	_, err = io.ReadFull(resp.Body, buf)
	return err
}

// openRemote opens a file of a repository for reading here and there. Where
// the server sends it whole only, that is done, into spare, which close removes.
func openRemote(ctx context.Context, url string, size int64, spare string) (r io.ReaderAt, closeFile func(), err error) {
	remote := &remoteFile{size: size, fetch: func(off int64, buf []byte) error {
		return persist(ctx, url, func() error { return fetchRange(ctx, url, off, size, buf) })
	}}
	err = remote.turnTo((size - 1) / pageSize * pageSize) // A zip is read from its end.
	if err == nil {
		return remote, func() {}, nil
	}
	if !errors.Is(err, errNoRanges) {
		return nil, nil, err
	}
	err = persist(ctx, url, func() error {
		_, err := fetch(ctx, url, spare)
		return err
	})
	if err != nil {
		return nil, nil, errors.Join(err, removeIfThere(spare))
	}
	f, err := os.Open(spare)
	if err != nil {
		return nil, nil, errors.Join(err, removeIfThere(spare))
	}
	return f, func() { _, _ = f.Close(), os.Remove(spare) }, nil
}

func removeIfThere(file string) error {
	if err := os.Remove(file); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
