package parts

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// elasticsearchPatience is for a start on a machine that is busy with others.
const elasticsearchPatience = 3 * time.Minute

// StartElasticsearch starts a single-node Elasticsearch 8 on 127.0.0.1, its
// data in Dir/elasticsearch, and returns when it answers and its indices can be
// searched. It has the settings of a production node, but for security, which
// is off, and memory, see Options.Heap. Writing to an index does not make it.
// What was acknowledged survives Kill, ephemeral or not.
//
// It uses an installed Elasticsearch 8, else a download, and an installed Java,
// which root gets from apt-get where there is none.
// For a parent that is root it runs as another user, see identity.
func StartElasticsearch(ctx context.Context, o Options) (*Part, error) {
	logFile, err := o.logFile("elasticsearch")
	if err != nil {
		return nil, err
	}
	home, java, err := findElasticsearchAndJava(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("elasticsearch: %w", err)
	}
	node := elasticsearchNode{home: home, java: java, dir: filepath.Join(o.Dir, "elasticsearch"), heap: o.heap()}
	if err := node.settle(ctx); err != nil {
		return nil, fmt.Errorf("elasticsearch: %w", err)
	}
	return onPort(o.Port, func(port int) (*Part, error) {
		if err := node.configure(port); err != nil {
			return nil, fmt.Errorf("elasticsearch: %w", err)
		}
		p := &Part{Name: "elasticsearch", LogFile: logFile, URL: "http://" + address(port)}
		p.spec = spec{
			port: port, path: filepath.Join(home, "bin", "elasticsearch"), dir: node.dir,
			env: node.env(), identity: node.identity, patience: elasticsearchPatience,
			stop:    syscall.SIGTERM,
			death:   syscall.SIGKILL, // Of the launcher, whose server then ends by itself.
			prepare: func(ctx context.Context) error { return awaitUnlocked(ctx, node.lock()) },
			ready:   func(ctx context.Context, _ int64) error { return pingElasticsearch(ctx, p.URL) },
			reason:  elasticsearchReason,
		}
		return p, p.launch(ctx)
	})
}

// pingElasticsearch asks once whether every index can be searched, which a
// single node's are while they lack their replicas.
func pingElasticsearch(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/_cluster/health", nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	var health struct {
		Status string `json:"status"`
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(&health); err != nil {
		return err
	}
	if health.Status != "yellow" && health.Status != "green" {
		return fmt.Errorf("its state is %s", health.Status)
	}
	return nil
}

// awaitUnlocked waits until the process that has a lock on a file is gone. An
// earlier server on the same data may still be ending, because its parent was
// killed a moment ago.
func awaitUnlocked(ctx context.Context, file string) error {
	pid, err := lockHolder(file)
	if err != nil || pid == 0 {
		return err
	}
	deadline := time.Now().Add(stopTimeout)
	for alive(pid) {
		if time.Now().After(deadline) {
			return fmt.Errorf("another server, process %d, runs on %s", pid, filepath.Dir(file))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// lockHolder is the process that has the file locked, or 0.
func lockHolder(file string) (pid int, err error) {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if os.IsNotExist(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	lock := syscall.Flock_t{Type: syscall.F_WRLCK}
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &lock); err != nil {
		return 0, fmt.Errorf("%s: %w", file, err)
	}
	if lock.Type == syscall.F_UNLCK {
		return 0, nil
	}
	return int(lock.Pid), nil
}

// elasticsearchNoise is in the lines that follow the one with the reason.
var elasticsearchNoise = []string{
	"did not exit normally", "died while starting up",
	"Could not create the Java Virtual Machine", "A fatal exception has occurred",
	"output:", "error:",
}

// elasticsearchReason returns what a server said last: of an exception that
// ended it the innermost cause.
func elasticsearchReason(log []string) string {
	var lines []string
	words := []string{"Terminating due to "} // The memory is used up.
	for _, line := range log {
		frame := strings.HasPrefix(line, "\t") || strings.TrimSpace(line) == ""
		noise := slices.ContainsFunc(elasticsearchNoise, func(n string) bool { return strings.Contains(line, n) })
		if frame || noise {
			continue
		}
		if strings.Contains(line, "fatal exception while booting") {
			words = append(words, "Caused by: ")
			lines = nil
		}
		lines = append(lines, line)
	}
	return lastOf(lines, words, "Caused by: ", "ERROR: ")
}
