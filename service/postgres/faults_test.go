package postgres

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/postgres/postgrestest"
)

// TestConnectionCutInAChange: whatever moment the connection is lost at, the
// change is made once or not at all, and the answer is true.
func TestConnectionCutInAChange(t *testing.T) {
	for _, c := range []struct {
		cut     cut
		unknown bool
		there   bool
	}{
		{cut{at: "FOR UPDATE"}, false, true},
		{cut{at: "FOR UPDATE", answered: true}, false, true},
		{cut{at: "COMMIT\x00"}, false, true},
		{cut{at: "COMMIT\x00", answered: true}, false, true},
		{cut{at: "COMMIT\x00", stayDown: true}, true, false},
		{cut{at: "COMMIT\x00", answered: true, stayDown: true}, true, true},
	} {
		t.Run(c.cut.String(), func(t *testing.T) {
			t.Parallel()
			p, url := behindProxy(t, postgrestest.URL(t))
			s, _ := opened(t, Config{URL: url})
			r := newRecord("ada@example.com")
			if err := s.Ping(t.Context()); err != nil { // by now the statements' types are known
				t.Fatal(err)
			}
			p.cutAt(c.cut)
			err := s.CreateUser(t.Context(), r)
			if _, unknown := errors.AsType[*service.OutcomeUnknownError](err); unknown != c.unknown || !unknown && err != nil {
				t.Errorf("the error is %v", err)
			}
			p.setDown(false)
			wantRecovered(t, s)
			users, err := s.ListUsers(t.Context(), service.ListQuery{Limit: 9})
			if there := len(users) == 1; err != nil || there != c.there || len(users) > 1 {
				t.Errorf("the users are %+v, %v", users, err)
			}
			if log, err := s.ChangeLog(t.Context()); err != nil || log.Last != int64(len(users)) {
				t.Errorf("the log is %+v, %v", log, err)
			}
		})
	}
}

// wantRecovered waits until the store takes changes again.
func wantRecovered(t *testing.T, s *Store) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for s.Ping(t.Context()) != nil {
		select {
		case <-ctx.Done():
			t.Fatalf("the store does not recover: %v", s.Ping(t.Context()))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// TestDatabaseAway: all that needs it is refused with the one error that says
// so, and nothing has to be restarted afterwards.
func TestDatabaseAway(t *testing.T) {
	p, url := behindProxy(t, postgrestest.URL(t))
	s, _ := opened(t, Config{URL: url})
	r := newRecord("ada@example.com")
	if err := s.CreateUser(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	p.setDown(true)
	for name, call := range map[string]func() error{
		"read":   func() error { _, err := s.User(t.Context(), r.User.ID); return err },
		"list":   func() error { _, err := s.ListUsers(t.Context(), service.ListQuery{Limit: 1}); return err },
		"log":    func() error { _, err := s.ChangeLog(t.Context()); return err },
		"change": func() error { return s.CreateUser(t.Context(), newRecord("bob@example.com")) },
		"again":  func() error { return s.CreateUser(t.Context(), newRecord("bob@example.com")) },
		"ping":   func() error { return s.Ping(t.Context()) },
	} {
		away, ok := errors.AsType[*service.UnavailableError](call())
		if !ok || away.RetryAfter == 0 || away.Err == nil {
			t.Errorf("%s: the error is %v", name, away)
		}
	}
	p.setDown(false)
	wantRecovered(t, s)
	if _, err := s.User(t.Context(), r.User.ID); err != nil {
		t.Error(err)
	}
	if err := s.CreateUser(t.Context(), newRecord("bob@example.com")); err != nil {
		t.Error(err)
	}
}

// Connections that the server has closed are replaced without anybody noticing.
func TestSessionsEnded(t *testing.T) {
	s, conn := opened(t, Config{URL: postgrestest.URL(t) + "&application_name=victim"})
	r := newRecord("ada@example.com")
	if err := s.CreateUser(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		const end = `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'victim' AND pid <> pg_backend_pid()`
		if _, err := conn.Exec(t.Context(), end); err != nil {
			t.Fatal(err)
		}
		if _, err := s.User(t.Context(), r.User.ID); err != nil {
			t.Errorf("read %d: %v", i, err)
		}
		if _, err := s.UpdateUser(t.Context(), r.User.ID, service.Update{FirstName: &service.Text{Value: string(rune('a' + i))}}); err != nil {
			t.Errorf("change %d: %v", i, err)
		}
	}
	if u, err := s.User(t.Context(), r.User.ID); err != nil || u.Version != 11 {
		t.Errorf("the user is %+v, %v", u, err)
	}
}

// TestLockHeld: a copy that holds the lock and falls silent is put out by the
// server.
func TestLockHeld(t *testing.T) {
	s, conn := opened(t, Config{})
	for _, sql := range []string{`BEGIN`, `SET LOCAL idle_in_transaction_session_timeout = '500ms'`, lockState} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.CreateUser(t.Context(), newRecord("ada@example.com")); err != nil {
		t.Error(err)
	}
}

// TestForeignWriter: somebody who writes to the tables by hand is met with the
// error that it is, and a row that is in the way with a new look.
func TestForeignWriter(t *testing.T) {
	s, conn := opened(t, Config{})
	a := newRecord("ada@example.com")
	if err := s.CreateUser(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `ALTER TABLE userd_users ADD CHECK (first_name <> 'Bob')`); err != nil {
		t.Fatal(err)
	}
	b := newRecord("bob@example.com")
	b.User.FirstName = "Bob"
	if err := s.CreateUser(t.Context(), b); err == nil || service.CodeOf(err) != service.CodeInternal {
		t.Errorf("the error is %v, want an internal one", err)
	}
	if err := s.CreateUser(t.Context(), newRecord("eve@example.com")); err != nil {
		t.Errorf("the next change: %v", err)
	}
}
