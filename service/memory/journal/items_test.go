package journal

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// item is one of nobody that never ends.
func item(n byte, value string) service.Item {
	return service.Item{Kind: "session", Key: service.ItemKey{31: n}, Value: []byte(value)}
}

// put writes the item in the place of the one with its kind and key.
func put(i service.Item) ItemEntry { return ItemEntry{Kind: i.Kind, Key: i.Key, New: &i} }

// itemsIn are all items in the file, in the order of their kinds and keys.
func itemsIn(t *testing.T, j *Journal) (all []service.Item) {
	t.Helper()
	must(t, j.Items(t.Context(), func(i *service.Item) { all = append(all, *i) }))
	return all
}

func wantItems(t *testing.T, j *Journal, want ...service.Item) {
	t.Helper()
	if diff := cmp.Diff(want, itemsIn(t, j)); diff != "" {
		t.Errorf("the items (-want +got):\n%s", diff)
	}
}

// Items are there after the file was closed, and in a backup.
func TestItemsAreKept(t *testing.T) {
	path := file(t)
	j, _ := mustReady(t, path)
	whole := item(2, "\x00\xff")
	whole.User, whole.ExpiresAt = uuid.UUID{1, 2}, time.UnixMicro(1_700_000_000_000_001).UTC()
	token := item(1, "t")
	token.Kind = "a token"
	must(t, j.Commit(nil, 0, put(item(1, "a")), put(item(2, "b")), put(item(3, "c"))))
	must(t, j.Commit([]Entry{step(6, nil, user(9))}, 0, put(whole), put(token), ItemEntry{Kind: "session", Key: service.ItemKey{31: 3}}))
	want := []service.Item{token, item(1, "a"), whole}
	wantItems(t, j, want...)
	closed(t, j)
	j, users := mustReady(t, path)
	wantItems(t, j, want...)
	if len(users) != 3 {
		t.Errorf("%d users", len(users))
	}
	closed(t, j)
	backup := filepath.Join(t.TempDir(), "backup.db")
	if _, err := Backup(t.Context(), path, backup); err != nil {
		t.Fatal(err)
	}
	j, _ = mustReady(t, backup)
	wantItems(t, j, want...)
}

// An item with another value than was written is no item of ours.
func TestTamperedItemsAreDamage(t *testing.T) {
	for name, change := range map[string]string{
		"another value": "UPDATE items SET value = x'62'",
		"another user":  "UPDATE items SET user_id = zeroblob(16)",
		"another kind":  "UPDATE items SET kind = 'token'",
		"another key":   "UPDATE items SET key = zeroblob(32)",
		"never ends":    "UPDATE items SET expires_at = 0",
		"ends later":    "UPDATE items SET expires_at = expires_at + 1",
		"another type":  "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'STRICT, ', '') WHERE name = 'items'; PRAGMA writable_schema = RESET; UPDATE items SET value = 'text'",
	} {
		t.Run(name, func(t *testing.T) {
			path := file(t)
			j, _ := mustReady(t, path)
			i := item(1, "a")
			i.User, i.ExpiresAt = uuid.UUID{1}, time.UnixMicro(5).UTC()
			must(t, j.Commit(nil, 0, put(i)))
			closed(t, j)
			run(t, path, change)
			before := content(path)
			_, _, err := ready(path)
			says(t, err, path+" is damaged, restore a backup: item 1: it is not as it was written")
			if content(path) != before {
				t.Error("the refused file has changed")
			}
			_, err = Backup(t.Context(), path, filepath.Join(t.TempDir(), "backup.db"))
			says(t, err, "the backup is not what it should be")
		})
	}
}

// What is refused is refused as a whole.
func TestRefusedItemsAreNotThere(t *testing.T) {
	j, users := mustReady(t, file(t))
	must(t, j.Commit(nil, 0, put(item(1, "a"))))
	must(t, j.writer.exec(t.Context(), "CREATE TEMP TRIGGER full BEFORE INSERT ON items WHEN new.value = x'62' BEGIN SELECT raise(ABORT, 'no room'); END"))
	err := j.Commit([]Entry{step(6, nil, user(9))}, 0, put(item(2, "a")), put(item(1, "b")), put(item(3, "a")))
	says(t, err, "no room")
	wantItems(t, j, item(1, "a"))
	must(t, j.writer.exec(t.Context(), "DROP TRIGGER full; UPDATE state SET last_seq = last_seq + 1")) // as another process would
	if err := j.Commit(nil, 0, put(item(2, "b"))); err != errForeign {
		t.Errorf("the error is %v", err)
	}
	wantItems(t, j, item(1, "a"))
	if len(users) != 2 {
		t.Errorf("%d users", len(users))
	}
}

// A file from before there were items gets room for them.
func TestFileWithoutItemsIsBroughtForward(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.db")
	must(t, upgrade(t.Context(), path, migrations[:2], 0))
	j, _ := mustReady(t, path)
	wantItems(t, j)
	must(t, j.Commit(nil, 0, put(item(1, "a"))))
	wantItems(t, j, item(1, "a"))
}
