package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// buffer may be read while the server writes to it.
type buffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// startRun runs the program until stop, which returns its exit code, and
// returns the address from its ready line.
func startRun(t *testing.T, args ...string) (address string, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var out, log buffer
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, append([]string{"--port", "0", "--ui-port", "0", "--log-level", "error"}, args...), &out, &log)
	}()
	for deadline := time.Now().Add(60 * time.Second); !strings.HasSuffix(out.String(), "\n"); {
		if time.Now().After(deadline) {
			t.Fatalf("not ready within a minute: %s", log.String())
		}
		time.Sleep(10 * time.Millisecond)
	}
	if _, err := fmt.Sscanf(out.String(), "ready address=%s ui=http://", &address); err != nil {
		t.Fatalf("%q is not the line that was agreed: %v", out.String(), err)
	}
	return address, func() int { cancel(); return <-code }
}

func connect(t *testing.T, address string) workflowservice.WorkflowServiceClient {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return workflowservice.NewWorkflowServiceClient(conn)
}

func TestStateSurvivesARestart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "temporal.db")
	execution := &commonpb.WorkflowExecution{WorkflowId: "kept"}

	address, stop := startRun(t, "--db", file)
	client := connect(t, address)
	namespace, err := client.DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: "default"})
	if err != nil {
		t.Fatal(err)
	}
	if got := namespace.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration(); got != retention {
		t.Errorf("retention is %s, want %s", got, retention)
	}
	_, err = client.StartWorkflowExecution(t.Context(), &workflowservice.StartWorkflowExecutionRequest{
		Namespace: "default", WorkflowId: execution.GetWorkflowId(), RequestId: "1",
		WorkflowType: &commonpb.WorkflowType{Name: "Any"}, TaskQueue: &taskqueuepb.TaskQueue{Name: "any"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if code := stop(); code != 0 {
		t.Fatalf("exit code %d after a clean stop", code)
	}

	address, stop = startRun(t, "--db", file)
	_, err = connect(t, address).DescribeWorkflowExecution(t.Context(),
		&workflowservice.DescribeWorkflowExecutionRequest{Namespace: "default", Execution: execution})
	if err != nil {
		t.Errorf("the workflow is gone: %v", err)
	}
	if code := stop(); code != 0 {
		t.Errorf("exit code %d after a clean stop", code)
	}
}

func TestFaultsOfTheCommandLine(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	port := fmt.Sprint(taken.Addr().(*net.TCPAddr).Port)
	tests := map[string]struct {
		args []string
		code int
		want string
	}{
		"unknown flag":    {[]string{"--nonsense"}, 2, "temporald: flag provided but not defined: -nonsense"},
		"stray argument":  {[]string{"start"}, 2, `temporald: unexpected argument "start"`},
		"not an address":  {[]string{"--ip", "here"}, 2, `temporald: --ip: "here" is not an IP address`},
		"no shards":       {[]string{"--shards", "0"}, 2, "temporald: --shards: at least 1"},
		"taken port":      {[]string{"--port", port}, 1, "temporald: port " + port + " for the frontend: "},
		"taken UI port":   {[]string{"--port", "0", "--ui-port", port}, 1, "temporald: port " + port + " for the web UI: "},
		"unwritable file": {[]string{"--port", "0", "--ui-port", "0", "--db", "/dev/null/x.db"}, 1, "temporald: store /dev/null/x.db: "},
		"no codec server": {[]string{"--codec-url", "here"}, 2, "temporald: --codec-url: must look like http://host:port"},
		"malformed store": {[]string{"--postgres", "db"}, 2, "temporald: --postgres: must look like postgres://user:password@host:port"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log buffer
			if code := run(t.Context(), tt.args, io.Discard, &log); code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			lines := strings.Split(strings.TrimSpace(log.String()), "\n")
			if last := lines[len(lines)-1]; !strings.HasPrefix(last, tt.want) {
				t.Errorf("the last line is %q, want %q", last, tt.want)
			}
		})
	}
}
