package postgrestest

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

// patience bounds how long a test waits for a server.
const patience = time.Minute

// Standby runs a copy of s that follows it, and has s wait for it at every
// commit. It listens on port, or on a free one when port is zero.
func (s *Server) Standby(t testing.TB, port int) *Server {
	t.Helper()
	standby, err := s.follow(Dir(t), port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(standby.Kill) // it may be stopped, or cut off from the server that it follows
	s.Exec(t, "ALTER SYSTEM SET synchronous_standby_names = '*'")
	s.Exec(t, "SELECT pg_reload_conf()")
	s.Await(t, "t", "SELECT count(*) > 0 FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming'")
	return standby
}

// follow makes a standby in dir and runs it.
func (s *Server) follow(dir string, port int) (*Server, error) {
	backup, err := Program("pg_basebackup")
	if err != nil {
		return nil, err
	}
	standby := &Server{Dir: filepath.Join(dir, "data"), Port: port}
	cmd := Command(backup, "-d", s.URL(), "-D", standby.Dir, "-R", "--checkpoint=fast", "--no-sync")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("pg_basebackup: %w: %s", err, out)
	}
	if port == 0 {
		if standby.Port, err = freePort(); err != nil {
			return nil, err
		}
	}
	if err := standby.Configure(fmt.Sprintf("port=%d", standby.Port), fmt.Sprintf("unix_socket_directories='%s'", dir)); err != nil {
		return nil, err
	}
	return standby, standby.run()
}

// Orphan has a standby that has ended follow nobody from its next start on.
func (s *Server) Orphan(t testing.TB) {
	t.Helper()
	s.write(t, "postgresql.auto.conf", "") // where pg_basebackup has put whom it follows
}

// Promote makes a standby take writes, and returns once it does.
func (s *Server) Promote(t testing.TB) {
	t.Helper()
	// Asked again until it is done: what is replayed meanwhile may end the query.
	s.Await(t, "done", "SELECT CASE WHEN pg_is_in_recovery() THEN pg_promote(false)::text ELSE 'done' END")
}

// Await waits until the statement's first value is want.
func (s *Server) Await(t testing.TB, want, sql string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	last := "never answered"
	for {
		got, err := s.query(ctx, sql)
		switch {
		case err == nil && got == want:
			return
		case ctx.Err() == nil:
			last = fmt.Sprintf("%q, %v", got, err)
		}
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s to be %s: it is %s", sql, want, last)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
