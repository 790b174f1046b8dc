package journal

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
)

func key(name string) service.Key {
	return service.Key{Name: name, Scopes: []service.Scope{service.ScopeUsersRead, service.ScopeAdmin}, Hash: service.HashKey(name),
		CreatedAt: time.UnixMicro(1_700_000_000_000_001).UTC()}
}

func wantKeys(t *testing.T, j *Journal, want ...service.Key) {
	t.Helper()
	got, err := j.Keys(t.Context())
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// Keys are there after the file was closed, and in a backup.
func TestKeysAreKept(t *testing.T) {
	path := file(t)
	j, _ := mustReady(t, path)
	used := key("b")
	used.LastUsedAt, used.RevokedAt = used.CreatedAt.Add(time.Minute), used.CreatedAt.Add(time.Hour)
	for _, k := range []service.Key{key("b"), key("a"), used} {
		must(t, j.PutKey(k))
	}
	wantKeys(t, j, key("a"), used)
	closed(t, j)
	j, users := mustReady(t, path)
	wantKeys(t, j, key("a"), used)
	if len(users) != 2 {
		t.Errorf("%d users", len(users))
	}
	closed(t, j)
	backup := filepath.Join(t.TempDir(), "backup.db")
	if _, err := Backup(t.Context(), path, backup); err != nil {
		t.Fatal(err)
	}
	j, _ = mustReady(t, backup)
	wantKeys(t, j, key("a"), used)
}

// A key with other scopes than were written is no key of ours.
func TestTamperedKeysAreDamage(t *testing.T) {
	for name, change := range map[string]string{
		"other scopes":   "UPDATE keys SET scopes = 'admin'",
		"another hash":   "UPDATE keys SET hash = randomblob(32)",
		"not revoked":    "UPDATE keys SET revoked_at = 0",
		"another name":   "UPDATE keys SET name = 'b'",
		"another use":    "UPDATE keys SET last_used_at = 5",
		"another origin": "UPDATE keys SET created_at = 5",
	} {
		path := file(t)
		j, _ := mustReady(t, path)
		k := key("a")
		k.RevokedAt = k.CreatedAt
		must(t, j.PutKey(k))
		must(t, j.writer.exec(t.Context(), change))
		_, err := j.Keys(t.Context())
		says(t, err, "is damaged, restore a backup: key 1")
		closed(t, j)
		if name == "other scopes" {
			_, err = Backup(t.Context(), path, filepath.Join(t.TempDir(), "backup.db"))
			says(t, err, "the backup is not what it should be")
		}
	}
}

func TestRefusedKeysAreNotThere(t *testing.T) {
	j, _ := mustReady(t, file(t))
	must(t, j.writer.exec(t.Context(), "UPDATE state SET last_seq = last_seq + 1")) // as another process would
	if err := j.PutKey(key("a")); err != errForeign {
		t.Errorf("the error is %v", err)
	}
	wantKeys(t, j)
}
