package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"go.temporal.io/server/common/config"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/schema/sqlite"
)

// openSQLite keeps histories in the file --db and visibility in a second file
// beside it, or both in memory.
func openSQLite(o options) (stores, error) {
	if o.db == memoryDB {
		id := rand.Uint64()
		return stores{
			main:       memory(fmt.Sprintf("main-%d", id)),
			visibility: memory(fmt.Sprintf("visibility-%d", id)),
		}, nil
	}
	var s stores
	var err error
	if s.main, err = file(o.db); err != nil {
		return s, err
	}
	s.visibility, err = file(o.db + "-visibility")
	return s, err
}

// memory describes a database that lives as long as its one connection. More
// connections to a shared in-memory database lock one another out.
func memory(name string) *config.SQL {
	return &config.SQL{
		PluginName:        sqliteplugin.PluginName,
		DatabaseName:      name,
		ConnectAttributes: map[string]string{"mode": "memory", "cache": "shared"},
	}
}

// file describes the database in path. It is created, with its schema, under
// another name first, so that a start that was cut short leaves no half of it.
// Write-ahead logging with synchronous=normal survives the death of the
// process at any point; the power supply's may cost the last moments. It has one
// connection: SQLite has one writer at a time, and four connections that wait
// for one another finished half as many workflows a second as one.
func file(path string) (*config.SQL, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = createFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", path, err)
	}
	return describe(path), nil
}

func describe(path string) *config.SQL {
	return &config.SQL{
		PluginName:   sqliteplugin.PluginName,
		DatabaseName: path,
		ConnectAttributes: map[string]string{
			"mode":         "rwc",
			"journal_mode": "wal",
			"synchronous":  "1",
			"busy_timeout": "10000",
		},
		MaxConns:     1,
		MaxIdleConns: 1,
	}
}

func createFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	draft := path + ".new"
	if err := os.Remove(draft); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	cfg := describe(draft)
	cfg.ConnectAttributes["journal_mode"] = "delete" // One file only, so that the rename moves all of it.
	if err := sqlite.SetupSchema(cfg); err != nil {
		return err
	}
	return os.Rename(draft, path)
}
