// Package postgrestest runs PostgreSQL servers for tests: real ones, from the
// programs that are installed, each in a directory of its own.
package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a running PostgreSQL server.
type Server struct {
	// Dir holds its data, and Port is where it listens on 127.0.0.1.
	Dir  string
	Port int

	cmd     *exec.Cmd
	exited  chan struct{}
	schemas atomic.Int64
}

// shared is the server that the tests of one program share.
var shared *Server

// Main runs m's tests with a server that they share; call it from TestMain.
// Where PostgreSQL is not installed the tests that need it are skipped, unless
// CI is set.
func Main(m *testing.M) int {
	dir, err := os.MkdirTemp("", "postgrestest")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	shared, err = start(dir, "fsync=off", "synchronous_commit=on", "max_connections=400")
	if err != nil && !errors.Is(err, errNotInstalled) || err != nil && os.Getenv("CI") != "" {
		fmt.Fprintln(os.Stderr, "cannot start PostgreSQL:", err)
		return 1
	}
	if shared != nil {
		defer shared.Stop()
	}
	return m.Run()
}

// URL returns the URL of a new, empty schema on the shared server.
func URL(t testing.TB) string {
	t.Helper()
	return Shared(t).NewSchema(t)
}

// Shared is the server that [Main] has started.
func Shared(t testing.TB) *Server {
	t.Helper()
	if shared == nil {
		t.Skip("PostgreSQL is not installed")
	}
	return shared
}

// Start runs a server of t's own, with settings of postgresql.conf on top.
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	s, err := start(Dir(t), settings...)
	if errors.Is(err, errNotInstalled) {
		missing(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill) // it may be frozen
	return s
}

// Dir is a new directory that the programs of [Command] can write to.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "postgrestest") // t.TempDir's path is too long for a socket, and not for others to enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := giveAway(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// NewSchema returns the URL of a new, empty schema.
func (s *Server) NewSchema(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", s.schemas.Add(1))
	s.Exec(t, "CREATE SCHEMA "+name)
	return s.URL() + "&search_path=" + name
}

// URL is the URL of the server's database.
func (s *Server) URL() string { return urlAt(s.Port, "postgres") }

// NewDatabase makes a new, empty database, for poolers: they know no schemas.
func (s *Server) NewDatabase(t testing.TB) (name string) {
	t.Helper()
	name = fmt.Sprintf("database_%d", s.schemas.Add(1))
	s.Exec(t, "CREATE DATABASE "+name)
	return name
}

func urlAt(port int, database string) string {
	u := url.URL{Scheme: "postgres", User: url.User("postgres"), Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
		Path: "/" + database, RawQuery: "sslmode=disable"}
	return u.String()
}

// Exec runs statements on the server.
func (s *Server) Exec(t testing.TB, sql string) {
	t.Helper()
	if err := s.exec(context.Background(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func (s *Server) exec(ctx context.Context, sql string) error {
	_, err := s.query(ctx, sql)
	return err
}

// Query returns what the statement's first row begins with, or "" when there
// is none. It takes the server's socket, so that no packet filter is in its way.
func (s *Server) Query(t testing.TB, sql string) string {
	t.Helper()
	value, err := s.query(context.Background(), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}

func (s *Server) query(ctx context.Context, sql string) (string, error) {
	conn, err := s.Connect(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	results, err := conn.PgConn().Exec(ctx, sql).ReadAll()
	for _, r := range results {
		if len(r.Rows) > 0 {
			return string(r.Rows[0][0]), err
		}
	}
	return "", err
}

// Connect opens a session by the server's socket.
func (s *Server) Connect(ctx context.Context) (*pgx.Conn, error) {
	return pgx.Connect(ctx, fmt.Sprintf("host=%s port=%d user=postgres dbname=postgres sslmode=disable", filepath.Dir(s.Dir), s.Port))
}

// Kill ends the server as a crash does: no process of it gets to do anything.
func (s *Server) Kill() {
	s.signalAll(syscall.SIGKILL)
	_ = s.cmd.Process.Kill() // it may have ended already
	<-s.exited
	s.removeSharedMemory()
}

// Freeze stops all processes of the server where they are, as a machine does
// that hangs: it still takes packets, and answers nothing. [Server.Kill] ends it.
func (s *Server) Freeze() { s.signalAll(syscall.SIGSTOP) }

// signalAll stops the server's first process and sends a signal to the others.
func (s *Server) signalAll(sig syscall.Signal) {
	if s.cmd.Process.Signal(syscall.SIGSTOP) != nil { // no new children from here on
		return // it has ended
	}
	for _, child := range childrenOf(s.cmd.Process.Pid) { // each leads a process group of its own
		_ = syscall.Kill(child, sig) // it may have ended meanwhile
	}
}

// Stop ends the server and all its sessions.
func (s *Server) Stop() {
	_ = s.cmd.Process.Signal(syscall.SIGINT) // "fast shutdown"; it may have ended already
	<-s.exited
}

// childrenOf lists the processes that pid has started.
func childrenOf(pid int) (children []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // fails for wrong patterns alone
	for _, path := range stats {
		stat, _ := os.ReadFile(path) // empty when the process has ended meanwhile
		_, afterName, _ := strings.Cut(string(stat), ") ")
		if fields := strings.Fields(afterName); len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			child, _ := strconv.Atoi(filepath.Base(filepath.Dir(path))) // a number, as the pattern says
			children = append(children, child)
		}
	}
	return children
}

// removeSharedMemory gives back what a killed server leaves in the kernel.
func (s *Server) removeSharedMemory() {
	lock, _ := os.ReadFile(filepath.Join(s.Dir, "postmaster.pid")) // without it nothing is known to be left
	if lines := strings.Split(string(lock), "\n"); len(lines) > 6 {
		if ids := strings.Fields(lines[6]); len(ids) == 2 {
			_ = exec.Command("ipcrm", "-m", ids[1]).Run() // at worst it stays
		}
	}
}

// Restart starts a server that has ended.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if err := s.run(); err != nil {
		t.Fatal(err)
	}
}

var errNotInstalled = errors.New("PostgreSQL is not installed")

// Program is the path of one of PostgreSQL's programs, of the newest version.
func Program(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil && name != "pg_ctl" {
		return path, nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name) // fails for wrong patterns alone
	if len(found) == 0 {
		return "", errNotInstalled
	}
	return slices.Max(found), nil
}

// start makes a server in dir and runs it.
func start(dir string, settings ...string) (*Server, error) {
	if err := giveAway(dir); err != nil {
		return nil, err
	}
	s := &Server{Dir: filepath.Join(dir, "data")}
	initdb, err := Program("initdb")
	if err != nil {
		return nil, err
	}
	cmd := Command(initdb, "-D", s.Dir, "-U", "postgres", "-A", "trust", "--no-sync", "--no-instructions", "-E", "UTF8", "--locale=C.UTF-8")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	if s.Port, err = freePort(); err != nil {
		return nil, err
	}
	if err := s.Configure(append([]string{"listen_addresses='127.0.0.1'", fmt.Sprintf("port=%d", s.Port),
		fmt.Sprintf("unix_socket_directories='%s'", dir)}, settings...)...); err != nil {
		return nil, err
	}
	return s, s.run()
}

// Configure adds lines to postgresql.conf; they count from the next start on.
func (s *Server) Configure(lines ...string) error {
	f, err := os.OpenFile(filepath.Join(s.Dir, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, line := range lines {
		fmt.Fprintln(f, line)
	}
	return nil
}

// run starts the server and waits until it answers.
func (s *Server) run() error {
	postgres, err := Program("postgres")
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(filepath.Dir(s.Dir), "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	s.cmd = Command(postgres, "-D", s.Dir)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.cmd.SysProcAttr.Setpgid = true // a terminal's Ctrl-C is for the test, which then stops the server
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.exited = make(chan struct{})
	go func() {
		defer close(s.exited)
		_ = s.cmd.Wait() // its status says nothing that the tests do not see
	}()
	return s.ready()
}

// ready waits until the server answers.
func (s *Server) ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		err := s.exec(ctx, "SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-s.exited:
			log, _ := os.ReadFile(filepath.Join(filepath.Dir(s.Dir), "log")) // what there is of it
			return fmt.Errorf("PostgreSQL has ended: %s", log)
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Command is a command run by whom PostgreSQL's programs accept: not by root.
func Command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential()}
	return cmd
}

// credential is the user to run as: nil for the one that runs the test.
func credential() *syscall.Credential {
	if os.Getuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, _ := strconv.ParseUint(u.Uid, 10, 32) // numbers on Unix
			gid, _ := strconv.ParseUint(u.Gid, 10, 32)
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	return nil
}

// giveAway makes dir the property of whom the server runs as.
func giveAway(dir string) error {
	if c := credential(); c != nil {
		return os.Chown(dir, int(c.Uid), int(c.Gid))
	}
	return nil
}

// freePort is a port that nobody listens on.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
