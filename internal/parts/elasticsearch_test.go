package parts_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/parts"
)

// ask sends a request to an Elasticsearch and returns status and body.
func ask(t *testing.T, method, url, body string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(b)
}

// requireAsk is ask for what must succeed.
func requireAsk(t *testing.T, method, url, body string) string {
	t.Helper()
	status, answer := ask(t, method, url, body)
	require.Less(t, status, 300, answer)
	return answer
}

func TestElasticsearch(t *testing.T) {
	t.Parallel()
	p := start(t, parts.StartElasticsearch, parts.Options{Dir: tempDir(t), Heap: "300m"})
	t.Run("settings", func(t *testing.T) { requireSettings(t, p) })
	t.Run("what search needs", func(t *testing.T) { requireSearches(t, p) })
}

func requireSettings(t *testing.T, p *parts.Part) {
	t.Helper()
	nodes := requireAsk(t, http.MethodGet, p.URL+"/_nodes?flat_settings", "")
	for _, want := range []string{
		`"version":"8.`, `"indices.queries.cache.count":"10000"`, `"indices.queries.cache.size":"10%"`,
		`"search.query_phase_parallel_collection_enabled":"false"`, `"publish_address":"127.0.0.1:`, `"-Xmx300m"`,
	} {
		require.Contains(t, nodes, want)
	}
	status, answer := ask(t, http.MethodPut, p.URL+"/mistyped/_doc/1", `{}`)
	require.Equal(t, http.StatusNotFound, status, answer)
	status, answer = ask(t, http.MethodDelete, p.URL+"/*", "")
	require.Equal(t, http.StatusBadRequest, status, answer)
}

// requireSearches misses the modules that a download leaves out, if any.
func requireSearches(t *testing.T, p *parts.Part) {
	t.Helper()
	requireAsk(t, http.MethodPut, p.URL+"/events-1", `{
		"settings": {"analysis": {
			"filter": {
				"same": {"type": "synonym_graph", "synonyms": ["gig, concert"]},
				"starts": {"type": "edge_ngram", "min_gram": 1, "max_gram": 12}},
			"analyzer": {"text": {"tokenizer": "standard", "filter": ["lowercase", "asciifolding", "same"]},
				"prefix": {"tokenizer": "standard", "filter": ["lowercase", "asciifolding", "starts"]}}}},
		"mappings": {"properties": {
			"name": {"type": "text", "analyzer": "text", "fields": {"prefix": {"type": "text", "analyzer": "prefix", "search_analyzer": "text"}}},
			"city": {"type": "keyword"}, "at": {"type": "date"}, "place": {"type": "geo_point"}, "price": {"type": "long"}}}}`)
	requireAsk(t, http.MethodPut, p.URL+"/events-1/_doc/1?version=7&version_type=external_gte&refresh=true",
		`{"name": "Café Concert", "city": "Wien", "at": "2027-05-01T18:00:00Z", "place": {"lat": 48.2, "lon": 16.4}, "price": 4200}`)
	requireAsk(t, http.MethodPost, p.URL+"/_aliases", `{"actions": [{"add": {"index": "events-1", "alias": "events"}}]}`)
	answer := requireAsk(t, http.MethodPost, p.URL+"/events/_search", `{
		"query": {"function_score": {
			"query": {"bool": {
				"must": [{"multi_match": {"query": "cafe gigg", "fields": ["name", "name.prefix"], "fuzziness": "AUTO"}}],
				"filter": [{"range": {"price": {"lte": 5000}}}, {"geo_distance": {"distance": "10km", "place": {"lat": 48.2, "lon": 16.4}}}]}},
			"functions": [{"gauss": {"at": {"origin": "2027-05-01", "scale": "30d"}}},
				{"script_score": {"script": "doc['price'].value > 0 ? 1 : 0.5"}}]}},
		"sort": ["_score", {"_geo_distance": {"place": {"lat": 48.2, "lon": 16.4}}}],
		"highlight": {"fields": {"name": {}}},
		"aggs": {"city": {"terms": {"field": "city"}}, "month": {"date_histogram": {"field": "at", "calendar_interval": "month"}}}}`)
	for _, want := range []string{`"value":1`, "<em>Café</em>", `"key":"Wien"`, `"key_as_string":"2027-05-01`} {
		require.Contains(t, answer, want)
	}
	require.Contains(t, requireAsk(t, http.MethodPost, p.URL+"/events/_pit?keep_alive=1m", ""), `"id"`)
	requireAsk(t, http.MethodPut, p.URL+"/events-2", `{}`)
	requireAsk(t, http.MethodPost, p.URL+"/_reindex", `{"source": {"index": "events-1"}, "dest": {"index": "events-2"}}`)
}

func TestElasticsearchSaysWhyItDidNotStart(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		heap    string
		segment string // Of the node's own state.
		want    string
	}{
		"heap that is none":  {heap: "lots", want: "Invalid initial heap size: -Xmslots"},
		"heap far too small": {heap: "2m", want: "OutOfMemoryError"},
		"state in ruins":     {segment: "ruin of a segment", want: "IndexFormatTooOldException: Format version is not supported"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tempDir(t)
			if tt.segment != "" {
				state := filepath.Join(dir, "elasticsearch", "data", "_state")
				require.NoError(t, os.MkdirAll(state, 0o755))
				require.NoError(t, os.WriteFile(filepath.Join(state, "segments_1"), []byte(tt.segment), 0o644))
			}
			_, err := parts.StartElasticsearch(t.Context(), parts.Options{Dir: dir, Heap: tt.heap})
			require.ErrorContains(t, err, "elasticsearch did not start: ")
			require.ErrorContains(t, err, tt.want)
			require.ErrorContains(t, err, "; see "+filepath.Join(dir, "log", "elasticsearch.log"))
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestElasticsearchWhoseJavaDiesSaysSoAndKeepsItsData(t *testing.T) {
	t.Parallel()
	p := start(t, parts.StartElasticsearch, parts.Options{Dir: tempDir(t)})
	requireAsk(t, http.MethodPut, p.URL+"/events", "{}")
	requireAsk(t, http.MethodPut, p.URL+"/events/_doc/1", `{"name": "kept"}`)
	java := parts.DescendantsOf(p.Pid())
	require.Len(t, java, 1, "the launcher has a child")
	require.NoError(t, syscall.Kill(java[0], syscall.SIGKILL))
	<-p.Done()
	require.EqualError(t, p.Err(), "elasticsearch stopped: Elasticsearch exited unexpectedly, with exit code 137; see "+p.LogFile)
	require.NoError(t, p.Restart(t.Context()))
	require.Contains(t, requireAsk(t, http.MethodGet, p.URL+"/events/_doc/1", ""), `"kept"`)
}

// makeHome makes a folder that looks like an installation with these files.
func makeHome(t *testing.T, files map[string]string) string {
	t.Helper()
	home := tempDir(t)
	for file, text := range files {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(home, file)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(home, file), []byte(text), 0o755))
	}
	return home
}

func TestElasticsearchThatCannotRunIsOneLine(t *testing.T) {
	const noJava = " is not a Java of version 17 to 25 with the module jdk.attach"
	const noElasticsearch = " is not an Elasticsearch of version 8"
	tests := map[string]struct {
		env   string
		files map[string]string // Of the folder that the variable names.
		want  string
	}{
		"old Java": {"ES_JAVA_HOME", map[string]string{
			"bin/java": "", "release": "JAVA_VERSION=\"11.0.2\"\n", "lib/libattach.so": ""}, noJava},
		"Java without its tools": {"ES_JAVA_HOME", map[string]string{
			"bin/java": "", "release": "JAVA_VERSION=\"17.0.2\"\n"}, noJava},
		"no Java":          {"ES_JAVA_HOME", nil, noJava},
		"no Elasticsearch": {"ELASTICSEARCH_HOME", nil, noElasticsearch},
		"another version": {"ELASTICSEARCH_HOME", map[string]string{
			"bin/elasticsearch": "", "lib/elasticsearch-9.1.0.jar": ""}, noElasticsearch},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			home := makeHome(t, tt.files)
			t.Setenv(tt.env, home)
			_, err := parts.StartElasticsearch(t.Context(), parts.Options{Dir: tempDir(t)})
			require.EqualError(t, err, "elasticsearch: "+tt.env+": "+home+tt.want)
		})
	}
}

// A machine without Java whose apt-get is a script.
func TestMissingJavaIsInstalledByRootOnly(t *testing.T) {
	const installs = `#!/bin/sh
[ "$1" = update ] && exit 100 # As without a network.
[ "$*" = "install -q -y --no-install-recommends default-jre-headless" ] || exit 2
PATH=/usr/bin:/bin; cd "$JAVA_HOME" && mkdir bin lib && touch bin/java lib/libattach.so && echo 'JAVA_VERSION="21.0.1"' >release
`
	const fails = "#!/bin/sh\necho 'E: Unable to locate package' >&2\nexit 100\n"
	const missing = "it needs a Java of version 17 to 25 with the module jdk.attach: install a JDK (Debian: default-jre-headless), or set ES_JAVA_HOME"
	tests := map[string]struct {
		files map[string]string
		want  string
	}{
		"installed":       {map[string]string{"apt-get": installs}, ""},
		"not to be had":   {map[string]string{"apt-get": fails}, "apt-get install default-jre-headless failed (exit status 100): Unable to locate package"},
		"nothing is done": {map[string]string{"apt-get": "#!/bin/sh\n"}, "default-jre-headless was installed, but has no Java of version 17 to 25"},
		"no apt-get":      {nil, missing},
	}
	parts.HideJavas(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			home := tempDir(t)
			t.Setenv("JAVA_HOME", home)
			t.Setenv("ES_JAVA_HOME", "")
			t.Setenv("PATH", makeHome(t, tt.files))
			got, err := parts.FindJava(t.Context(), parts.Options{CacheDir: tempDir(t)})
			switch {
			case os.Geteuid() != 0:
				require.EqualError(t, err, missing)
			case tt.want != "":
				require.EqualError(t, err, tt.want)
			default:
				require.NoError(t, err)
				require.Equal(t, home, got)
			}
		})
	}
}
