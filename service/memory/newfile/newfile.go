// Package newfile makes files that are complete, and on the disk, when their name
// appears, and that replace nothing. Where there are no hard links, an empty file
// has the name for a moment.
package newfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// ErrExists is that something has the name already.
var ErrExists = errors.New("it exists already, and nothing is overwritten")

// Absent returns ErrExists if something has the name, which is better known
// before the work than after it.
func Absent(name string) error {
	_, err := os.Lstat(name)
	switch {
	case err == nil:
		return ErrExists
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return cause(err)
}

// Write has fill write a new file for its owner alone. What fill returns is
// returned as it is.
func Write(name string, fill func(io.Writer) error) error {
	if err := Absent(name); err != nil {
		return fmt.Errorf("cannot write %s: %w", name, err)
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".userd-unfinished-")
	if err != nil {
		return fmt.Errorf("cannot write %s: no file can be made in its directory: %w", name, cause(err))
	}
	defer os.Remove(f.Name())
	if err := errors.Join(fill(unnamed{f}), f.Close()); err != nil {
		return err
	}
	if err := Publish(f.Name(), name); err != nil {
		return fmt.Errorf("cannot write %s: %w", name, err)
	}
	return nil
}

// unnamed is a file whose errors tell what is wrong and no name.
type unnamed struct{ f *os.File }

// Write implements [io.Writer].
func (u unnamed) Write(p []byte) (int, error) {
	n, err := u.f.Write(p)
	return n, cause(err)
}

// cause is what is wrong, without a name that nobody has chosen.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// Publish has the disk take a finished file and gives it the name that it is
// for. The finished file may be there still, by its old name.
func Publish(finished, name string) error {
	if err := syncFile(finished); err != nil {
		return err
	}
	if err := give(finished, name, os.Link); errors.Is(err, fs.ErrExist) {
		return ErrExists
	} else if err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(name))
}

// give names a file by a link, for a rename replaces what is there. Where there
// are no links, as on FAT and many network drives, it makes an empty file of the
// name, which fails if there is one, and replaces that.
func give(finished, name string, link func(oldName, newName string) error) error {
	if err := link(finished, name); err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	empty, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(empty.Close(), os.Rename(finished, name)); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}

// syncFile opens the file to write, without which Windows syncs nothing.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// syncDirectory has the disk take the names in a directory, where systems offer
// that.
func syncDirectory(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(path)
	if err == nil {
		err = errors.Join(f.Sync(), f.Close())
	}
	if cannotSync(err) {
		return nil
	}
	return err
}

// cannotSync tells whether names in a directory are not for this process to have
// synced: it may write there and not read, or the file system does not offer it.
func cannotSync(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported)
}
