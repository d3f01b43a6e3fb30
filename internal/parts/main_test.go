package parts_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"yourticket.example/internal/parts"
)

// parentDir is the variable that makes this test program start parts in the
// folder it names and wait to be killed, see TestPartsDieWithTheirParent.
const parentDir = "PARTS_TEST_PARENT_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(parentDir); dir != "" {
		os.Exit(beParent(dir))
	}
	if os.Getenv(claimPorts) != "" {
		os.Exit(beClaimant())
	}
	os.Exit(m.Run())
}

// beParent starts parts, prints their process ids in one line, and waits.
func beParent(dir string) int {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	postgres, err := parts.StartPostgres(ctx, parts.Options{Dir: dir})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	redis, err := parts.StartRedis(ctx, parts.Options{Dir: dir})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	elasticsearch, err := parts.StartElasticsearch(ctx, parts.Options{Dir: dir})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	temporal, err := parts.StartTemporal(ctx, parts.TemporalOptions{Options: parts.Options{Dir: dir}, NoUI: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(postgres.Pid(), redis.Pid(), elasticsearch.Pid(), temporal.Pid())
	time.Sleep(time.Hour)
	return 0
}
