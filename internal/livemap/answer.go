package livemap

import (
	"bytes"
	"compress/gzip"
	"sync"
)

// gzipFrom is the size from which compressing an answer saves a packet.
const gzipFrom = 1400

// Answer is the state of every place of an event, as GET availability gives it.
// It is encoded when it is first asked for and then shared by all who ask.
type Answer struct {
	Version string
	// ETag and GzipETag are the strong entity tags of Body and Gzip.
	ETag     string
	GzipETag string
	places   int
	body     func() []byte
	gzip     func() []byte
}

// NewAnswer makes the answer for a map and its version.
func NewAnswer(version, seats string) *Answer {
	a := &Answer{Version: version, ETag: `"` + version + `"`, GzipETag: `"` + version + `-gzip"`, places: len(seats)}
	a.body = sync.OnceValue(func() []byte {
		b := make([]byte, 0, len(version)+len(seats)+32)
		return append(appendMap(b, version, seats), '\n')
	})
	a.gzip = sync.OnceValue(func() []byte { return compress(a.body()) })
	return a
}

// Body is the JSON. It is shared and must not be changed.
func (a *Answer) Body() []byte { return a.body() }

// Compresses tells whether the JSON is worth compressing.
func (a *Answer) Compresses() bool { return a.places >= gzipFrom }

// Gzip is the JSON compressed. It is shared and must not be changed.
func (a *Answer) Gzip() []byte { return a.gzip() }

// compressors keep their tables, which weigh more than a map.
var compressors = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant of the package
	}
	return w
}}

func compress(plain []byte) []byte {
	w, _ := compressors.Get().(*gzip.Writer)
	defer compressors.Put(w)
	var out bytes.Buffer
	w.Reset(&out)
	_, _ = w.Write(plain) // a buffer takes everything
	_ = w.Close()
	return bytes.Clone(out.Bytes())
}
