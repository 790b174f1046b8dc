package journal

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory/newfile"
)

// Backup writes what the file from holds at this moment to a new file, to.
// The service may be running, in a process of its own: it only notices a
// reader. (In the same process, looking at the file's header would give up the
// locks that SQLite holds on it.) The backup is complete
// and verified when its name appears; errors are of one sentence.
func Backup(ctx context.Context, from, to string) (users int, err error) {
	if err := newfile.Absent(to); err != nil {
		return 0, fmt.Errorf("cannot write %s: %w", to, err)
	}
	if _, err := os.Stat(from); err != nil {
		return 0, fmt.Errorf("there is nothing to back up: %w", err)
	}
	version, err := inspect(ctx, from)
	switch {
	case err != nil:
		return 0, err
	case version == 0:
		return 0, fmt.Errorf("%s holds no users", from)
	case version < len(migrations):
		return 0, fmt.Errorf("%s is of an older userd; start this one on it first", from)
	}
	dir, err := os.MkdirTemp(filepath.Dir(to), ".userd-backup-")
	if err != nil {
		return 0, fmt.Errorf("cannot write the backup: %w", err)
	}
	defer os.RemoveAll(dir)
	unfinished := filepath.Join(dir, "users.db")
	if err := cmp.Or(touch(unfinished), vacuum(ctx, from, unfinished), renameLog(ctx, unfinished)); err != nil {
		return 0, fmt.Errorf("cannot write the backup: %w", err)
	}
	if users, err = verify(ctx, unfinished); err != nil {
		return 0, fmt.Errorf("the backup is not what it should be: %w", err)
	}
	if err := newfile.Publish(unfinished, to); err != nil {
		return 0, fmt.Errorf("cannot write the backup: %w", err)
	}
	return users, nil
}

// vacuum has SQLite write a copy of what one reader sees.
func vacuum(ctx context.Context, from, to string) error {
	c, err := connect(from, "ro")
	if err != nil {
		return err
	}
	defer c.Close()
	return c.exec(ctx, "VACUUM INTO '"+strings.ReplaceAll(to, "'", "''")+"'")
}

// renameLog gives the file's change log another id. What happens after the
// backup happens in another log than what happens after a restore: a cursor of
// the one must not pass for one of the other.
func renameLog(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", dataSource(path, "rw"))
	if err != nil {
		return err
	}
	s, err := readState(ctx, db)
	if err == nil {
		s.LogID = rand.Text()
		_, err = db.ExecContext(ctx, "UPDATE state SET log_id = ?, checksum = ?", s.LogID, new(checksum).ofState(&s))
	}
	return errors.Join(err, db.Close())
}

// verify reads all of the file at path as a start on it would, and counts its
// users.
func verify(ctx context.Context, path string) (users int, err error) {
	j, err := Open(ctx, path)
	if err != nil {
		return 0, err
	}
	err = j.Load(ctx, func(*service.Record) { users++ })
	if err == nil {
		_, err = j.Keys(ctx)
	}
	if err == nil {
		err = j.Items(ctx, func(*service.Item) {})
	}
	return users, errors.Join(err, j.Close())
}
