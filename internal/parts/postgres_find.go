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

// oldestPostgres is the first major version that YourTicket runs on.
const oldestPostgres = 14

// postgresPlaces are where systems put PostgreSQL's programs beside the PATH.
var postgresPlaces = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/opt/homebrew/opt/postgresql*/bin",
	"/usr/local/opt/postgresql*/bin",
}

// pgVersion is a version of PostgreSQL; the zero value means unknown.
type pgVersion struct{ major, minor int }

var versionPattern = regexp.MustCompile(`(\d+)(?:\.(\d+))?`)

// versionOf asks a PostgreSQL program for its version.
func versionOf(ctx context.Context, program string) pgVersion {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, "--version").Output()
	if err != nil {
		return pgVersion{}
	}
	m := versionPattern.FindStringSubmatch(string(out))
	if m == nil {
		return pgVersion{}
	}
	major, _ := strconv.Atoi(m[1]) // The pattern matched digits only.
	minor, _ := strconv.Atoi(m[2])
	return pgVersion{major, minor}
}

// findPostgres returns the folder of the PostgreSQL programs to use for the
// cluster in data.
func findPostgres(ctx context.Context, o Options, data string) (string, error) {
	made, err := clusterVersion(data)
	if err != nil {
		return "", err
	}
	return choosePostgres(ctx, o, data, made)
}

// choosePostgres returns the programs of the major version made, or, where that
// is 0, of the newest version installed, or a download.
func choosePostgres(ctx context.Context, o Options, data string, made int) (string, error) {
	best, bestVersion := "", pgVersion{}
	for _, dir := range installedPostgres() {
		v := versionOf(ctx, filepath.Join(dir, "postgres"))
		fits := v.major >= oldestPostgres && (made == 0 || v.major == made)
		newer := v.major > bestVersion.major || v.major == bestVersion.major && v.minor > bestVersion.minor
		if fits && newer {
			best, bestVersion = dir, v
		}
	}
	if best != "" {
		return best, nil
	}
	if made != 0 && made != postgresMajor {
		return "", fmt.Errorf("the data in %s was made by PostgreSQL %d, which is not installed", data, made)
	}
	dir, err := fetchRelease(ctx, o, "PostgreSQL", "", postgresReleases)
	return filepath.Join(dir, "bin"), err
}

// clusterVersion is the major version that made the cluster in data, 0 for none.
func clusterVersion(data string) (int, error) {
	b, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if os.IsNotExist(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(b)))
}

// installedPostgres lists the folders that hold both postgres and initdb.
func installedPostgres() []string {
	var dirs []string
	if path, err := exec.LookPath("postgres"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(path))
		}
	}
	for _, pattern := range postgresPlaces {
		found, _ := filepath.Glob(pattern) // The patterns are well-formed.
		dirs = append(dirs, found...)
	}
	var complete []string
	for _, dir := range dirs {
		if exists(filepath.Join(dir, "postgres")) && exists(filepath.Join(dir, "initdb")) {
			complete = append(complete, dir)
		}
	}
	return complete
}
