package postgres

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/userd/userd/service"
)

// TestKeepChanges: the log is cut off at its old end, by number and by age, in
// portions, and a cursor from before that has expired.
func TestKeepChanges(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s, _ := opened(t, Config{KeepChanges: 10, KeepChangesFor: time.Hour, Now: func() time.Time { return now }})
	for i := range 25 {
		r := newRecord(fmt.Sprintf("user%d@example.com", i))
		r.User.CreatedAt = now.Add(time.Duration(i) * time.Minute)
		if err := s.CreateUser(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	wantLog(t, s, 16, 25)
	now = now.Add(time.Hour + 20*time.Minute)
	s.writer.dropOld()
	wantLog(t, s, 21, 25)
	now = now.Add(time.Hour)
	s.writer.dropOld()
	s.writer.dropOld()
	wantLog(t, s, 26, 25)
	if _, err := s.Changes(t.Context(), service.ChangeQuery{After: 24, Limit: 1}); !errors.Is(err, &service.CursorExpiredError{}) {
		t.Errorf("the error is %v", err)
	}
}

func wantLog(t *testing.T, s *Store, first, last int64) {
	t.Helper()
	log, err := s.ChangeLog(t.Context())
	if err != nil || log.First != first || log.Last != last {
		t.Errorf("the log is %+v, %v; want %d to %d", log, err, first, last)
	}
	slice, err := s.Changes(t.Context(), service.ChangeQuery{After: first - 1, Limit: 1000})
	if err != nil || int64(len(slice.Changes)) != last-first+1 {
		t.Errorf("%d changes are there, %v", len(slice.Changes), err)
	}
}

// TestDroppingPassesOverWhatIsDropped: rows that are gone stay in the index
// until a vacuum, and must not be walked again by each transaction.
func TestDroppingPassesOverWhatIsDropped(t *testing.T) {
	_, conn := opened(t, Config{})
	for _, sql := range []string{
		`ALTER TABLE userd_changes SET (autovacuum_enabled = false)`,
		`INSERT INTO userd_changes SELECT i, timestamptz '2026-01-01Z', 'created', gen_random_uuid(), 1, '[]', '', '' FROM generate_series(1, 50000) i`,
		`ANALYZE userd_changes`,
		`DELETE FROM userd_changes WHERE seq < 49000`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	for name, c := range map[string]struct {
		sql  string
		args []any
	}{
		"drop": {dropChanges, []any{49000, 49001}},
		"look": {firstSince, []any{49000, 50000, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}},
	} {
		for _, generic := range []bool{false, true} {
			if plan := explained(t, conn, generic, c.sql, c.args...); plan.Read+plan.Hit > 50 {
				t.Errorf("%s, generic %t: %d blocks were looked at", name, generic, plan.Read+plan.Hit)
			}
		}
	}
}

// A log that has lost changes, as after a failover to a standby that lagged
// behind, is waited for again.
func TestLogGoneBack(t *testing.T) {
	l := newLatest(5)
	l.observe(5, 3)
	if l.now() != 3 {
		t.Errorf("the log goes to %d, want 3", l.now())
	}
	l.observe(2, 2) // a read from before the change with the number 3
	l.observe(3, 4)
	if l.now() != 4 {
		t.Errorf("the log goes to %d, want 4", l.now())
	}
}
