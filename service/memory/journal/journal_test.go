package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/userd/userd/service"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ready opens the file at path up to where changes can be committed, and
// returns the users it holds.
func ready(path string) (*Journal, []service.Record, error) {
	j, err := Open(context.Background(), path)
	if err != nil {
		return nil, nil, err
	}
	var users []service.Record
	err = j.Load(context.Background(), func(r *service.Record) { users = append(users, *r) })
	if err == nil {
		err = j.Items(context.Background(), func(*service.Item) {})
	}
	if err == nil {
		err = j.Start(context.Background())
	}
	if err != nil {
		return nil, nil, errors.Join(err, j.Close())
	}
	return j, users, nil
}

func mustReady(t *testing.T, path string) (*Journal, []service.Record) {
	t.Helper()
	j, users, err := ready(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j, users
}

func closed(t *testing.T, j *Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func user(n int) *service.Record {
	at := time.UnixMicro(1_700_000_000_000_000 + int64(n)).UTC()
	email := fmt.Sprintf("Zoë.%d@Example.com", n)
	id := uuid.UUID{6: 0x70, 8: 0x80, 15: byte(n)}
	return &service.Record{
		User: service.User{ID: id, Email: email, FirstName: "Zoë", LastName: "Washburne", IsActive: n%2 == 0,
			Version: 1, CreatedAt: at, UpdatedAt: at},
		Keys:         service.Keys{Email: strings.ToLower(email), FirstName: "zoë", LastName: "washburne"},
		PasswordHash: fmt.Sprintf("$argon2id$%d", n),
	}
}

// step is the entry of a change, number seq, from old to new.
func step(seq int64, old, new *service.Record) Entry {
	c := service.NewChange(old, new, time.UnixMicro(1_700_000_000_000_000+seq).UTC(), service.Origin{Actor: "test", RequestID: "r1"})
	c.Seq = seq
	return Entry{Old: old, New: new, Change: c}
}

// file is the path of a new file with three users, the last of whom has
// changed the name once and the first of whom is deleted again.
func file(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "users.db")
	j, _ := mustReady(t, path)
	renamed := *user(3)
	renamed.User.LastName, renamed.Keys.LastName, renamed.User.Version = "Reynolds", "reynolds", 2
	err := j.Commit([]Entry{
		step(1, nil, user(1)), step(2, nil, user(2)), step(3, nil, user(3)), step(4, user(3), &renamed), step(5, user(1), nil),
	}, 0)
	if err != nil {
		t.Fatal(err)
	}
	closed(t, j)
	return path
}

func TestClosedFileIsOneFile(t *testing.T) {
	path := file(t)
	j, _ := mustReady(t, path)
	must(t, j.Commit([]Entry{step(6, nil, user(4))}, 0))
	closed(t, j)
	onlyFile(t, path)
}

func changes(t *testing.T, j *Journal, id uuid.UUID) []service.Change {
	t.Helper()
	c, err := j.Changes(t.Context(), 0, 1<<62, id, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWhatIsCommittedIsThereAfterReopening(t *testing.T) {
	path := file(t)
	j, users := mustReady(t, path)
	renamed := *user(3)
	renamed.User.LastName, renamed.Keys.LastName, renamed.User.Version = "Reynolds", "reynolds", 2
	if diff := cmp.Diff([]service.Record{*user(2), renamed}, users); diff != "" {
		t.Error(diff)
	}
	s := j.State()
	if s.Users != 2 || s.FirstSeq != 1 || s.LastSeq != 5 || s.LogID == "" {
		t.Errorf("state %+v", s)
	}
	created := step(3, nil, user(3)).Change
	updated := step(4, user(3), &renamed).Change
	if diff := cmp.Diff([]service.Change{created, updated}, changes(t, j, user(3).User.ID)); diff != "" {
		t.Error(diff)
	}
}

func TestDeletionErasesTheValuesOfTheUsersChanges(t *testing.T) {
	j, _ := mustReady(t, file(t))
	want := []service.Change{step(1, nil, user(1)).Change.Erased(), step(5, user(1), nil).Change}
	if diff := cmp.Diff(want, changes(t, j, user(1).User.ID)); diff != "" {
		t.Error(diff)
	}
}

func TestChangesComeInOrderAndWithinTheirBounds(t *testing.T) {
	j, _ := mustReady(t, file(t))
	part, err := j.Changes(t.Context(), 1, 4, uuid.Nil, 2)
	if err != nil || len(part) != 2 || part[0].Seq != 2 || part[1].Seq != 3 {
		t.Errorf("%v, %v", part, err)
	}
	part, err = j.Changes(t.Context(), 3, 4, uuid.Nil, 10)
	if err != nil || len(part) != 1 || part[0].Seq != 4 {
		t.Errorf("%v, %v", part, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := j.Changes(ctx, 0, 5, uuid.Nil, 10); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}
}

func TestFirstSince(t *testing.T) {
	j, _ := mustReady(t, file(t))
	for _, c := range []struct {
		at    int64
		limit int
		want  int64
	}{{0, 9, 1}, {3, 9, 3}, {5, 9, 5}, {6, 9, 6}, {6, 5, 6}, {6, 2, 3}, {2, 2, 2}, {3, 2, 3}} {
		got, err := j.FirstSince(time.UnixMicro(1_700_000_000_000_000+c.at), c.limit)
		if err != nil || got != c.want {
			t.Errorf("after %d µs, of %d changes: %d, %v; want %d", c.at, c.limit, got, err, c.want)
		}
	}
}

// TestReadersShareAFewConnections: who finds all of them taken waits, for as
// long as it wants to, and none is opened twice. The writer never waits.
func TestReadersShareAFewConnections(t *testing.T) {
	j, _ := mustReady(t, file(t))
	var held []*sql.Rows
	for range maxReaders {
		rows, err := j.queryChanges(t.Context(), 0, 5, uuid.Nil, 10)
		must(t, err)
		defer rows.Close()
		held = append(held, rows)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := j.Changes(ctx, 0, 5, uuid.Nil, 10); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one more reader: %v", err)
	}
	if seq, err := j.FirstSince(time.Time{}, 9); err != nil || seq != 1 {
		t.Errorf("the writer finds change %d, %v", seq, err)
	}
	var waiting sync.WaitGroup
	for range 10 * maxReaders {
		waiting.Go(func() {
			if changes, err := j.Changes(t.Context(), 0, 5, uuid.Nil, 10); err != nil || len(changes) != 5 {
				t.Errorf("a reader who waits gets %v, %v", changes, err)
			}
		})
	}
	for _, rows := range held {
		must(t, rows.Close())
	}
	waiting.Wait()
	if s := j.readers.Stats(); s.OpenConnections != maxReaders || s.MaxIdleClosed != 0 {
		t.Errorf("%d connections are open and %d were closed for want of use", s.OpenConnections, s.MaxIdleClosed)
	}
}

func TestOldChangesAreDropped(t *testing.T) {
	path := file(t)
	j, _ := mustReady(t, path)
	if err := j.Commit(nil, 4); err != nil {
		t.Fatal(err)
	}
	closed(t, j)
	j, _ = mustReady(t, path)
	if s := j.State(); s.FirstSeq != 4 || s.LastSeq != 5 {
		t.Errorf("state %+v", s)
	}
	if err := j.Commit(nil, 6); err != nil {
		t.Fatal(err)
	}
	closed(t, j)
	j, _ = mustReady(t, path)
	if s := j.State(); s.FirstSeq != 6 || s.LastSeq != 5 {
		t.Errorf("state of an empty log %+v", s)
	}
}

func TestRefusedTransactionLeavesNothing(t *testing.T) {
	path := file(t)
	j, before := mustReady(t, path)
	// The second entry has a number that is taken.
	if err := j.Commit([]Entry{step(6, nil, user(7)), step(2, nil, user(8))}, 0); err == nil {
		t.Fatal("a number of the change log was given twice")
	}
	if err := j.Commit([]Entry{step(6, nil, user(9))}, 0); err != nil {
		t.Fatalf("the next transaction: %v", err)
	}
	closed(t, j)
	_, after := mustReady(t, path)
	if diff := cmp.Diff(append(before, *user(9)), after); diff != "" {
		t.Error(diff)
	}
}

// says fails unless err is one sentence that has text in it.
func says(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one that says %q", text)
	}
	if !strings.Contains(err.Error(), text) || strings.Contains(err.Error(), "\n") {
		t.Errorf("the error is %q, want one sentence with %q", err, text)
	}
}

func TestFilesThatAreNotOursAreRefusedAndLeftAlone(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(t *testing.T, path string)
		says string
	}{
		{"a text", func(t *testing.T, path string) { write(t, path, "id,email,first_name,last_name\n") }, "is not an SQLite file"},
		{"shorter than a header", func(t *testing.T, path string) { write(t, path, "SQLite") }, "is not an SQLite file"},
		{"a header alone", func(t *testing.T, path string) { write(t, path, "SQLite format 3\x00") }, "is damaged"},
		{"another program's", func(t *testing.T, path string) { run(t, path, "CREATE TABLE t (x); PRAGMA application_id = 7") }, "not one of userd's"},
		{"nobody's", func(t *testing.T, path string) { run(t, path, "CREATE TABLE t (x)") }, "not one of userd's"},
		{"newer", func(t *testing.T, path string) { copyOf(t, path, file(t)); run(t, path, "PRAGMA user_version = 99") }, "newer userd (schema 99"},
		{"a directory", func(t *testing.T, path string) { must(t, os.Mkdir(path, 0o700)) }, "is a directory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "users.db")
			tt.make(t, path)
			before := content(path)
			_, _, err := ready(path)
			says(t, err, tt.says)
			says(t, err, path)
			if after := content(path); after != before {
				t.Error("the refused file has changed")
			}
		})
	}
}

func TestPlacesThatCannotHoldAFileAreRefused(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing", "users.db")
	_, _, err := ready(missing)
	says(t, err, "no such file or directory")

	readOnly := filepath.Join(dir, "read-only")
	must(t, os.Mkdir(readOnly, 0o555))
	unreadable := filepath.Join(dir, "unreadable.db")
	write(t, unreadable, "")
	must(t, os.Chmod(unreadable, 0))
	must(t, os.Chmod(dir, 0o777))
	asNobody(t, func() {
		_, _, err = ready(filepath.Join(readOnly, "users.db"))
		says(t, err, "permission denied")
		_, _, err = ready(unreadable)
		says(t, err, "permission denied")
	})
}

// asNobody has do touch files without the rights of root.
func asNobody(t *testing.T, do func()) {
	t.Helper()
	if os.Geteuid() == 0 {
		runtime.LockOSThread() // never unlocked: the thread ends with its goroutine
		const nobody = 65534
		must(t, syscall.Setfsuid(nobody))
		defer syscall.Setfsuid(0)
	}
	do()
}

func TestOneFileOneProcess(t *testing.T) {
	path := file(t)
	j, _ := mustReady(t, path)
	_, err := Open(t.Context(), path)
	says(t, err, "is in use by another userd")
	closed(t, j)
	mustReady(t, path)
}

func TestCreationThatWasCutOffIsTakenUpAgain(t *testing.T) {
	for name, statement := range map[string]string{"before the first page": "", "before the tables": "PRAGMA journal_mode = WAL"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "users.db")
			write(t, path, "")
			run(t, path, statement)
			mustReady(t, path)
		})
	}
}

func TestOlderSchemaIsBroughtForward(t *testing.T) {
	path := file(t)
	newer := append(migrations[:len(migrations):len(migrations)], "CREATE TABLE extra (x INTEGER) STRICT", "INSERT INTO extra SELECT count(*) FROM users")
	must(t, upgrade(t.Context(), path, newer, len(migrations)))
	c, err := connect(path, "ro")
	must(t, err)
	defer c.Close()
	var version, users int
	must(t, c.number(t.Context(), "PRAGMA user_version", &version))
	must(t, c.number(t.Context(), "SELECT x FROM extra", &users))
	if version != len(newer) || users != 2 {
		t.Errorf("schema %d with %d users, want %d with 2", version, users, len(newer))
	}
	_, err = Open(t.Context(), path)
	says(t, err, "newer userd")
}

func TestMigrationThatFailsChangesNothing(t *testing.T) {
	path := file(t)
	broken := append(migrations[:len(migrations):len(migrations)], "DELETE FROM users", "nonsense")
	if err := upgrade(t.Context(), path, broken, len(migrations)); err == nil {
		t.Fatal("nonsense was executed")
	}
	if _, users := mustReady(t, path); len(users) != 2 {
		t.Errorf("%d users, want 2", len(users))
	}
}

func TestOldSQLiteIsRefused(t *testing.T) {
	for release, ok := range map[string]bool{
		linkedSQLite(): true, "3.51.3": true, "3.52.0": true, "4.0.0": true,
		"3.51.2": false, "3.40.1": false, "2.99.99": false, "new": false,
	} {
		if err := checkSQLite(release); (err == nil) != ok {
			t.Errorf("%s: %v", release, err)
		}
	}
}

func TestTamperedFilesAreRefusedAndLeftAlone(t *testing.T) {
	for _, tt := range []struct{ name, statement, says string }{
		{"another e-mail address", "UPDATE users SET email = 'eve@example.com' WHERE email_key LIKE 'zoë.2%'", "user 1: it is not as it was written"},
		{"another password", "UPDATE users SET password_hash = '$argon2id$9' WHERE email_key LIKE 'zoë.2%'", "not as it was written"},
		{"user removed", "DELETE FROM users WHERE email_key LIKE 'zoë.2%'", "users are missing"},
		{"state changed", "UPDATE state SET users = 3", "the state: it is not as it was written"},
		{"log id changed", "UPDATE state SET log_id = 'x'", "the state: it is not as it was written"},
		{"no state", "DELETE FROM state", "is damaged"},
		{"no tables", "DROP TABLE users", "no such table"},
		{"change rewritten", `UPDATE changes SET fields = '[{"field":"email","new":"eve@example.com"}]' WHERE seq = 2`, "change 2: it is not as it was written"},
		{"image rewritten", "UPDATE changes SET image = x'00' WHERE seq = 4", "change 4: it is not as it was written"},
		{"image removed", "UPDATE changes SET image = NULL WHERE seq = 4", "change 4: it is not as it was written"},
		{"change removed", "DELETE FROM changes WHERE seq = 3", "change 3: some are missing"},
		{"item added", "INSERT INTO items VALUES ('session', zeroblob(32), zeroblob(16), x'61', 0, 0)", "item 1: it is not as it was written"},
		{"newest change removed", "DELETE FROM changes WHERE seq = 5", "newest changes are missing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := file(t)
			run(t, path, tt.statement)
			before := content(path)
			_, _, err := ready(path)
			says(t, err, tt.says)
			says(t, err, path+" is damaged, restore a backup")
			if content(path) != before {
				t.Error("the refused file has changed")
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), 0o600))
}

func copyOf(t *testing.T, path, from string) {
	t.Helper()
	write(t, path, content(from))
}

// content is all that is in the file, or nothing.
func content(path string) string {
	b, _ := os.ReadFile(path)
	return string(b)
}

// run runs statements on the file behind userd's back.
func run(t *testing.T, path, statements string) {
	t.Helper()
	c, err := connect(path, "rwc")
	must(t, err)
	defer c.Close()
	must(t, c.exec(t.Context(), statements))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestLoadingThatIsCalledOffIsNoDamage(t *testing.T) {
	j, err := Open(t.Context(), file(t))
	must(t, err)
	defer closed(t, j)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the server is stopping"))
	err = j.Load(ctx, func(*service.Record) {})
	says(t, err, "was called off: the server is stopping")
}

func TestUsersThatContradictEachOtherAreDamage(t *testing.T) {
	j, _ := mustReady(t, file(t))
	says(t, j.Damaged(errors.New("two of one")), "is damaged, restore a backup: two of one")
}

func TestCheckpointWaitsForNoReader(t *testing.T) {
	path := file(t)
	j, _ := mustReady(t, path)
	must(t, j.Commit([]Entry{step(6, nil, user(4))}, 0))
	reader, err := connect(path, "ro")
	must(t, err)
	must(t, reader.exec(t.Context(), "BEGIN; SELECT count(*) FROM users"))
	must(t, j.Commit([]Entry{step(7, nil, user(5))}, 0))
	if done, err := j.Checkpoint(t.Context()); done || err != nil {
		t.Errorf("with a reader in the way: %v, %v", done, err)
	}
	must(t, reader.Close())
	if done, err := j.Checkpoint(t.Context()); !done || err != nil {
		t.Errorf("with no reader in the way: %v, %v", done, err)
	}
	if n := len(content(path + "-wal")); n != 0 {
		t.Errorf("the write-ahead log still has %d bytes", n)
	}
}

func TestFileThatCannotBeWrittenIsRefused(t *testing.T) {
	path := file(t)
	must(t, os.Chmod(filepath.Dir(path), 0o777))
	must(t, os.Chmod(filepath.Dir(filepath.Dir(path)), 0o777))
	must(t, os.Chmod(path, 0o444))
	must(t, os.Chmod(path+".lock", 0o666))
	asNobody(t, func() {
		_, _, err := ready(path)
		says(t, err, "cannot write to the file: open "+path)
	})
}

func TestDamageFoundWhileErasingRefusesTheDeletion(t *testing.T) {
	path := file(t)
	j, _ := mustReady(t, path)
	run(t, path, "UPDATE changes SET actor = 'eve' WHERE seq = 2")
	says(t, j.Commit([]Entry{step(6, user(2), nil)}, 0), "erase the user's change 2: it is not as it was written")
	if _, err := j.Changes(t.Context(), 0, 5, uuid.Nil, 10); err == nil {
		t.Error("a change that was tampered with was returned")
	}
}
