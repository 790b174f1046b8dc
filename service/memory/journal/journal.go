package journal

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Journal is an open file: first Load, then Start, then the rest. Commit,
// FirstSince and Checkpoint are for one goroutine at a time, the other methods
// for any number.
type Journal struct {
	path    string
	lock    *flock.Flock
	readers *sql.DB
	writer  *writer
	state   State
	history *history

	deferred deferred
}

// State is what the file says of itself.
type State struct {
	// LogID tells this change log from every other one.
	LogID string
	// FirstSeq is the oldest change that is kept, LastSeq the newest; an empty
	// log has FirstSeq one more than LastSeq.
	FirstSeq, LastSeq int64
	// Users is how many users the file holds.
	Users int

	digest int64
}

// busyTimeout is how long a connection waits for another process, such as a
// backup, that has the file locked.
const busyTimeout = "PRAGMA busy_timeout = 5000"

// maxReaders bounds how many connections read the change log; who finds all
// taken waits. After a restart every follower that is behind reads at the same
// moment, and each connection has the file open and a cache of its own.
const maxReaders = 4

// Open opens the file at path, creating it where there is none and bringing an
// older one to the newest schema. A file that is newer,
// somebody else's, or open in another process is refused with an error of one
// sentence, and left as it was.
func Open(ctx context.Context, path string) (*Journal, error) {
	path = resolve(path)
	j := &Journal{path: path, lock: flock.New(path + ".lock")}
	if err := j.acquire(); err != nil {
		return nil, err
	}
	if err := j.open(ctx); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return j, nil
}

// resolve follows links, so that a file has the same lock under each of its
// names.
func resolve(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	return path
}

// acquire takes the lock that keeps other processes away. It is a file of its
// own: SQLite's locks on the database must let readers of other processes in.
func (j *Journal) acquire() error {
	locked, err := j.lock.TryLock()
	if err != nil {
		return fmt.Errorf("cannot lock %s: %w", j.path, err)
	}
	if !locked {
		return fmt.Errorf("%s is in use by another userd", j.path)
	}
	return nil
}

func (j *Journal) open(ctx context.Context) error {
	if err := checkSQLite(linkedSQLite()); err != nil {
		return err
	}
	if err := touch(j.path); err != nil {
		return err
	}
	version, err := inspect(ctx, j.path)
	if err != nil {
		return err
	}
	if version < len(migrations) {
		if err := upgrade(ctx, j.path, migrations, version); err != nil {
			return fmt.Errorf("cannot create %s or bring it up to date: %w", j.path, err)
		}
	}
	if j.readers, err = sql.Open("sqlite", dataSource(j.path, "ro")); err != nil {
		return err
	}
	j.readers.SetMaxOpenConns(maxReaders)
	j.readers.SetMaxIdleConns(maxReaders) // opening one takes longer than reading some changes
	if j.state, err = readState(ctx, j.readers); err != nil {
		return damaged(ctx, j.path, err)
	}
	return nil
}

// State returns what the file said of itself when it was opened.
func (j *Journal) State() State { return j.state }

// Close releases the file.
func (j *Journal) Close() error {
	var errs []error
	if j.readers != nil {
		errs = append(errs, j.readers.Close())
	}
	if j.writer != nil {
		errs = append(errs, j.writer.Close())
	}
	return errors.Join(append(errs, j.lock.Unlock())...)
}

// dataSource names the file at path for the driver; mode is SQLite's.
func dataSource(path, mode string) string {
	query := url.Values{
		"mode":    {mode},
		"_pragma": {"busy_timeout(5000)", "synchronous(FULL)", "trusted_schema(OFF)"},
	}
	if abs, err := filepath.Abs(path); err == nil { // a relative path has no form in a URL
		path = filepath.ToSlash(abs)
	}
	name := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: query.Encode()}
	return name.String()
}

// inspect looks at the file without changing it and returns its schema
// version; 0 for one that is not there or empty.
func inspect(ctx context.Context, path string) (version int, err error) {
	empty, err := checkHeader(path)
	if empty || err != nil {
		return 0, err
	}
	c, err := connect(path, "ro")
	if err != nil {
		return 0, damaged(ctx, path, err)
	}
	defer c.Close()
	var app int
	if err = c.number(ctx, "PRAGMA application_id", &app); err == nil {
		err = c.number(ctx, "PRAGMA user_version", &version)
	}
	switch {
	case err != nil:
		return 0, damaged(ctx, path, err)
	case app == 0 && version == 0 && c.blank(ctx):
		return 0, nil // its creation was cut off before anything was in it
	case app != applicationID:
		return 0, fmt.Errorf("%s is an SQLite file, but not one of userd's", path)
	case version > len(migrations):
		return 0, fmt.Errorf("%s was written by a newer userd (schema %d, this one knows %d)", path, version, len(migrations))
	case version < len(migrations):
		err = c.checkStructure(ctx) // before it is changed; Load checks the others
	}
	if err != nil {
		return 0, damaged(ctx, path, err)
	}
	return version, nil
}

// number reads the one number that query answers.
func (c *conn) number(ctx context.Context, query string, n *int) error {
	return c.query(ctx, query, func(values []driver.Value) error {
		v, ok := values[0].(int64)
		if !ok {
			return errNotAsWritten
		}
		*n = int(v)
		return nil
	})
}

// blank tells whether the file has no tables.
func (c *conn) blank(ctx context.Context) bool {
	tables := -1
	err := c.number(ctx, "SELECT count(*) FROM sqlite_schema", &tables)
	return err == nil && tables == 0
}

// damaged is the error for a file in which why was found, in one line however
// many SQLite uses; unless nothing was found because ctx has ended.
func damaged(ctx context.Context, path string, why error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("reading %s was called off: %w", path, context.Cause(ctx))
	}
	if e, ok := errors.AsType[*sqlite.Error](why); ok {
		switch e.Code() & 0xff { // the primary result code
		case sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN:
			return fmt.Errorf("cannot open %s and the files that SQLite keeps beside it: %w", path, why)
		}
	}
	text := strings.TrimPrefix(strings.Join(strings.Fields(why.Error()), " "), "*** in database main *** ")
	return damage(path, text)
}

// damage is the error for a file with which what is said is wrong.
func damage(path, what string) error {
	return fmt.Errorf("%s is damaged, restore a backup: %s", path, what)
}

// readState reads the state row and what the log still holds.
func readState(ctx context.Context, db *sql.DB) (s State, err error) {
	var want int64
	err = db.QueryRowContext(ctx, `SELECT log_id, last_seq, users, digest, checksum,
		coalesce((SELECT min(seq) FROM changes), last_seq + 1) FROM state`).
		Scan(&s.LogID, &s.LastSeq, &s.Users, &s.digest, &want, &s.FirstSeq)
	if err == nil && new(checksum).ofState(&s) != want {
		err = fmt.Errorf("the state: %w", errNotAsWritten)
	}
	return s, err
}
