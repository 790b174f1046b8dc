package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestServerSurvivesFsyncsThatFail has strace make every fsync of a running
// server fail, and then stop doing so. It checks from outside what the tests of
// the store check with a disk of their own.
func TestServerSurvivesFsyncsThatFail(t *testing.T) {
	needProgram(t, "strace")
	path := filepath.Join(t.TempDir(), "users.db")
	clients := seedClients(t, path)
	p := start(t, "--database-url=file:"+path)
	client := &http.Client{Timeout: deadline}
	defer client.CloseIdleConnections()
	var id string
	for id = range clients[0].users {
		break
	}
	user := p.base + "/users/" + id
	status := func(method, url string, body map[string]any) int {
		t.Helper()
		status, _, err := sendJSON(client, method, url, body)
		if err != nil {
			t.Fatal(err)
		}
		return status
	}
	rename := func(name string) int {
		return status(http.MethodPatch, user, map[string]any{"last_name": name})
	}
	if got := rename("Before"); got != http.StatusOK {
		t.Fatalf("before: status %d", got)
	}

	detach := failFsyncs(t, p.cmd.Process.Pid)
	await(t, "fsyncs to fail", func() bool {
		return rename("During"+strconv.Itoa(time.Now().Nanosecond())) == http.StatusServiceUnavailable
	})
	if got := status(http.MethodGet, p.base+"/readyz", nil); got != http.StatusServiceUnavailable {
		t.Errorf("readiness while the disk fails: status %d", got)
	}
	acknowledged := nameOf(t, client, user)
	for range 20 {
		if got := rename("Refused"); got != http.StatusServiceUnavailable {
			t.Errorf("a change while the disk fails: status %d", got)
		}
	}
	if got := nameOf(t, client, user); got != acknowledged {
		t.Errorf("reading while the disk fails: %s, want %s", got, acknowledged)
	}

	detach()
	await(t, "the server to recover", func() bool { return status(http.MethodGet, p.base+"/readyz", nil) == http.StatusOK })
	if got := nameOf(t, client, user); got != acknowledged {
		t.Errorf("after the recovery: %s, want %s", got, acknowledged)
	}
	if got := rename("After"); got != http.StatusOK {
		t.Errorf("a change after the recovery: status %d", got)
	}
	p.stop(t, syscall.SIGKILL)
	store := openFile(t, path)
	defer store.Close()
	if got := peopleIn(t, store)[id].LastName; got != "After" {
		t.Errorf("in the file: %s", got)
	}
}

func nameOf(t *testing.T, client *http.Client, url string) string {
	t.Helper()
	status, body, err := sendJSON(client, http.MethodGet, url, nil)
	if err != nil || status != http.StatusOK {
		t.Fatalf("status %d, %v", status, err)
	}
	_, rest, _ := strings.Cut(string(body), `"last_name":"`)
	name, _, _ := strings.Cut(rest, `"`)
	return name
}

// failFsyncs makes the process's fsyncs fail until the function it returns is
// called.
func failFsyncs(t *testing.T, pid int) (detach func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "strace", "-f", "-qq", "-o", os.DevNull, "-p", strconv.Itoa(pid),
		"-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	detached := false
	detach = func() {
		if detached {
			return
		}
		detached = true
		cmd.Process.Signal(syscall.SIGINT)
		cmd.Wait()
	}
	t.Cleanup(detach)
	return detach
}
