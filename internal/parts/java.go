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
	"time"
)

// Elasticsearch 8 runs on these versions of Java.
const oldestJava, newestJava = 17, 25

// javaPackage is the Java that Debian and its kin recommend.
const javaPackage = "default-jre-headless"

// javaPlaces are where systems put their Javas beside the PATH.
var javaPlaces = []string{
	"/usr/lib/jvm/*",
	"/opt/java/*",
	"/Library/Java/JavaVirtualMachines/*/Contents/Home",
	"/opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home",
	"/usr/local/opt/openjdk*/libexec/openjdk.jdk/Contents/Home",
}

// findJava returns the home of a Java that runs Elasticsearch: the one that
// ES_JAVA_HOME insists on, JAVA_HOME's, that of the PATH, or another installed
// one. Where there is none, root gets the system's by apt-get. No repository of
// ours has one: runtimes that others carry along lack a module.
func findJava(ctx context.Context, o Options) (string, error) {
	if home := os.Getenv("ES_JAVA_HOME"); home != "" {
		if !runsElasticsearch(home) {
			return "", fmt.Errorf("ES_JAVA_HOME: %s is not a Java of version %d to %d with the module jdk.attach", home, oldestJava, newestJava)
		}
		return home, nil
	}
	if home := installedJava(); home != "" {
		return home, nil
	}
	apt, err := exec.LookPath("apt-get")
	if err != nil || os.Geteuid() != 0 {
		return "", fmt.Errorf("it needs a Java of version %d to %d with the module jdk.attach: install a JDK "+
			"(Debian: %s), or set ES_JAVA_HOME", oldestJava, newestJava, javaPackage)
	}
	return installJava(ctx, o, apt)
}

// installJava installs the system's Java. Of several processes that want it one
// does it and the others wait.
func installJava(ctx context.Context, o Options, apt string) (string, error) {
	if err := os.MkdirAll(o.cacheDir(), 0o755); err != nil {
		return "", err
	}
	unlock, err := lockFile(ctx, filepath.Join(o.cacheDir(), "java.lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	if home := installedJava(); home != "" {
		return home, nil
	}
	o.say("Java is not installed: installing %s by apt-get", javaPackage)
	if err := aptInstall(ctx, apt, javaPackage); err != nil {
		return "", err
	}
	home := installedJava()
	if home == "" {
		return "", fmt.Errorf("%s was installed, but has no Java of version %d to %d", javaPackage, oldestJava, newestJava)
	}
	return home, nil
}

// aptInstall installs a package of the system, after a look at the package
// lists, which a fresh machine may not have.
func aptInstall(ctx context.Context, apt, name string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	for _, args := range [][]string{{"update", "-q"}, {"install", "-q", "-y", "--no-install-recommends", name}} {
		cmd := exec.CommandContext(ctx, apt, args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil && args[0] == "install" {
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			return fmt.Errorf("apt-get install %s failed (%w): %s", name, err, lastOf(lines, []string{"E: "}, "E: "))
		}
	}
	return nil
}

// javaFor returns the home of the Java for the Elasticsearch in home, which may
// have one of its own.
func javaFor(ctx context.Context, o Options, home string) (string, error) {
	if own := filepath.Join(home, "jdk"); os.Getenv("ES_JAVA_HOME") == "" && runsElasticsearch(own) {
		return own, nil
	}
	return findJava(ctx, o)
}

// installedJava returns the home of the best Java that is installed, or "".
func installedJava() string {
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
	for _, home := range homes {
		if runsElasticsearch(home) {
			return home
		}
	}
	return ""
}

var javaVersionLine = regexp.MustCompile(`(?m)^JAVA_VERSION="(\d+)`)

// runsElasticsearch goes by the file in which every Java says its version, and
// by the library of the module jdk.attach, which runtimes without tools lack.
func runsElasticsearch(home string) bool {
	b, err := os.ReadFile(filepath.Join(home, "release"))
	if home == "" || err != nil {
		return false
	}
	m := javaVersionLine.FindSubmatch(b)
	if m == nil {
		return false
	}
	version, _ := strconv.Atoi(string(m[1]))                              // The pattern matched digits only.
	attach, _ := filepath.Glob(filepath.Join(home, "lib", "libattach.*")) // A home with a pattern in it is not found.
	return version >= oldestJava && version <= newestJava && len(attach) > 0 && exists(filepath.Join(home, "bin", "java"))
}
