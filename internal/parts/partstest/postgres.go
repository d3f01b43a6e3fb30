package partstest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"yourticket.example/internal/parts"
)

// databases counts the databases made, to name them.
var databases atomic.Int64

// Postgres returns the URL of a fresh, empty database, whose user is the
// superuser. The database is dropped when the test ends. Its server does not
// write to disk safely, for speed.
func Postgres(t testing.TB) string {
	t.Helper()
	server := shared(t, "postgres", parts.StartPostgres)
	name := fmt.Sprintf("test_%d", databases.Add(1))
	database, err := parts.CreateDatabase(context.Background(), server.URL, name)
	if err != nil {
		t.Fatalf("partstest: %v", err)
	}
	t.Cleanup(func() {
		drop := "DROP DATABASE " + name + " WITH (FORCE)"
		err := parts.Execute(context.Background(), server.URL, drop)
		// A reader of changes that has hung up is noticed a moment later.
		for try := 0; err != nil && try < 100; try++ {
			time.Sleep(50 * time.Millisecond)
			err = parts.Execute(context.Background(), server.URL, drop)
		}
		if err != nil {
			t.Errorf("partstest: %v", err)
		}
	})
	return database
}

// PostgresServer starts a PostgreSQL for this test alone, which may kill and
// restart it. Its URL is that of the superuser in the database postgres. What
// was committed survives Kill, since the machine goes on.
func PostgresServer(t testing.TB) *parts.Part {
	t.Helper()
	return private(t, parts.StartPostgres)
}
