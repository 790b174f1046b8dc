package postgres

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/internal/plan"
	"github.com/userd/userd/service/postgres/postgrestest"
)

// held has the writer wait with a transaction until release is called, so that
// what is submitted meanwhile shares the next one.
func held(t *testing.T, s *Store) (release func()) {
	t.Helper()
	planning, proceed := make(chan struct{}), make(chan struct{})
	j := &job{ctx: t.Context(), done: make(chan struct{}), plan: func(*plan.View) error {
		close(planning)
		<-proceed
		return nil
	}}
	if err := s.writer.submit(j); err != nil {
		t.Fatal(err)
	}
	<-planning
	return func() { close(proceed) }
}

// submitted is a job that waits for the writer.
func submitted(t *testing.T, s *Store, ctx context.Context, r service.Record) *job {
	t.Helper()
	j := &job{ctx: ctx, done: make(chan struct{}), ids: []uuid.UUID{r.User.ID}, emails: []string{r.Keys.Email},
		plan: func(v *plan.View) error { return v.Create(r) }}
	if err := s.writer.submit(j); err != nil {
		t.Fatal(err)
	}
	return j
}

// TestDefectInABatch: a change that the database cannot take does not take
// those with it that share its transaction; one whose caller has gone is left out.
func TestDefectInABatch(t *testing.T) {
	s, _ := opened(t, Config{})
	gone, leave := context.WithCancel(t.Context())
	bad := newRecord("bad@example.com")
	bad.User.FirstName = "\x00"
	release := held(t, s)
	jobs := map[string]*job{
		"first": submitted(t, s, t.Context(), newRecord("first@example.com")),
		"bad":   submitted(t, s, t.Context(), bad),
		"taken": submitted(t, s, t.Context(), newRecord("first@example.com")),
		"gone":  submitted(t, s, gone, newRecord("gone@example.com")),
		"last":  submitted(t, s, t.Context(), newRecord("last@example.com")),
	}
	leave()
	release()
	for name, j := range jobs {
		<-j.done
		code := service.CodeOf(j.err)
		ok := map[string]bool{
			"first": j.err == nil, "last": j.err == nil, "gone": errors.Is(j.err, context.Canceled),
			"taken": code == service.CodeEmailTaken, "bad": j.err != nil && code == service.CodeInternal,
		}
		if !ok[name] {
			t.Errorf("%s: the error is %v", name, j.err)
		}
	}
	if n, err := s.CountUsers(t.Context(), service.Filter{}); n != 2 || err != nil {
		t.Errorf("there are %d users, %v", n, err)
	}
}

// A queue that is full keeps callers waiting, for as long as they want to.
func TestQueueIsBounded(t *testing.T) {
	s, _ := opened(t, Config{})
	release := held(t, s)
	var jobs []*job
	for range maxBatch {
		jobs = append(jobs, submitted(t, s, t.Context(), newRecord(uuid.NewString()+"@example.com")))
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, errors.New("waited enough"))
	defer cancel()
	if err := s.CreateUser(ctx, newRecord("late@example.com")); err == nil || err.Error() != "waited enough" {
		t.Errorf("the error is %v", err)
	}
	if err := s.Ping(ctx); err == nil || err.Error() != "waited enough" {
		t.Errorf("the error of Ping is %v", err)
	}
	release()
	for _, j := range jobs {
		if <-j.done; j.err != nil {
			t.Error(j.err)
		}
	}
}

func TestClosedStore(t *testing.T) {
	s, _ := opened(t, Config{})
	s.Close()
	if err := s.CreateUser(t.Context(), newRecord("ada@example.com")); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("the error is %v", err)
	}
}

// TestReadOnlyServer: a server that takes no writes any more is left, and
// found again.
func TestReadOnlyServer(t *testing.T) {
	server := postgrestest.Start(t, "fsync=off")
	s, _ := opened(t, Config{URL: server.URL()})
	if err := s.CreateUser(t.Context(), newRecord("ada@example.com")); err != nil {
		t.Fatal(err)
	}
	set := func(value string) {
		server.Exec(t, "ALTER SYSTEM SET default_transaction_read_only = "+value)
		server.Exec(t, "SELECT pg_reload_conf()")
	}
	set("on")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		_, err := s.CountUsers(ctx, service.Filter{})
		if _, left := errors.AsType[*service.UnavailableError](err); left {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Ping(t.Context()); service.CodeOf(err) != service.CodeUnavailable {
		t.Errorf("the error is %v", err)
	}
	set("off")
	wantRecovered(t, s)
}

// TestPasswordFile: the password is read for each connection.
func TestPasswordFile(t *testing.T) {
	server := postgrestest.Start(t, "fsync=off")
	server.RequirePassword(t, "first")
	file := filepath.Join(t.TempDir(), "password")
	write := func(password string) {
		if err := os.WriteFile(file, []byte(password), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("first\n")
	url := server.URL()
	s, err := Open(t.Context(), Config{URL: url, PasswordFile: file})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	server.RequirePassword(t, "second")
	server.Exec(t, `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'userd'`)
	write("second")
	wantRecovered(t, s)
	if _, err := s.CountUsers(t.Context(), service.Filter{}); err != nil {
		t.Error(err)
	}
	for _, wrong := range []string{file, file + "-not-there"} {
		write("wrong")
		if _, err := Open(t.Context(), Config{URL: url, PasswordFile: wrong, StartTimeout: time.Millisecond}); err == nil || strings.Contains(err.Error(), "second") {
			t.Errorf("with a wrong password the error is %v", err)
		}
	}
}

func TestServer(t *testing.T) {
	for url, want := range map[string]string{
		"postgres://ada:secret@db1:5432,db2:5433/app?sslmode=prefer": "db1:5432,db2:5433/app",
		"postgres://ada:secret@[::1]/app":                            "[::1]:5432/app",
		"postgres://ada:secret@db:999999/app":                        "at a URL that cannot be read",
	} {
		if got := (Config{URL: url}).Server(); got != want {
			t.Errorf("the server is %s, want %s", got, want)
		}
	}
	for url, want := range map[string]error{
		"postgres://ada:secret@db:999999/app":                              errURL,
		"postgres://ada@db/app?default_query_exec_mode=simple_protocol":    errExecMode,
		"postgres://ada@db/app?default_query_exec_mode=cache_describe":     nil,
		"postgres://ada@db/app?target_session_attrs=any&connect_timeout=9": nil,
	} {
		if err := (Config{URL: url}).Check(); !errors.Is(err, want) {
			t.Errorf("%s: the error is %v, want %v", url, err, want)
		}
	}
}

func TestPrefixEnd(t *testing.T) {
	for prefix, want := range map[string]string{
		"a": "b", "az": "a{", "é": "ê", "\u007f": "\u0080", "\ud7ff": "\ue000", "a\U0010ffff": "b", "\U0010ffff": "", "": "",
	} {
		if got := prefixEnd(prefix); got != want {
			t.Errorf("what starts with %q ends before %q, want %q", prefix, got, want)
		}
	}
}
