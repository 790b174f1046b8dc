package journal

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFileIsItsOwnersAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.db")
	j, _ := mustReady(t, path)
	must(t, j.Commit([]Entry{step(1, nil, user(1))}, 0))
	for _, name := range []string{path, path + "-wal", path + "-shm", path + ".lock"} {
		info, err := os.Stat(name)
		must(t, err)
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has the mode %v", filepath.Base(name), mode)
		}
	}
	copied := filepath.Join(t.TempDir(), "backup.db")
	closed(t, j)
	if _, err := Backup(t.Context(), path, copied); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup has the mode %v (%v)", info.Mode(), err)
	}
}

func TestOneFileHasOneLockUnderAllItsNames(t *testing.T) {
	path := file(t)
	link := filepath.Join(t.TempDir(), "link.db")
	must(t, os.Symlink(path, link))
	mustReady(t, path)
	_, _, err := ready(link)
	says(t, err, "in use by another userd")
}

// A lock that was removed lets a second process in. Whoever writes second
// refuses to, and the file stays whole.
func TestFileThatAnotherProcessHasChangedIsLeftAlone(t *testing.T) {
	path := file(t)
	first, _ := mustReady(t, path)
	must(t, os.Remove(path+".lock"))
	second, _ := mustReady(t, path)
	next := first.State().LastSeq + 1
	must(t, second.Commit([]Entry{step(next, nil, user(8))}, 0))
	for name, err := range map[string]error{
		"commit": first.Commit([]Entry{step(next, nil, user(9))}, 0), "fence": first.Fence(), "probe": first.Probe(),
	} {
		if err == nil {
			t.Errorf("%s went through", name)
			continue
		}
		says(t, err, "another process has changed the file")
	}
	closed(t, first)
	closed(t, second)
	_, users := mustReady(t, path)
	if len(users) != 3 {
		t.Errorf("%d users, want the two there were and the one that was acknowledged", len(users))
	}
}

// What a process writes to a file without a name is gone when it ends.
func TestFileThatHasLostItsNameIsNotWritten(t *testing.T) {
	for name, lose := range map[string]func(path string) error{
		"removed":  os.Remove,
		"replaced": func(path string) error { return os.Rename(file(t), path) },
	} {
		t.Run(name, func(t *testing.T) {
			path := file(t)
			j, _ := mustReady(t, path)
			must(t, os.Rename(path, path+".aside"))
			must(t, os.Link(path+".aside", path))
			must(t, lose(path))
			for what, err := range map[string]error{
				"commit": j.Commit([]Entry{step(j.State().LastSeq+1, nil, user(9))}, 0), "fence": j.Fence(), "probe": j.Probe(),
			} {
				if err == nil {
					t.Errorf("%s went through", what)
					continue
				}
				says(t, err, "was removed, or another one put in its place")
			}
			must(t, os.Rename(path+".aside", path)) // the operator has noticed
			must(t, j.Commit([]Entry{step(j.State().LastSeq+1, nil, user(9))}, 0))
			closed(t, j)
			if _, users := mustReady(t, path); len(users) != 3 {
				t.Errorf("%d users, want the two there were and the one that was acknowledged", len(users))
			}
		})
	}
}

func TestFileWithSeveralNamesIsRefused(t *testing.T) {
	path := file(t)
	must(t, os.Link(path, path+".other"))
	for _, name := range []string{path, path + ".other"} {
		_, _, err := ready(name)
		says(t, err, "several names")
	}
	must(t, os.Remove(path+".other"))
	mustReady(t, path)
}

// What a crash left in the write-ahead log must not vanish with the file.
func TestEmptiedFileBesideAWriteAheadLogIsRefused(t *testing.T) {
	files, _ := withWAL(t)
	for name, contents := range map[string][]byte{"emptied": {}, "removed": nil} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "users.db")
			log := string(files["users.db-wal"])
			write(t, path+"-wal", log)
			if contents != nil {
				write(t, path, string(contents))
			}
			_, _, err := ready(path)
			says(t, err, "write-ahead log is not")
			if content(path+"-wal") != log {
				t.Error("the write-ahead log has changed")
			}
		})
	}
}

func TestFileThatEndsWithinAPageIsRefused(t *testing.T) {
	path := file(t)
	info, err := os.Stat(path)
	must(t, err)
	must(t, os.Truncate(path, info.Size()-1))
	_, _, err = ready(path)
	says(t, err, "cut off")
}

func TestDirectoryThatCannotBeWrittenIsNoDamage(t *testing.T) {
	path := file(t)
	dir := filepath.Dir(path)
	for _, name := range []string{path, path + ".lock"} {
		must(t, os.Chmod(name, 0o666))
	}
	must(t, os.Chmod(dir, 0o555))
	defer os.Chmod(dir, 0o755)
	for up := filepath.Dir(dir); up != filepath.Dir(os.TempDir()) && len(up) > len(os.TempDir()); up = filepath.Dir(up) {
		must(t, os.Chmod(up, 0o755))
	}
	asNobody(t, func() {
		_, _, err := ready(path)
		says(t, err, "cannot open")
	})
}
