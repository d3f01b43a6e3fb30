package parts

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// Options say where a part lives. The zero value of every field but Dir works.
type Options struct {
	// Dir is the data directory of the whole system. The part keeps its files
	// in a folder of its own inside.
	Dir string
	// LogDir is where the part's log goes; the default is log/ inside Dir.
	LogDir string
	// CacheDir is where downloads are kept; the default is DefaultCacheDir.
	CacheDir string
	// Mirror is the address of the Maven repository that downloads come from;
	// the default is the variable YOURTICKET_MAVEN_URL, else Maven Central.
	Mirror string
	// Port to listen on; 0 picks a free one.
	Port int
	// Ephemeral trades the safety of the data for speed: nothing is expected
	// to survive the process.
	Ephemeral bool
	// Heap is how much memory Elasticsearch's Java takes for its objects, such as
	// 2g, and makes it a server to measure by; the default is the variable
	// YOURTICKET_ELASTICSEARCH_HEAP, else up to 512m and the quickest start.
	Heap string
	// Say is told, in one line, about anything that takes long, such as a
	// download. It may be nil and may be called from several goroutines.
	Say func(line string)
}

func (o Options) say(format string, args ...any) {
	if o.Say != nil {
		o.Say(fmt.Sprintf(format, args...))
	}
}

func (o Options) cacheDir() string { return cmp.Or(o.CacheDir, DefaultCacheDir()) }

func (o Options) mirror() string {
	return cmp.Or(o.Mirror, os.Getenv("YOURTICKET_MAVEN_URL"), mavenCentral)
}

func (o Options) heap() string {
	return cmp.Or(o.Heap, os.Getenv("YOURTICKET_ELASTICSEARCH_HEAP"))
}

// logFile makes the log directory and returns the path of the part's log. Its
// parents are open to other users' passage, because servers may have to
// run as one.
func (o Options) logFile(part string) (string, error) {
	if o.Dir == "" {
		return "", fmt.Errorf("%s: no data directory given", part)
	}
	dir := cmp.Or(o.LogDir, filepath.Join(o.Dir, "log"))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("%s: %w", part, err)
	}
	return filepath.Join(dir, part+".log"), nil
}

// DefaultCacheDir is the user's cache directory for this program, or a private
// one below the system's temporary directory where the user has none.
func DefaultCacheDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return filepath.Join(os.TempDir(), "yourticket-cache-"+strconv.Itoa(os.Getuid()))
	}
	return filepath.Join(dir, "yourticket")
}
