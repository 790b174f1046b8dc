package journal

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

func TestBackupHoldsWhatTheFileHolds(t *testing.T) {
	path := file(t)
	j, want := mustReady(t, path) // somebody has it open
	to := filepath.Join(t.TempDir(), "it's a backup.db")
	n, err := Backup(t.Context(), path, to)
	if err != nil || n != len(want) {
		t.Fatalf("%d users, %v", n, err)
	}
	onlyFile(t, to)
	restored, users := mustReady(t, to)
	if diff := cmp.Diff(want, users); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(changes(t, j, uuid.Nil), changes(t, restored, uuid.Nil)); diff != "" {
		t.Error(diff)
	}
	got := restored.State()
	if got.LogID == j.State().LogID {
		t.Error("the backup's log has the same id: after a restore old cursors would skip changes")
	}
	got.LogID = j.State().LogID
	if diff := cmp.Diff(j.State(), got, cmp.AllowUnexported(State{})); diff != "" {
		t.Error(diff)
	}
}

// onlyFile fails when there is anything but the file, and its lock, in its directory.
func onlyFile(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	must(t, err)
	for _, e := range entries {
		if name := e.Name(); name != filepath.Base(path) && name != filepath.Base(path)+".lock" {
			t.Errorf("%s was left behind", name)
		}
	}
}

func TestBackupIsOneMomentOfAFileThatChanges(t *testing.T) {
	path := file(t)
	j, _ := mustReady(t, path)
	ended, stop := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for n := int64(0); ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			r := user(10 + int(n%200))
			entry := step(6+n, nil, r)
			if n/200%2 == 1 {
				entry = step(6+n, r, nil)
			}
			if err := j.Commit([]Entry{entry}, 0); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for n := range 5 {
		to := filepath.Join(t.TempDir(), "backup.db")
		if _, err := Backup(t.Context(), path, to); err != nil { // which verifies it
			t.Errorf("backup %d: %v", n, err)
		}
	}
	close(stop)
	<-ended
}

func TestBackupRefuses(t *testing.T) {
	dir := t.TempDir()
	there := filepath.Join(dir, "there")
	write(t, there, "precious")
	damaged, empty := file(t), filepath.Join(t.TempDir(), "empty.db")
	write(t, empty, "")
	run(t, damaged, "UPDATE users SET email = 'eve@example.com'")
	for _, tt := range []struct{ name, from, to, says string }{
		{"to overwrite", file(t), there, "exists already"},
		{"nothing", filepath.Join(dir, "nothing.db"), filepath.Join(dir, "b"), "nothing to back up"},
		{"an empty file", empty, filepath.Join(dir, "b"), "holds no users"},
		{"what is no file of userd's", there, filepath.Join(dir, "b"), "not an SQLite file"},
		{"to pass damage on", damaged, filepath.Join(dir, "b"), "the backup is not what it should be"},
		{"a place that is not there", file(t), filepath.Join(dir, "missing", "b"), "no such file or directory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Backup(t.Context(), tt.from, tt.to)
			says(t, err, tt.says)
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Backup(ctx, file(t), filepath.Join(dir, "b")); err == nil {
		t.Error("a backup that was called off was made")
	}
	if content(there) != "precious" {
		t.Error("what was there has changed")
	}
	onlyFile(t, there)
}
