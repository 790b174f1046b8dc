package postgres

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/internal/plan"
	"github.com/userd/userd/service/postgres/postgrestest"
)

func newItem(n byte, value string) service.Item {
	return service.Item{Kind: "session", Key: service.ItemKey{31: n}, Value: []byte(value)}
}

func adding(i service.Item) service.ItemChange {
	return service.ItemChange{Kind: i.Kind, Key: i.Key, New: &i}
}

// wantItems holds the items in the store to want.
func wantItems(t *testing.T, s *Store, want ...service.Item) {
	t.Helper()
	got, err := s.Items(t.Context(), service.ItemQuery{Kind: "session", Limit: 1000})
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
		t.Errorf("the items, %v (-want +got):\n%s", err, diff)
	}
}

// TestConnectionCutInAChangeOfItems: whatever moment the connection is lost at,
// the item is counted up once or not at all, and the answer is true.
func TestConnectionCutInAChangeOfItems(t *testing.T) {
	for _, c := range []struct {
		cut     cut
		unknown bool
		made    bool
	}{
		{cut{at: "FOR UPDATE"}, false, true},
		{cut{at: "COMMIT\x00"}, false, true},
		{cut{at: "COMMIT\x00", answered: true}, false, true},
		{cut{at: "COMMIT\x00", stayDown: true}, true, false},
		{cut{at: "COMMIT\x00", answered: true, stayDown: true}, true, true},
	} {
		t.Run(c.cut.String(), func(t *testing.T) {
			t.Parallel()
			p, url := behindProxy(t, postgrestest.URL(t))
			s, _ := opened(t, Config{URL: url})
			before, after := newItem(1, "1"), newItem(1, "2")
			if err := s.ChangeItems(t.Context(), time.Time{}, []service.ItemChange{adding(before)}); err != nil {
				t.Fatal(err)
			}
			p.cutAt(c.cut)
			err := s.ChangeItems(t.Context(), time.Time{}, []service.ItemChange{{Kind: before.Kind, Key: before.Key, Was: before.Value, New: &after}})
			if _, unknown := errors.AsType[*service.OutcomeUnknownError](err); unknown != c.unknown || !unknown && err != nil {
				t.Errorf("the error is %v", err)
			}
			p.setDown(false)
			wantRecovered(t, s)
			want := before
			if c.made {
				want = after
			}
			wantItems(t, s, want)
		})
	}
}

// TestCommitOfItemsIsFoundAgain: a transaction that has only removed an item
// is told from one that was not made, whatever another copy has done since.
func TestCommitOfItemsIsFoundAgain(t *testing.T) {
	stores := copies(t, 2, Config{})
	s, other := stores[0].writer, stores[1]
	i := newItem(1, "a")
	prepare := func(w *writer) *transaction {
		t.Helper()
		conn, err := w.conn.get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		j := &job{ctx: t.Context(), plan: func(v *plan.View) error {
			return v.ChangeItems(time.Time{}, []service.ItemChange{{Kind: i.Kind, Key: i.Key, Was: i.Value}})
		}}
		j.items.add(i.Kind, i.Key)
		x := &transaction{conn: conn}
		if err := x.begin(t.Context(), []*job{j}, time.Minute); err != nil {
			t.Fatal(err)
		}
		if err := x.carryOut(t.Context(), j); err != nil || j.err != nil {
			t.Fatal(err, j.err)
		}
		x.mark = w.newMark()
		if err := x.finish(t.Context(), 100, w.channel); err != nil {
			t.Fatal(err)
		}
		return x
	}
	for _, made := range []bool{true, false} {
		if err := other.ChangeItems(t.Context(), time.Time{}, []service.ItemChange{adding(i)}); err != nil {
			t.Fatal(err)
		}
		x := prepare(s)
		if made {
			if err := x.conn.SendBatch(t.Context(), &x.writes).Close(); err != nil {
				t.Fatal(err)
			}
		} else {
			s.abandon(nil)
			if err := other.ChangeItems(t.Context(), time.Time{}, []service.ItemChange{{Kind: i.Kind, Key: i.Key, Was: i.Value}}); err != nil {
				t.Fatal(err)
			}
		}
		lost := errors.New("no answer")
		want := lost
		if made {
			want = nil
		}
		if err := s.settle(x, lost); err != want {
			t.Errorf("made: %t, settled with %v", made, err)
		}
	}
}

// An older copy of the program, which knows no items, deletes a user: the
// server removes the user's items.
func TestOlderCopyDeletesAUser(t *testing.T) {
	s, conn := opened(t, Config{})
	r := newRecord("ada@example.com")
	i, other := newItem(1, "a"), newItem(2, "b")
	i.User = r.User.ID
	if err := s.CreateUser(t.Context(), r, adding(i), adding(other)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), deleteUsers, [][16]byte{r.User.ID}); err != nil {
		t.Fatal(err)
	}
	wantItems(t, s, other)
}

// A user who is deleted and comes back by an import that shares the transaction
// has none of the former one's items.
func TestUserWhoComesBackAtOnceHasNoItems(t *testing.T) {
	s, _ := opened(t, Config{})
	r := newRecord("ada@example.com")
	i := newItem(1, "a")
	i.User = r.User.ID
	if err := s.CreateUser(t.Context(), r, adding(i)); err != nil {
		t.Fatal(err)
	}
	release := held(t, s)
	j := &job{ctx: t.Context(), done: make(chan struct{}), ids: []uuid.UUID{r.User.ID}, emails: []string{r.Keys.Email}, plan: func(v *plan.View) error {
		if err := v.Delete(r.User.ID, service.Deletion{}); err != nil {
			return err
		}
		v.Import([]service.ImportRow{{Record: r}}, service.ImportOptions{OnConflict: service.ConflictFail})
		return nil
	}}
	if err := s.writer.submit(j); err != nil {
		t.Fatal(err)
	}
	release()
	if <-j.done; j.err != nil {
		t.Fatal(j.err)
	}
	if _, err := s.User(t.Context(), r.User.ID); err != nil {
		t.Error(err)
	}
	wantItems(t, s)
}

// TestItemsThatHaveEndedAreRemoved in portions, and nothing else is.
func TestItemsThatHaveEndedAreRemoved(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s, conn := opened(t, Config{Now: func() time.Time { return now }})
	forever, longer := newItem(1, "a"), newItem(2, "b")
	longer.ExpiresAt = now.Add(time.Microsecond)
	if err := s.ChangeItems(t.Context(), time.Time{}, []service.ItemChange{adding(forever), adding(longer)}); err != nil {
		t.Fatal(err)
	}
	const ended = `INSERT INTO userd_items SELECT 'session', sha256(int4send(i)), NULL, 'x', $1 FROM generate_series(1, $2) i`
	if _, err := conn.Exec(t.Context(), ended, now, maxExpired+1); err != nil {
		t.Fatal(err)
	}
	if more := s.writer.dropExpired(); !more {
		t.Error("the rest is not removed")
	}
	if more := s.writer.dropExpired(); more {
		t.Error("there is more to remove")
	}
	wantItems(t, s, forever, longer)
	if n := countItems(t, conn); n != 3 { // with the writer's mark
		t.Errorf("%d rows are left", n)
	}
}

func countItems(t *testing.T, conn *pgx.Conn) (n int) {
	t.Helper()
	if err := conn.QueryRow(context.WithoutCancel(t.Context()), `SELECT count(*) FROM userd_items`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Nothing is removed while the database is away, nor does it stop anything.
func TestItemsAreNotRemovedWhileTheDatabaseIsAway(t *testing.T) {
	p, url := behindProxy(t, postgrestest.URL(t))
	s, _ := opened(t, Config{URL: url})
	if err := s.ChangeItems(t.Context(), time.Time{}, []service.ItemChange{adding(newItem(1, "a"))}); err != nil {
		t.Fatal(err)
	}
	s.writer.conn.drop()
	p.setDown(true)
	if more := s.writer.dropExpired(); more {
		t.Error("it goes on at once")
	}
	s.writer.setAway(errors.New("away"))
	if more := s.writer.dropExpired(); more {
		t.Error("it goes on at once")
	}
	p.setDown(false)
	wantRecovered(t, s)
	wantItems(t, s, newItem(1, "a"))
}

// TestItemsNeverScan: every statement about items finds them by an index.
func TestItemsNeverScan(t *testing.T) {
	s, conn := opened(t, Config{})
	r := newRecord("ada@example.com")
	if err := s.CreateUser(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		`INSERT INTO userd_items SELECT CASE WHEN mod(i, 2) = 0 THEN 'session' ELSE 'token' END, sha256(int4send(i)),
			CASE WHEN mod(i, 1000) = 0 THEN (SELECT id FROM userd_users) END, 'x', timestamptz '2026-01-01Z' + i * interval '1 second' FROM generate_series(1, 20000) i`,
		`VACUUM ANALYZE userd_items`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	at, key, id := time.Date(2026, 1, 1, 0, 0, 10, 0, time.UTC), newItem(1, "").Key, [16]byte(r.User.ID)
	for name, c := range map[string]struct {
		sql  string
		args []any
	}{
		"one":     {selectItem, []any{"session", key[:], at}},
		"page":    {selectItems, []any{"session", key[:], at, 10}},
		"of user": {selectItemsOfUser, []any{"session", key[:], at, 10, id}},
		"by ref":  {itemsByRef, []any{[]string{"session"}, [][]byte{key[:]}}},
		"end":     {endItems, []any{[][16]byte{id}, []string{"session"}}},
		"end all": {endItems, []any{[][16]byte{id}, []*string{nil}}},
		"remove":  {removeItems, []any{[]string{"session"}, [][]byte{key[:]}}},
		"expire":  {dropExpired, []any{at, 10}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, generic := range []bool{false, true} {
				for _, node := range explained(t, conn, generic, c.sql, c.args...).all() {
					if strings.HasPrefix(node.Type, "Seq Scan") {
						t.Errorf("generic %t: a scan over %.0f rows", generic, node.Actual)
					}
				}
			}
		})
	}
}
