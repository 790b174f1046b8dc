package journal

import (
	"bytes"
	"database/sql/driver"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"
	"weak"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// renamed is r after n more changes of the name.
func renamed(r *service.Record, n int) *service.Record {
	c := *r
	c.User.Version += int32(n)
	c.User.LastName = fmt.Sprintf("Name%d", c.User.Version)
	c.Keys.LastName = fmt.Sprintf("name%d", c.User.Version)
	return &c
}

// versionInRow is the version that the user's row in the file has.
func versionInRow(t *testing.T, path string, id uuid.UUID) int {
	t.Helper()
	return countIn(t, path, fmt.Sprintf("SELECT version FROM users WHERE id = x'%x'", id[:]))
}

// countIn is the number that query answers.
func countIn(t *testing.T, path, query string) (n int) {
	t.Helper()
	c, err := connect(path, "ro")
	must(t, err)
	defer c.Close()
	must(t, c.number(t.Context(), query, &n))
	return n
}

// holds tells that the file has these users when it is opened again.
func holds(t *testing.T, j *Journal, path string, want ...*service.Record) {
	t.Helper()
	closed(t, j)
	_, users := mustReady(t, path)
	wanted := make([]service.Record, len(want))
	for i, r := range want {
		wanted[i] = *r
	}
	if diff := cmp.Diff(wanted, users); diff != "" {
		t.Error(diff)
	}
}

// newFile is a file that holds the users 1 and 2, created by the changes 1 and 2.
func newFile(t *testing.T) (path string, j *Journal) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "users.db")
	j, _ = mustReady(t, path)
	must(t, j.Commit([]Entry{step(1, nil, user(1)), step(2, nil, user(2))}, 0))
	return path, j
}

// TestRecordIsReleasedWithItsRow: password hashes stay in memory no longer than
// somebody has use for them.
func TestRecordIsReleasedWithItsRow(t *testing.T) {
	path, j := newFile(t)
	must(t, j.Commit([]Entry{step(3, user(1), renamed(user(1), 1)), step(4, user(2), renamed(user(2), 1))}, 0))
	closed(t, j)
	j, _ = mustReady(t, path)
	record := weak.Make(j.writer.deferred[0].record)
	must(t, j.Commit([]Entry{step(5, renamed(user(1), 1), renamed(user(1), 2))}, 0))
	must(t, j.Commit(nil, 5)) // which drops the changes before, and so writes their rows
	runtime.GC()
	if r := record.Value(); r != nil {
		t.Errorf("the record of user %s is still in memory", r.User.ID)
	}
	runtime.KeepAlive(j)
}

func TestRowIsWrittenWhenEnoughChangesHaveCome(t *testing.T) {
	path, j := newFile(t)
	one, two := renamed(user(1), 1), user(2)
	must(t, j.Commit([]Entry{step(3, user(1), one)}, 0))
	for seq := int64(4); seq < 3+deferral; {
		var entries []Entry
		for ; len(entries) < 1000 && seq < 3+deferral; seq++ {
			next := renamed(two, 1)
			entries = append(entries, step(seq, two, next))
			two = next
		}
		must(t, j.Commit(entries, 0))
	}
	if v := versionInRow(t, path, one.User.ID); v != 1 {
		t.Errorf("the row has version %d before it is due", v)
	}
	closed(t, j)
	j, users := mustReady(t, path)
	if diff := cmp.Diff([]service.Record{*one, *two}, users); diff != "" {
		t.Error(diff)
	}
	three := user(3)
	must(t, j.Commit([]Entry{step(3+deferral, nil, three)}, 0))
	if v := versionInRow(t, path, one.User.ID); v != 2 {
		t.Errorf("the row has version %d when it is due, want 2", v)
	}
	if v := versionInRow(t, path, two.User.ID); v != 1 {
		t.Errorf("the row of a user who has changed since has version %d, want 1", v)
	}
	holds(t, j, path, one, two, three)
}

func TestRowIsWrittenBeforeItsChangeIsDropped(t *testing.T) {
	path, j := newFile(t)
	one := renamed(user(1), 1)
	must(t, j.Commit([]Entry{step(3, user(1), one)}, 3))
	if v := versionInRow(t, path, one.User.ID); v != 1 {
		t.Errorf("the row has version %d while its change is kept", v)
	}
	closed(t, j) // what is to be written is known after a restart, too
	j, _ = mustReady(t, path)
	must(t, j.Commit(nil, 4))
	if v := versionInRow(t, path, one.User.ID); v != 2 {
		t.Errorf("the row has version %d when its change is gone, want 2", v)
	}
	holds(t, j, path, one, user(2))
}

func TestRowOfAChangeThatIsNotKeptIsWrittenAtOnce(t *testing.T) {
	path, j := newFile(t)
	one := renamed(user(1), 1)
	must(t, j.Commit([]Entry{step(3, user(1), one)}, 4))
	holds(t, j, path, one, user(2))
}

// A password's hash is in no change; an earlier image must not bring back
// anything older than the row that has the new one.
func TestRowOfANewPasswordIsWrittenAtOnceAndStays(t *testing.T) {
	path, j := newFile(t)
	one := renamed(user(1), 1)
	secret := renamed(one, 1)
	secret.PasswordHash = "$argon2id$new"
	must(t, j.Commit([]Entry{step(3, user(1), one), step(4, one, secret)}, 0))
	if v := versionInRow(t, path, secret.User.ID); v != 3 {
		t.Errorf("the row has version %d, want 3", v)
	}
	closed(t, j)
	j, _ = mustReady(t, path)
	must(t, j.Commit(nil, 4)) // writes what is due of change 3
	later := renamed(secret, 1)
	must(t, j.Commit([]Entry{step(5, secret, later)}, 0))
	holds(t, j, path, later, user(2))
}

func TestDeletedUserLeavesNoImage(t *testing.T) {
	path, j := newFile(t)
	one := renamed(user(1), 1)
	two := renamed(one, 1)
	must(t, j.Commit([]Entry{step(3, user(1), one)}, 0))
	must(t, j.Commit([]Entry{step(4, one, two), step(5, two, nil)}, 0))
	if n := countIn(t, path, "SELECT count(*) FROM changes WHERE image IS NOT NULL"); n != 0 {
		t.Errorf("%d changes have an image", n)
	}
	must(t, j.Commit(nil, 5)) // nothing is due any more
	holds(t, j, path, user(2))
}

// A refused transaction neither writes rows nor forgets that they are due.
func TestRefusedTransactionLeavesRowsDue(t *testing.T) {
	path, j := newFile(t)
	one := renamed(user(1), 1)
	must(t, j.Commit([]Entry{step(3, user(1), one)}, 0))
	if err := j.Commit([]Entry{step(4, nil, user(3)), step(4, nil, user(4))}, 4); err == nil {
		t.Fatal("a number of the change log was given twice")
	}
	if v := versionInRow(t, path, one.User.ID); v != 1 {
		t.Errorf("the row has version %d after a transaction that was refused", v)
	}
	must(t, j.Commit([]Entry{step(4, nil, user(3))}, 4))
	holds(t, j, path, one, user(2), user(3))
}

func TestImageIsWhatARowHas(t *testing.T) {
	verified := user(3)
	verified.User.EmailVerifiedAt = time.UnixMicro(0).UTC()
	for _, r := range []*service.Record{user(2), verified} {
		got, err := recordOfImage(appendImage(nil, r))
		must(t, err)
		got.User.ID, got.PasswordHash = r.User.ID, r.PasswordHash
		if diff := cmp.Diff(r, got); diff != "" {
			t.Error(diff)
		}
	}
	whole := appendImage(nil, user(2))
	for n := range whole {
		if r, err := recordOfImage(whole[:n]); err == nil {
			t.Errorf("of %d bytes, %d are taken for %+v", len(whole), n, r)
		}
	}
	for name, b := range map[string][]byte{"more than an image": append(whole, 0, 0), "a text of less than nothing": {1}} {
		if r, err := recordOfImage(b); err == nil {
			t.Errorf("%s is taken for %+v", name, r)
		}
	}
}

// TestFileHoldsTheNewestOfEachUser changes, creates and deletes a few users
// at random, while old changes are dropped, and compares the file with a map.
func TestFileHoldsTheNewestOfEachUser(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	path := filepath.Join(t.TempDir(), "users.db")
	j, _ := mustReady(t, path)
	want := make(map[uuid.UUID]service.Record)
	seq, keepFrom := int64(0), int64(1)
	for round := range 400 {
		var entries []Entry
		for range 1 + random.IntN(4) {
			old, new := (*service.Record)(nil), user(1+random.IntN(8))
			if r, ok := want[new.User.ID]; ok {
				old, new = &r, renamed(&r, 1)
			}
			switch {
			case old != nil && random.IntN(8) == 0:
				delete(want, old.User.ID)
				new = nil
			case old != nil && random.IntN(8) == 0:
				new.PasswordHash += "x"
				fallthrough
			default:
				want[new.User.ID] = *new
			}
			seq++
			entries = append(entries, step(seq, old, new))
		}
		keepFrom = max(keepFrom, seq-random.Int64N(40))
		must(t, j.Commit(entries, keepFrom))
		if round%5 > 0 {
			continue
		}
		closed(t, j)
		var users []service.Record
		j, users = mustReady(t, path)
		wanted := slices.SortedFunc(maps.Values(want), func(a, b service.Record) int { return bytes.Compare(a.User.ID[:], b.User.ID[:]) })
		if diff := cmp.Diff(wanted, users, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("after change %d: %s", seq, diff)
		}
	}
}

// An image that is none is refused even where its checksum is right.
func TestForgedImageIsRefused(t *testing.T) {
	path, j := newFile(t)
	must(t, j.Commit([]Entry{step(3, user(1), renamed(user(1), 1))}, 0))
	closed(t, j)
	c, err := connect(path, "rw")
	must(t, err)
	var sum checksum
	var forged int64
	must(t, c.query(t.Context(), "SELECT "+changeColumns+" FROM changes WHERE seq = 3", func(values []driver.Value) error {
		ch, _, err := changeOf(values, &sum)
		forged = sum.ofChange(&ch, values[5].(string), []byte{1})
		return err
	}))
	must(t, c.exec(t.Context(), fmt.Sprintf("UPDATE changes SET image = x'01', checksum = %d WHERE seq = 3", forged)))
	must(t, c.Close())
	_, _, err = ready(path)
	says(t, err, "the change log: change 3: it is not as it was written")
}
