package newfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestFilesAppearWhenTheyAreComplete(t *testing.T) {
	name := filepath.Join(t.TempDir(), "users")
	err := Write(name, func(w io.Writer) error {
		if err := Absent(name); err != nil {
			t.Errorf("before it is complete: %v", err)
		}
		_, err := io.WriteString(w, "users")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, name, "users")
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	onlyFile(t, name)
}

func TestNothingIsReplaced(t *testing.T) {
	name := filepath.Join(t.TempDir(), "users")
	others := func(w io.Writer) error {
		write(t, name, "theirs") // somebody is quicker
		_, err := io.WriteString(w, "ours")
		return err
	}
	if err := Write(name, others); !errors.Is(err, ErrExists) {
		t.Error(err)
	}
	if err := Write(name, others); !errors.Is(err, ErrExists) {
		t.Error(err)
	}
	expect(t, name, "theirs")
	onlyFile(t, name)
}

func TestNothingIsLeftOfWhatFails(t *testing.T) {
	name := filepath.Join(t.TempDir(), "users")
	broken := errors.New("broken")
	if err := Write(name, func(io.Writer) error { return broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
	if left, err := os.ReadDir(filepath.Dir(name)); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
	write(t, name, "a file")
	if err := Absent(filepath.Join(name, "in")); !errors.Is(err, syscall.ENOTDIR) || errors.Is(err, ErrExists) {
		t.Errorf("below a file: %v", err)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	err := Write(filepath.Join(name, "in", "none"), func(io.Writer) error { return nil })
	if !errors.Is(err, syscall.ENOENT) || strings.Contains(err.Error(), "unfinished") {
		t.Errorf("in a directory that there is not: %v", err)
	}
	if err := Publish(name, name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of no file: %v", err)
	}
}

// Writing to a file that is full, here one that is closed, names the file that
// was asked for, if any.
func TestErrorsNameNoUnfinishedFile(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), ".userd-unfinished-")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := (unnamed{f}).Write([]byte("users")); !errors.Is(err, fs.ErrClosed) || strings.Contains(err.Error(), "unfinished") {
		t.Error(err)
	}
}

func TestDirectoriesThatCannotBeSynced(t *testing.T) {
	for err, want := range map[error]bool{syscall.EACCES: true, syscall.EPERM: true, syscall.EINVAL: true, syscall.ENOTSUP: true, syscall.EIO: false, nil: false} {
		if got := cannotSync(err); got != want {
			t.Errorf("%v: %v", err, got)
		}
	}
	if err := syncDirectory(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// Some file systems have no hard links; how they say so differs.
func TestFilesAppearWithoutHardLinks(t *testing.T) {
	for _, refusal := range []syscall.Errno{syscall.EPERM, syscall.ENOTSUP, syscall.ENOSYS, syscall.EMLINK} {
		t.Run(refusal.Error(), func(t *testing.T) {
			dir := t.TempDir()
			finished, name, none := filepath.Join(dir, "finished"), filepath.Join(dir, "users"), filepath.Join(dir, "none")
			link := func(oldName, newName string) error {
				return &os.LinkError{Op: "link", Old: oldName, New: newName, Err: refusal}
			}
			write(t, finished, "users")
			if err := give(finished, name, link); err != nil {
				t.Error(err)
			}
			write(t, finished, "others")
			if err := give(finished, name, link); !errors.Is(err, fs.ErrExist) {
				t.Errorf("over a file: %v", err)
			}
			expect(t, name, "users")
			if err := give(filepath.Join(dir, "nothing"), none, link); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("of a file that is gone: %v", err)
			}
			if err := Absent(none); err != nil {
				t.Errorf("an empty file is left over: %v", err)
			}
		})
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, name, text string) {
	t.Helper()
	if got, err := os.ReadFile(name); err != nil || string(got) != text {
		t.Errorf("%q, %v", got, err)
	}
}

func onlyFile(t *testing.T, name string) {
	t.Helper()
	if all, err := os.ReadDir(filepath.Dir(name)); err != nil || len(all) != 1 {
		t.Errorf("%v, %v", all, err)
	}
}
