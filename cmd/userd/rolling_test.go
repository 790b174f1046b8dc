package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/userd/userd/service/postgres/postgrestest"
)

// TestRollingRestartDropsNoRequest restarts two copies by turns behind the proxy
// of compose.yaml, with its own configuration. Every request of clients that
// keep their connections is answered, and every stream goes on where it was cut
// off. ROLLING_CLIENTS, ROLLING_RESTARTS and ROLLING_STREAMS say how many.
func TestRollingRestartDropsNoRequest(t *testing.T) {
	database := postgrestest.URL(t)
	// However many clients want a password hashed, none is refused for that.
	args := []string{"--drain-delay=2s", "--keep-changes=10000000", "--hash-queue=1000", "--hash-wait=20s"}
	servers := startCopies(t, database, args...)[:2]
	store := openPostgres(t, database)
	proxy := startHAProxy(t, servers)
	writers := newWriters(t, store, number(t, "ROLLING_CLIENTS", 12), 3)
	ids := feedUsers(t, servers[0].base)
	begin := len(changesOf(t, proxy))
	after := lastChange(t, proxy)

	var following sync.WaitGroup
	subscribers := make([]*follower, number(t, "ROLLING_STREAMS", 2*len(connections)))
	for i := range subscribers {
		subscribers[i] = &follower{connect: connections[i%len(connections)], after: after}
		following.Go(func() { subscribers[i].run(t.Context(), newPlace(proxy)) })
	}
	load := newTraffic(t, writers, proxy)
	restarts := number(t, "ROLLING_RESTARTS", 3)
	for n := range restarts {
		load.awaitChanges(t, 100)
		i := n % len(servers)
		if status := servers[i].stop(t, syscall.SIGTERM); status != 0 {
			t.Errorf("copy %d ended with %d", i, status)
		}
		addr := strings.TrimPrefix(servers[i].base, "http://")
		servers[i] = start(t, append(args, "--database-url="+database, "--addr="+addr)...)
		awaitTraffic(t, servers[i])
	}
	load.end()
	if load.refused() > 0 || load.doubted() > 0 || load.unread() > 0 {
		t.Errorf("%d changes were refused, of %d the outcome was unknown, %d reads failed", load.refused(), load.doubted(), load.unread())
	}
	if err := rename(t.Context(), proxy, ids[0], theEnd); err != nil {
		t.Fatal(err)
	}
	following.Wait()
	want := changesOf(t, proxy)[begin:]
	connected := 0
	for i, f := range subscribers {
		connected += f.connected
		if f.err != nil || !slices.Equal(f.seen, want) {
			t.Errorf("subscriber %d: %d changes seen, of %d; %v", i, len(f.seen), len(want), f.err)
		}
	}
	if connected <= len(subscribers) {
		t.Error("no stream was cut off")
	}
	for _, id := range ids { // which the clients' books do not have
		if status, _, err := sendJSON(load.client, http.MethodDelete, proxy+"/users/"+id, nil); err != nil || status != http.StatusNoContent {
			t.Fatal(status, err)
		}
	}
	checkBooks(t, store, writers)
	t.Logf("%d changes of %d clients acknowledged during %d restarts, the slowest after %v; %d streams saw each of them, over %d connections",
		load.acknowledged(), len(writers), restarts, time.Duration(load.slowest.Load()), len(subscribers), connected)
}

// awaitTraffic waits until the proxy sends changes to p.
func awaitTraffic(t *testing.T, p *process) {
	t.Helper()
	p.awaitLog(t, `"method":"PATCH"`)
}

// startHAProxy runs HAProxy with the configuration that the repository ships,
// in front of these servers alone, and returns its base URL.
func startHAProxy(t *testing.T, servers []*process) (base string) {
	t.Helper()
	program := needProgram(t, "haproxy")
	text, err := os.ReadFile("../../deploy/haproxy.cfg")
	if err != nil {
		t.Fatal(err)
	}
	addr := freeAddress(t)
	replace := []string{"bind :8000", "bind " + addr}
	for i := range copies {
		line := fmt.Sprintf("server userd%d userd%[1]d:8000", i+1)
		if i < len(servers) {
			replace = append(replace, line, fmt.Sprintf("server userd%d %s", i+1, strings.TrimPrefix(servers[i].base, "http://")))
		} else {
			replace = append(replace, line, "")
		}
	}
	path := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(path, []byte(strings.NewReplacer(replace...).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-db", "-f", path)
	runBeside(t, cmd)
	base = "http://" + addr
	await(t, "the proxy", func() bool {
		resp, err := http.Get(base + "/readyz")
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return base
}

// runBeside runs a program until the test ends.
func runBeside(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait() // it was killed, as its error says
		if t.Failed() {
			t.Logf("%s said:\n%s", cmd.Path, said.String())
		}
	})
}

// needProgram finds a program that a test cannot do without. CI must have it.
func needProgram(t testing.TB, name string) string {
	t.Helper()
	for _, dir := range []string{"", "/usr/sbin/", "/sbin/"} { // not everybody's PATH has the latter two
		if path, err := exec.LookPath(dir + name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("CI must run this test, and it needs %s", name)
	}
	t.Skipf("NOT TESTED: that needs %s", name)
	return ""
}

// freeAddress is an address of this machine that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
