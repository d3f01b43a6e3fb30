package parts

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// elasticsearchNode is one node's installation and folders. Everything that it
// writes is below dir.
type elasticsearchNode struct {
	home, java string
	dir        string
	heap       string // As for Java; "" is little.
	identity   identity
}

func (n *elasticsearchNode) config() string { return filepath.Join(n.dir, "config") }
func (n *elasticsearchNode) data() string   { return filepath.Join(n.dir, "data") }
func (n *elasticsearchNode) tmp() string    { return filepath.Join(n.dir, "tmp") }

// lock is the file that the server holds a lock on while it runs.
func (n *elasticsearchNode) lock() string { return filepath.Join(n.data(), "node.lock") }

// settle decides who runs the server and makes its folders.
func (n *elasticsearchNode) settle(ctx context.Context) (err error) {
	probe := []string{"/bin/sh", "-c", `test -r "$1" && exec "$2" -version`, "probe",
		filepath.Join(n.home, "lib"), filepath.Join(n.java, "bin", "java")}
	if n.identity, err = serverIdentity(ctx, n.dir, exists(n.data()), probe...); err != nil {
		return err
	}
	if err := os.RemoveAll(n.tmp()); err != nil { // What a killed server left.
		return err
	}
	for _, dir := range []string{n.config(), n.data(), n.tmp()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		if err := n.identity.own(dir); err != nil {
			return err
		}
	}
	return nil
}

// configure writes the configuration for a port.
func (n *elasticsearchNode) configure(port int) error {
	for name, text := range map[string]string{
		"elasticsearch.yml": n.settings(port),
		"jvm.options":       n.jvmOptions(),
		"log4j2.properties": elasticsearchLogging,
	} {
		file := filepath.Join(n.config(), name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return err
		}
		if err := n.identity.own(file); err != nil {
			return err
		}
	}
	return nil
}

// settings are those of a node in production as far as one node on a small
// machine can have them.
func (n *elasticsearchNode) settings(port int) string {
	text := fmt.Sprintf(`cluster.name: yourticket
node.name: yourticket
discovery.type: single-node
network.host: 127.0.0.1
http.port: %d
transport.port: 19300-19999
path.data: %s
path.logs: %s
xpack.security.enabled: false
xpack.ml.enabled: false

# The searches asked most are answered from this cache.
indices.queries.cache.count: 10000
indices.queries.cache.size: 10%%

# Many small searches at the same time: to split each over threads costs more
# than it gains.
search.query_phase_parallel_collection_enabled: false

# A mistyped name must not become an index whose fields are guessed.
action.auto_create_index: false
action.destructive_requires_name: true

# Without these a disk that is nearly full by its percentage would be in the way.
cluster.routing.allocation.disk.watermark.low: 300mb
cluster.routing.allocation.disk.watermark.high: 200mb
cluster.routing.allocation.disk.watermark.flood_stage: 100mb
`, port, strconv.Quote(n.data()), strconv.Quote(n.dir))
	if fewMemoryMaps() {
		text += "node.store.allow_mmap: false\n"
	}
	if exists(filepath.Join(n.home, "modules", "ingest-geoip")) {
		text += "ingest.geoip.downloader.enabled: false\n"
	}
	return text
}

// jvmOptions are for little memory and a quick start. Whoever asks for a heap
// gets all of it at once, and a compiler that takes its time, as a server does.
func (n *elasticsearchNode) jvmOptions() string {
	memory := "-Xms128m\n-Xmx512m\n-XX:TieredStopAtLevel=1\n"
	if n.heap != "" {
		memory = "-Xms" + n.heap + "\n-Xmx" + n.heap + "\n"
	}
	return memory + `-XX:+UseSerialGC
-XX:+ExitOnOutOfMemoryError
-XX:ErrorFile=` + filepath.Join(n.dir, "crash-%p.log") + `
-Djava.io.tmpdir=${ES_TMPDIR}
`
}

// elasticsearchLogging sends everything to the part's log, with exceptions.
const elasticsearchLogging = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%c{1.}] %m%n%throwable
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
`

// env is this process's environment with what steers Elasticsearch replaced.
func (n *elasticsearchNode) env() []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return strings.HasPrefix(name, "ES_") || strings.Contains(name, "JAVA")
	})
	env = append(env, "ES_PATH_CONF="+n.config(), "ES_TMPDIR="+n.tmp(), "CLI_JAVA_OPTS=-XX:TieredStopAtLevel=1")
	if n.java != "" {
		env = append(env, "ES_JAVA_HOME="+n.java)
	}
	return env
}

// fewMemoryMaps tells whether a process may have fewer memory maps than Linux
// allows by itself, as in some containers. Files are then read, which costs a
// search more.
func fewMemoryMaps() bool {
	text, err := os.ReadFile("/proc/sys/vm/max_map_count")
	if err != nil {
		return false
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	return err == nil && n < 65530
}
