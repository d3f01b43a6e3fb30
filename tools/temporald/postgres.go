package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"time"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/metrics"
	temporalsql "go.temporal.io/server/common/persistence/sql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	"go.temporal.io/server/common/resolver"
	"go.temporal.io/server/tools/common/schema"
)

// openPostgres creates the databases temporal and temporal_visibility in the
// server that --postgres names, if they are missing, and brings their schemas
// to this server's version.
func openPostgres(o options) (stores, error) {
	s := stores{main: postgres(o, "temporal"), visibility: postgres(o, "temporal_visibility")}
	if err := migrate(o.postgres, s.main, "postgresql/v12/temporal"); err != nil {
		return s, fmt.Errorf("database temporal: %w", err)
	}
	if err := migrate(o.postgres, s.visibility, "postgresql/v12/visibility"); err != nil {
		return s, fmt.Errorf("database temporal_visibility: %w", err)
	}
	return s, nil
}

// postgres describes one database in the server of --postgres, which was
// checked when the flags were.
func postgres(o options, database string) *config.SQL {
	u, err := url.Parse(o.postgres)
	if err != nil {
		panic("unchecked --postgres: " + err.Error())
	}
	cfg := &config.SQL{
		PluginName:        postgresql.PluginNamePGX,
		ConnectProtocol:   "tcp",
		ConnectAddr:       u.Host,
		User:              u.User.Username(),
		DatabaseName:      database,
		MaxConns:          o.conns,
		MaxIdleConns:      o.conns,
		ConnectAttributes: map[string]string{},
	}
	cfg.Password, _ = u.User.Password()
	for key, values := range u.Query() {
		cfg.ConnectAttributes[key] = values[0]
	}
	return cfg
}

// migrate creates the database of cfg when it is missing and applies the
// schema versions it lacks.
func migrate(server string, cfg *config.SQL, schemaName string) error {
	if err := createDatabase(server, cfg.DatabaseName); err != nil {
		return err
	}
	logger := log.NewNoopLogger()
	db, err := openAdmin(cfg, logger)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ReadSchemaVersion(); err != nil {
		setup := &schema.SetupConfig{InitialVersion: "0.0"}
		if err := schema.NewSetupSchemaTask(db, setup, logger).Run(); err != nil {
			return err
		}
	}
	update := &schema.UpdateConfig{SchemaName: schemaName, DBName: cfg.DatabaseName}
	return schema.NewUpdateSchemaTask(db, update, logger).Run()
}

// createDatabase connects to the database that the server's URL names, or its
// default one, and creates another beside it unless that exists. The driver is
// the one that Temporal's store has registered.
func createDatabase(server, name string) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	db, err := sql.Open("pgx", server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var there bool
	err = db.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there)
	if err != nil || there {
		return err
	}
	_, err = db.ExecContext(ctx, `CREATE DATABASE "`+name+`"`)
	return err
}

// admin is a database as Temporal's schema tasks want it.
type admin struct {
	sqlplugin.AdminDB
	name string
}

func openAdmin(cfg *config.SQL, logger log.Logger) (*admin, error) {
	db, err := temporalsql.NewSQLAdminDB(sqlplugin.DbKindUnknown, cfg, resolver.NewNoopResolver(), logger, metrics.NoopMetricsHandler)
	if err != nil {
		return nil, err
	}
	return &admin{AdminDB: db, name: cfg.DatabaseName}, nil
}

// ReadSchemaVersion returns the version that the schema has now.
func (a *admin) ReadSchemaVersion() (string, error) { return a.AdminDB.ReadSchemaVersion(a.name) }

// UpdateSchemaVersion records the version that the schema has been brought to.
func (a *admin) UpdateSchemaVersion(version, minCompatible string) error {
	return a.AdminDB.UpdateSchemaVersion(a.name, version, minCompatible)
}

// DropAllTables refuses: nothing here may empty a store.
func (a *admin) DropAllTables() error { return errors.New("refusing to drop tables") }

// Type tells the schema tasks which family of schemas this is.
func (a *admin) Type() string { return "sql" }

// Close gives the connection back.
func (a *admin) Close() { _ = a.AdminDB.Close() }
