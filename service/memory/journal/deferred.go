package journal

import (
	"context"
	"database/sql/driver"
	"fmt"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// deferral is how many changes later, at most, a user's row is written.
const deferral = 16 * 1024

// deferred are the changes whose users' rows may not have been written yet,
// oldest first. A row lies on a page that hardly another change of its
// transaction needs; to find it, change it and log the page took two thirds of a
// commit. Hence a change takes the user's image into the change log, where it
// lies beside the others, and the row is written when deferral more changes have
// come; not at all if by then the user has changed again.
type deferred []deferredRow

type deferredRow struct {
	// seq is the number of the change that has record's image.
	seq    int64
	record *service.Record
}

// canWait tells whether the row that e changes may be written later: it is
// there, e stays in the log, the password, which no log has, is the same, and
// the version tells which is the newer one.
func canWait(e *Entry, keepFrom int64) bool {
	return e.Old != nil && e.New != nil && e.Old.PasswordHash == e.New.PasswordHash &&
		e.Old.User.Version < e.New.User.Version && e.Change.Seq >= keepFrom
}

// add adds the entries whose rows have not been written.
func (d *deferred) add(entries []Entry, keepFrom int64) {
	for i := range entries {
		if e := &entries[i]; canWait(e, keepFrom) {
			*d = append(*d, deferredRow{e.Change.Seq, e.New})
		}
	}
}

// before returns those before the change seq, and the rest.
func (d deferred) before(seq int64) (due, rest deferred) {
	n := 0
	for n < len(d) && d[n].seq < seq {
		n++
	}
	return d[:n], d[n:]
}

// writeDue writes the rows that are due, those of users who have changed since excepted.
func (w *writer) writeDue(due deferred) error {
	for _, d := range due {
		if w.history.newest[d.record.User.ID] != d.seq { // the writer alone changes it
			continue
		}
		if err := w.putUser.exec(userValues(d.record, w.sum.ofRecord(d.record))...); err != nil {
			return err
		}
	}
	return nil
}

// images are the newest ones of users whose rows may be older.
type images map[uuid.UUID]*service.Record

// current is the record of the user whose row has this one.
func (i images) current(row *service.Record) *service.Record {
	r := i[row.User.ID]
	if r == nil || r.User.Version <= row.User.Version { // the row has been written since
		return row
	}
	r.PasswordHash = row.PasswordHash
	return r
}

// readDeferred reads the changes whose users' rows may not have been written.
func (c *conn) readDeferred(ctx context.Context, s State) (d deferred, newest images, err error) {
	var sum checksum
	newest = make(images)
	recent := fmt.Sprintf("SELECT "+changeColumns+" FROM changes WHERE seq > %d AND image IS NOT NULL ORDER BY seq", s.LastSeq-deferral)
	err = c.query(ctx, recent, func(values []driver.Value) error {
		ch, image, err := changeOf(values, &sum)
		if err != nil {
			return fmt.Errorf("change %d: %w", ch.Seq, err)
		}
		r, err := recordOfImage(image)
		if err != nil {
			return fmt.Errorf("change %d: %w", ch.Seq, err)
		}
		r.User.ID = ch.UserID
		d, newest[ch.UserID] = append(d, deferredRow{ch.Seq, r}), r
		return nil
	})
	return d, newest, err
}
