package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// touch creates the file if it is not there, for its owner alone, since it is
// to hold password hashes; SQLite gives the files beside it the same mode. It
// refuses a file that may not be written to, which SQLite would open all the
// same. It must come before SQLite has the file open: closing any other handle
// gives up all of a process's POSIX locks on the file.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("cannot write to the file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return fmt.Errorf("cannot write to the file: %w", err)
	case names(info) > 1:
		return fmt.Errorf("%s has several names (hard links), each of which another userd could open", path)
	case info.Size() == 0 && hasWAL(path):
		return damage(path, "it is empty, but its write-ahead log is not")
	}
	return nil
}

// hasWAL tells whether there is anything in the write-ahead log.
func hasWAL(path string) bool {
	info, err := os.Stat(path + "-wal")
	return err == nil && info.Size() > 0
}

// checkHeader tells whether there is anything in the file, and refuses one
// that is not SQLite's.
func checkHeader(path string) (empty bool, err error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot open the file: %w", err)
	}
	defer f.Close()
	const magic = "SQLite format 3\x00"
	head := make([]byte, len(magic)+2)
	switch n, err := io.ReadFull(f, head); {
	case n == 0 && err == io.EOF:
		return true, nil
	case err != nil && err != io.ErrUnexpectedEOF:
		return false, fmt.Errorf("cannot read %s: %w", path, err)
	case string(head[:len(magic)]) != magic:
		return false, fmt.Errorf("%s is not an SQLite file", path)
	}
	return false, checkSize(f, head[len(magic):])
}

// checkSize refuses a file that ends within a page, which SQLite overlooks. With
// a write-ahead log it may: the log has the whole page.
func checkSize(f *os.File, pageSize []byte) error {
	size := int64(binary.BigEndian.Uint16(pageSize))
	if size == 1 {
		size = 65536 // does not fit in the two bytes
	}
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", f.Name(), err)
	}
	if size > 0 && info.Size()%size != 0 && !hasWAL(f.Name()) {
		return damage(f.Name(), "it has been cut off")
	}
	return nil
}
