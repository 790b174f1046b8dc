package postgrestest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Pooler is a PgBouncer that hands out connections transaction by transaction.
type Pooler struct{ port int }

// URL is the URL of a database of the server by way of the pooler.
func (p Pooler) URL(database string) string { return urlAt(p.port, database) }

// PgBouncer runs PgBouncer before s, with lines of pgbouncer.ini on top.
func (s *Server) PgBouncer(t testing.TB, lines ...string) Pooler {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program, err = exec.LookPath("/usr/sbin/pgbouncer")
	}
	if err != nil {
		missing(t, errors.New("PgBouncer is not installed"))
	}
	dir := Dir(t)
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	users := filepath.Join(dir, "users.txt")
	ini := fmt.Sprintf(`[databases]
* = host=127.0.0.1 port=%d
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = trust
auth_file = %s
server_idle_timeout = 1
pool_mode = transaction
default_pool_size = 8
max_client_conn = 1000
`, s.Port, port, users)
	for _, line := range lines {
		ini += line + "\n"
	}
	path := filepath.Join(dir, "pgbouncer.ini")
	if err := errors.Join(os.WriteFile(users, []byte(`"postgres" ""`), 0o600), giveAway(users),
		os.WriteFile(path, []byte(ini), 0o600), giveAway(path)); err != nil {
		t.Fatal(err)
	}
	runBeside(t, Command(program, path), port)
	return Pooler{port}
}

// runBeside runs a program that listens on port until the test ends.
func runBeside(t testing.TB, cmd *exec.Cmd, port int) {
	t.Helper()
	log, err := os.CreateTemp(t.TempDir(), "log")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr.Setpgid = true // a terminal's Ctrl-C is for the test
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = cmd.Wait() // its status says nothing that the tests do not see
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGKILL) // it may have ended already
		<-exited
	})
	timeout := time.After(patience)
	for {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			conn.Close()
			return
		}
		select {
		case <-exited:
		case <-timeout:
		case <-time.After(10 * time.Millisecond):
			continue
		}
		said, _ := os.ReadFile(log.Name()) // what there is of it
		t.Fatalf("%s does not listen: %s", cmd.Path, said)
	}
}

// missing skips a test for want of a program, which CI must have.
func missing(t testing.TB, err error) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("CI must run this test: %v", err)
	}
	t.Skipf("NOT TESTED: %v", err)
}
