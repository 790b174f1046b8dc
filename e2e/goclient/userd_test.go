package goclient

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/userd/userd/e2e/goclient/userdclient"
)

// start runs the service from this checkout, or from E2E_BINARY, until the
// test ends, and returns a client of it.
func start(t *testing.T) *userdclient.ClientWithResponses {
	t.Helper()
	cmd := exec.Command(binary(t), "--addr", "127.0.0.1:0", "--database-url", "file:"+filepath.Join(t.TempDir(), "users.db"), "--log-format", "json")
	cmd.Env = []string{} // settings of the shell that runs the tests do not reach it
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(log)
	address := listening(t, lines)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for lines.Scan() { // a full pipe would stop the service
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-drained
		if err := cmd.Wait(); err != nil {
			t.Errorf("userd: %v", err)
		}
	})
	client, err := userdclient.NewClientWithResponses("http://" + address)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// listening is the address in the log line that announces it.
func listening(t *testing.T, log *bufio.Scanner) string {
	t.Helper()
	for log.Scan() {
		var line struct{ Msg, Addr string }
		if json.Unmarshal(log.Bytes(), &line) == nil && line.Msg == "listening" {
			return line.Addr
		}
	}
	t.Fatal("userd ended before it listened")
	return ""
}

func binary(t *testing.T) string {
	t.Helper()
	if path, ok := os.LookupEnv("E2E_BINARY"); ok {
		return path
	}
	path := filepath.Join(t.TempDir(), "userd")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-C", "../..", "-o", path, "./cmd/userd").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}
