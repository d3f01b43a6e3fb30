package parts

import "runtime"

// release is a pinned build of a part for one platform, as Maven Central has
// it: a jar with the program, or an archive of it, inside.
type release struct {
	version string
	path    string // Of the jar below the repository's root.
	sha256  string // Of the jar.
	entry   string // The file inside the jar that is wanted.
	size    string // Of the jar, for the message.
}

const (
	postgresVersion = "17.11.0"
	postgresMajor   = 17
	postgresPath    = "io/zonky/test/postgres/embedded-postgres-binaries-"
	redisPath       = "com/github/codemonstur/embedded-redis/1.4.4/embedded-redis-1.4.4.jar"
	redisSHA256     = "b56845f0a81aa0b6a0c32a309e69081ee7bdeadba9efff6374b0fe9af230db63"
)

var platform = runtime.GOOS + "/" + runtime.GOARCH

// postgresReleases are the builds of PostgreSQL by platform.
var postgresReleases = map[string]release{
	"linux/amd64": postgresRelease("linux-amd64", "postgres-linux-x86_64.txz", "15 MB",
		"0dd7b72b6f335b8ecfb355fa24c5781e8a93edd09880bb77eb52ebbf29b3e96d"),
	"linux/arm64": postgresRelease("linux-arm64v8", "postgres-linux-arm_64.txz", "14 MB",
		"8b042e0ea418b1927d95399207950da0734d27fe01e29503ade3bdc464ad4c2b"),
	"darwin/amd64": postgresRelease("darwin-amd64", "postgres-darwin-x86_64.txz", "62 MB",
		"d464ff178e9860ba204662ac23fa547504b7fd392392ff2fb92e3fd73b5bdb64"),
	"darwin/arm64": postgresRelease("darwin-arm64v8", "postgres-darwin-arm_64.txz", "62 MB",
		"a1c2786acb0c398f9b2d76806fc52f5dc8b222cbc8e9383a9b9702084daaf3a5"),
}

// redisReleases are the builds of Redis by platform, all in one jar.
var redisReleases = map[string]release{
	"linux/amd64":  redisRelease("6.2.6", "redis-server-6.2.6-v5-linux-amd64"),
	"linux/arm64":  redisRelease("6.2.7", "redis-server-6.2.7-linux-arm64"),
	"darwin/amd64": redisRelease("6.2.6", "redis-server-6.2.6-v5-darwin-amd64"),
	"darwin/arm64": redisRelease("6.2.6", "redis-server-6.2.6-v5-darwin-arm64"),
}

func postgresRelease(variant, entry, size, sha256 string) release {
	return release{
		version: postgresVersion,
		path:    postgresPath + variant + "/" + postgresVersion + "/embedded-postgres-binaries-" + variant + "-" + postgresVersion + ".jar",
		sha256:  sha256, entry: entry, size: size,
	}
}

func redisRelease(version, entry string) release {
	return release{version: version, path: redisPath, sha256: redisSHA256, entry: entry, size: "12 MB"}
}
