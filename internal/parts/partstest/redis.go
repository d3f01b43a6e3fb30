package partstest

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"yourticket.example/internal/parts"
)

// redisDatabases hands out the numbered databases of the shared server.
var redisDatabases = func() chan int {
	free := make(chan int, 256)
	for n := range cap(free) {
		free <- n
	}
	return free
}()

// Redis returns the URL of an empty numbered database that no other test uses
// until this one ends. Channels of PUBLISH, scripts and the server's settings
// are shared with the other tests of the process; use RedisServer where they
// matter.
func Redis(t testing.TB) string {
	t.Helper()
	server := shared(t, "redis", parts.StartRedis)
	n := <-redisDatabases
	url := server.URL + "/" + strconv.Itoa(n)
	t.Cleanup(func() { redisDatabases <- n })
	flush(t, url)
	return url
}

// RedisServer starts a Redis for this test alone, which may kill and restart
// it. It keeps nothing: after a restart it is empty.
func RedisServer(t testing.TB) *parts.Part {
	t.Helper()
	return private(t, parts.StartRedis)
}

// flush empties the database that a test is about to use; the one before may
// have left something.
func flush(t testing.TB, url string) {
	t.Helper()
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatalf("partstest: %v", err)
	}
	client := redis.NewClient(o)
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := client.FlushDB(ctx).Err(); err != nil {
		t.Fatalf("partstest: %v", err)
	}
}
