package parts

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Elasticsearch 8 runs on these versions of Java.
const oldestJava, newestJava = 17, 25

// javaPlaces are where systems put their Javas beside the PATH.
var javaPlaces = []string{
	"/usr/lib/jvm/*",
	"/opt/java/*",
	"/Library/Java/JavaVirtualMachines/*/Contents/Home",
	"/opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home",
	"/usr/local/opt/openjdk*/libexec/openjdk.jdk/Contents/Home",
}

const (
	jreVersion = "17.0.15"
	jrePath    = "org/sonarsource/scanner/cli/sonar-scanner-cli/7.3.0.5189/sonar-scanner-cli-7.3.0.5189-"
)

// jres are the runtimes by platform: Temurin's, inside another distribution.
var jres = map[string]archive{
	"linux/amd64": jre("linux-x64", 58106678, "46 MB",
		"b27ad6b00ced74f5315e9ddf6b14babb7feda89a7bb0663a9acd9aa208ce1ff7"),
	"linux/arm64": jre("linux-aarch64", 57467934, "46 MB",
		"69db7cecfda0f689c63a5738afceaff2584274db730cb2efdd0674747c2ba3fa"),
	"darwin/amd64": jre("macosx-x64", 49550111, "37 MB",
		"650c7f52a357b0d34e6fa89fef4eafb92f737dbc63a49f37bfdc0594d9b9b59e"),
	"darwin/arm64": jre("macosx-aarch64", 54703422, "42 MB",
		"b680b22d2c59c7d00adc70489d92ea8b6518bc401cbae55595e2a6252c180cc4"),
}

func jre(variant string, bytes int64, size, content string) archive {
	return archive{
		title: "Java", folder: "java-" + jreVersion + "-" + variant,
		path: jrePath + variant + ".zip", bytes: bytes, content: content, size: "version " + jreVersion + " (" + size + ")",
		keep: func(name string) string {
			name = below(name, "jre")
			if strings.HasPrefix(name, "legal/") {
				return ""
			}
			return name
		},
	}
}

// findJava returns the home of a Java that runs Elasticsearch: the one that
// ES_JAVA_HOME insists on, JAVA_HOME's, that of the PATH, another installed
// one, or a download.
func findJava(ctx context.Context, o Options) (string, error) {
	if home := os.Getenv("ES_JAVA_HOME"); home != "" {
		if v := javaVersion(home); v < oldestJava || v > newestJava {
			return "", fmt.Errorf("ES_JAVA_HOME: %s is not a Java of version %d to %d", home, oldestJava, newestJava)
		}
		return home, nil
	}
	for _, home := range installedJavas() {
		if v := javaVersion(home); v >= oldestJava && v <= newestJava {
			return home, nil
		}
	}
	a, ok := jres[platform]
	if !ok {
		return "", fmt.Errorf("no Java of version %d to %d is installed, and there is no download for %s: "+
			"install one with the system's package manager, or set ES_JAVA_HOME", oldestJava, newestJava, platform)
	}
	return fetchArchive(ctx, o, a)
}

// javaFor returns the home of the Java for the Elasticsearch in home, which may
// have one of its own.
func javaFor(ctx context.Context, o Options, home string) (string, error) {
	if own := filepath.Join(home, "jdk"); os.Getenv("ES_JAVA_HOME") == "" && javaVersion(own) != 0 {
		return own, nil
	}
	return findJava(ctx, o)
}

// installedJavas lists what may be homes of Javas, best first.
func installedJavas() []string {
	homes := []string{os.Getenv("JAVA_HOME")}
	if program, err := exec.LookPath("java"); err == nil {
		if program, err = filepath.EvalSymlinks(program); err == nil {
			homes = append(homes, filepath.Dir(filepath.Dir(program)))
		}
	}
	for _, pattern := range javaPlaces {
		found, _ := filepath.Glob(pattern) // The patterns are well-formed.
		homes = append(homes, found...)
	}
	return homes
}

var javaVersionLine = regexp.MustCompile(`(?m)^JAVA_VERSION="(\d+)`)

// javaVersion is the major version of the Java in home by the file in which
// every Java says it, or 0 where there is none.
func javaVersion(home string) int {
	if home == "" || !exists(filepath.Join(home, "bin", "java")) {
		return 0
	}
	b, err := os.ReadFile(filepath.Join(home, "release"))
	if err != nil {
		return 0
	}
	m := javaVersionLine.FindSubmatch(b)
	if m == nil {
		return 0
	}
	version, _ := strconv.Atoi(string(m[1])) // The pattern matched digits only.
	return version
}
