package parts

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// duplicateDatabase is PostgreSQL's code for a database that exists.
const duplicateDatabase = "42P04"

// CreateDatabase makes a database in the server that a superuser's URL names,
// unless it exists, and returns its URL. The name must be lower-case letters,
// digits and underscores.
func CreateDatabase(ctx context.Context, server, name string) (string, error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", errors.New("postgres: the server's URL is not valid")
	}
	if err := Execute(ctx, server, "CREATE DATABASE "+name); err != nil {
		var e *pgconn.PgError
		if !errors.As(err, &e) || e.Code != duplicateDatabase {
			return "", fmt.Errorf("postgres: creating database %s: %w", name, err)
		}
	}
	u.Path = "/" + name
	return u.String(), nil
}

// Execute runs SQL statements on a connection of their own, at most 30 seconds.
func Execute(ctx context.Context, database, statements string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	conn, err := pgconn.Connect(ctx, database)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statements).ReadAll()
	return errors.Join(err, conn.Close(ctx))
}
