package partstest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"yourticket.example/internal/parts"
)

// prefixes counts the prefixes given out, to name them.
var prefixes atomic.Int64

// Elasticsearch returns the URL of the process's Elasticsearch and a prefix for
// the names of this test's indices and aliases, such as "test-4711-3-". All
// indices that begin with it are deleted when the test ends. The node's
// settings, its templates and searches over * are shared with the other tests
// of the process; use ElasticsearchServer where they matter.
func Elasticsearch(t testing.TB) (url, prefix string) {
	t.Helper()
	server := shared(t, "elasticsearch", parts.StartElasticsearch)
	prefix = fmt.Sprintf("test-%d-%d-", os.Getpid(), prefixes.Add(1))
	t.Cleanup(func() {
		if err := deleteIndices(server.URL, prefix); err != nil {
			t.Errorf("partstest: deleting the indices %s*: %v", prefix, err)
		}
	})
	return server.URL, prefix
}

// ElasticsearchServer starts an Elasticsearch for this test alone, which may
// kill and restart it. What it acknowledged survives Kill.
func ElasticsearchServer(t testing.TB) *parts.Part {
	t.Helper()
	return private(t, parts.StartElasticsearch)
}

// deleteIndices deletes by name, since the node refuses a pattern.
func deleteIndices(url, prefix string) error {
	names, err := call(http.MethodGet, url+"/_cat/indices/"+prefix+"*?h=index&expand_wildcards=all")
	if err != nil {
		return err
	}
	for name := range strings.FieldsSeq(names) {
		if _, err := call(http.MethodDelete, url+"/"+name+"?ignore_unavailable=true"); err != nil {
			return err
		}
	}
	return nil
}

func call(method, url string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, text)
	}
	return string(text), err
}
