// Package migrations holds the schemas of the catalogue database and of the
// sales shards as numbered SQL files, in the binary.
package migrations

import (
	"embed"
	"io/fs"
)

//go:embed catalogue/*.sql sales/*.sql
var files embed.FS

// Catalogue is the schema of the catalogue database.
func Catalogue() fs.FS { return sub("catalogue") }

// Sales is the schema of every sales shard. It may live in the same database
// as the catalogue.
func Sales() fs.FS { return sub("sales") }

func sub(dir string) fs.FS {
	f, err := fs.Sub(files, dir)
	if err != nil {
		panic(err) // only a directory name that is no path can fail
	}
	return f
}
