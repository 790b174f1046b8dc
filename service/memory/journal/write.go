package journal

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// Entry is one change together with the record before and after it; nil stands
// for a user that is not there.
type Entry struct {
	Old, New *service.Record
	Change   service.Change
}

// writer is the one connection that changes the file.
type writer struct {
	*conn
	path     string
	file     fs.FileInfo // that path named when it was opened
	sum      checksum
	image    []byte // of the change that is being written, in memory that the next one uses again
	state    State
	history  *history
	deferred deferred

	begin, commitTx, rollback           *stmt
	addUser, putUser, dropUser          *stmt
	addChange, getChange, rewrite, drop *stmt
	getState, putState, firstSince      *stmt
	putFence, putBallast, putKey        *stmt
	putItem, dropItem                   *stmt
	getPage, putPage                    *stmt
}

// openWriter opens the file, which is in the state s, holds the changes h and
// lacks the rows d, for writing.
func openWriter(ctx context.Context, path string, s State, h *history, d deferred) (*writer, error) {
	file, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	c, err := connect(path, "rw")
	if err != nil {
		return nil, err
	}
	w := &writer{conn: c, path: path, file: file, state: s, history: h, deferred: d}
	if err := errors.Join(c.tune(ctx), w.prepareAll()); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return w, nil
}

// tune sets what only a connection that writes has use for.
func (c *conn) tune(ctx context.Context) error {
	// Deleted values are overwritten, not just unlinked. The write-ahead log may
	// grow to 32 MiB before it is copied into the file: pages that change often
	// are then copied once instead of many times. A cache of 16 MB saves a sixth
	// of a commit when twenty thousand users change in no order.
	return errors.Join(c.useWAL(ctx), c.exec(ctx,
		"PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = 8192; PRAGMA cache_size = -16000"))
}

func (w *writer) prepareAll() error {
	for _, s := range []struct {
		stmt **stmt
		text string
	}{
		{&w.begin, `BEGIN IMMEDIATE`},
		{&w.commitTx, `COMMIT`},
		{&w.rollback, `ROLLBACK`},
		{&w.addUser, `INSERT INTO users (` + userColumns + `) VALUES (?1, ` + strings.Repeat("?, ", 12) + `?)`},
		{&w.putUser, `UPDATE users SET (` + strings.TrimPrefix(userColumns, "id, ") + `) = (?2, ` + strings.Repeat("?, ", 11) + `?) WHERE id = ?1`},
		{&w.dropUser, `DELETE FROM users WHERE id = ?`},
		{&w.addChange, `INSERT INTO changes (` + changeColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&w.getChange, `SELECT ` + changeColumns + ` FROM changes WHERE seq = ?`},
		{&w.rewrite, `UPDATE changes SET fields = ?, image = NULL, checksum = ? WHERE seq = ?`},
		{&w.drop, `DELETE FROM changes WHERE seq < ?`},
		{&w.putState, `UPDATE state SET last_seq = ?, users = ?, digest = ?, checksum = ?`},
		{&w.getState, `SELECT last_seq, digest FROM state`},
		{&w.putKey, `INSERT OR REPLACE INTO keys (` + keyColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?)`},
		{&w.putItem, `INSERT OR REPLACE INTO items (` + itemColumns + `) VALUES (?, ?, ?, ?, ?, ?)`},
		{&w.dropItem, `DELETE FROM items WHERE kind = ? AND key = ?`},
		{&w.firstSince, `SELECT seq FROM changes WHERE seq < ? AND at >= ? ORDER BY seq LIMIT 1`},
		{&w.putFence, `UPDATE state SET fences = fences + 1`},
		{&w.putBallast, `UPDATE ballast SET bytes = randomblob(65536)`},
		{&w.getPage, `SELECT data FROM sqlite_dbpage WHERE pgno = ?`},
		{&w.putPage, `UPDATE sqlite_dbpage SET data = ? WHERE pgno = ?`},
	} {
		var err error
		if *s.stmt, err = w.prepare(s.text); err != nil {
			return err
		}
	}
	return nil
}

// Commit writes entries and items, which are of different keys, and drops the
// changes before keepFrom, all in one transaction: when it returns nil they are
// on the disk, after an error none of them is in the file.
func (j *Journal) Commit(entries []Entry, keepFrom int64, items ...ItemEntry) error {
	err := j.writer.commit(entries, keepFrom, items)
	if err != nil {
		// When only the last step failed, the fsync, the write-ahead log holds a
		// whole transaction, which a process that ended now would bring back at its
		// next start. A fence, written over it, prevents that even if its own fsync
		// fails. Whether it does is for the caller to find out, by another one.
		_ = j.Fence()
	}
	return err
}

// Fence commits a transaction that changes no user and no change: when it
// returns nil the disk works, and what earlier transactions that were refused
// have left is gone for good.
func (j *Journal) Fence() error {
	return j.writer.transaction(func() error {
		// SQLite writes nothing where nothing differs, hence a number that grows.
		return j.writer.putFence.exec()
	})
}

// Probe is a Fence that takes as much room on the disk as many changes do, so
// that a disk with room for the fence alone is not taken for a good one.
func (j *Journal) Probe() error {
	return j.writer.transaction(func() error {
		return errors.Join(j.writer.putFence.exec(), j.writer.putBallast.exec())
	})
}

// transaction commits what do does, or leaves everything as it was.
func (w *writer) transaction(do func() error) (err error) {
	if err := w.begin.exec(); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = w.rollback.exec() // fails where SQLite itself has rolled back
		}
	}()
	if err := w.checkState(); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return w.commitTx.exec()
}

// errForeign is why nothing more is written to a file that another process has
// changed, got at under another name or without the lock: memory is no longer
// what the file holds, and writing on would ruin both.
var errForeign = errors.New("another process has changed the file; stop it and restart")

// errReplaced is why nothing more is written to a file that has lost its name:
// what it holds would be gone with this process.
var errReplaced = errors.New("the file was removed, or another one put in its place; stop the server before doing that")

// checkState tells whether the file is there, and as this writer has left it.
func (w *writer) checkState() error {
	if file, err := os.Stat(w.path); err != nil || !os.SameFile(file, w.file) {
		return errReplaced
	}
	return w.getState.query(func(values []driver.Value) error {
		if values[0] != w.state.LastSeq || values[1] != w.state.digest {
			return errForeign
		}
		return nil
	})
}

func (w *writer) commit(entries []Entry, keepFrom int64, items []ItemEntry) error {
	next := w.state
	last := next.LastSeq + int64(len(entries))
	due, rest := w.deferred.before(max(keepFrom, last-deferral+1))
	err := w.transaction(func() error {
		if err := w.writeDue(due); err != nil { // first, as entries may delete the users
			return err
		}
		for i := range entries {
			if err := w.write(&entries[i], &next, keepFrom); err != nil {
				return err
			}
			if entries[i].New == nil {
				if err := w.erase(entries[:i], entries[i].Old.User.ID); err != nil {
					return err
				}
			}
		}
		for i := range items {
			if err := w.writeItem(&items[i]); err != nil {
				return err
			}
		}
		if keepFrom > next.FirstSeq {
			if err := w.drop.exec(keepFrom); err != nil {
				return err
			}
			next.FirstSeq = keepFrom
		}
		return w.putState.exec(next.LastSeq, int64(next.Users), next.digest, w.sum.ofState(&next))
	})
	if err == nil {
		w.state = next
		w.history.commit(entries, next.FirstSeq)
		clear(due) // let go of the values
		w.deferred = rest
		w.deferred.add(entries, keepFrom)
	}
	return err
}

// write writes one entry, unless it is one that is dropped at once without the
// change, and follows it in s. The user's row may wait.
func (w *writer) write(e *Entry, s *State, keepFrom int64) error {
	waits := canWait(e, keepFrom)
	if e.Old != nil {
		s.Users--
		s.digest ^= w.sum.ofRecord(e.Old)
	}
	if e.New != nil {
		s.Users++
		sum := w.sum.ofRecord(e.New)
		s.digest ^= sum
		if !waits {
			if err := w.writeUser(e, sum); err != nil {
				return err
			}
		}
	} else if err := w.dropUser.exec(e.Old.User.ID[:]); err != nil {
		return err
	}
	s.LastSeq = e.Change.Seq
	if e.Change.Seq < keepFrom {
		return nil
	}
	var image []byte
	if waits {
		w.image = appendImage(w.image[:0], e.New)
		image = w.image
	}
	return w.writeChange(&e.Change, image)
}

// writeUser writes the row of a user who is new or has changed.
func (w *writer) writeUser(e *Entry, sum int64) error {
	put := w.putUser
	if e.Old == nil {
		put = w.addUser
	}
	return put.exec(userValues(e.New, sum)...)
}

// userValues are those of the userColumns.
func userValues(r *service.Record, sum int64) []driver.Value {
	u, k := &r.User, &r.Keys
	return []driver.Value{u.ID[:], u.Email, u.FirstName, u.LastName,
		boolInt(u.IsActive), int64(u.Version), u.CreatedAt.UnixMicro(), u.UpdatedAt.UnixMicro(),
		k.Email, k.FirstName, k.LastName, r.PasswordHash, microsOrNull(u.EmailVerifiedAt), sum}
}

// microsOrNull is a time, or null for the zero time.
func microsOrNull(t time.Time) driver.Value {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// bytesOrNull is b, or null for none.
func bytesOrNull(b []byte) driver.Value {
	if b == nil {
		return nil
	}
	return b
}

// erase removes the values from the user's changes, those of the transaction's
// earlier entries among them.
func (w *writer) erase(earlier []Entry, user uuid.UUID) error {
	seqs := w.history.of(user, 0, w.state.LastSeq, math.MaxInt)
	for _, e := range earlier {
		if e.Change.UserID == user {
			seqs = append(seqs, e.Change.Seq)
		}
	}
	for _, seq := range seqs {
		if err := w.eraseChange(seq); err != nil {
			return fmt.Errorf("erase the user's change %d: %w", seq, err)
		}
	}
	return nil
}

func (w *writer) eraseChange(seq int64) error {
	var c service.Change
	err := w.getChange.query(func(values []driver.Value) (err error) {
		c, _, err = changeOf(values, &w.sum)
		return err
	}, seq)
	if err != nil {
		return err
	}
	c = c.Erased()
	fields, err := json.Marshal(c.Fields)
	if err != nil {
		return err
	}
	return w.rewrite.exec(string(fields), w.sum.ofChange(&c, string(fields), nil), seq)
}

func (w *writer) writeChange(c *service.Change, image []byte) error {
	fields, err := json.Marshal(c.Fields)
	if err != nil {
		return err
	}
	return w.addChange.exec(c.Seq, c.At.UnixMicro(), string(c.Kind), c.UserID[:], int64(c.Version),
		string(fields), c.Origin.Actor, c.Origin.RequestID, bytesOrNull(image), w.sum.ofChange(c, string(fields), image))
}

// Checkpoint moves what the write-ahead log holds into the file and empties it,
// so that values erased before are in neither. It tells whether it could: a
// reader in another process may be in the way. Like Commit it is for one
// goroutine.
func (j *Journal) Checkpoint(ctx context.Context) (done bool, err error) {
	w := j.writer
	if err := w.exec(ctx, "PRAGMA busy_timeout = 0"); err != nil {
		return false, err
	}
	err = w.query(ctx, "PRAGMA wal_checkpoint(TRUNCATE)", func(values []driver.Value) error {
		done = values[0] == int64(0)
		return nil
	})
	return done, errors.Join(err, w.exec(ctx, busyTimeout))
}
