package postgres

import (
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/userd/userd/service"
)

// round is a part of a transaction's changes that can be made in any order,
// and therefore by one statement each for all deletions, updates and creations:
// no user gets an e-mail address that another one gives up.
type round struct {
	order   []uuid.UUID              // of the users, as they come up
	changes map[uuid.UUID]*netChange // what becomes of each
	freed   map[string]bool          // e-mail keys that have been given up
}

// netChange is what several changes of one user come to.
type netChange struct{ old, new *service.Record }

// hasFreed tells whether r gets an e-mail address that was given up in this round.
func (r *round) hasFreed(record *service.Record) bool {
	return record != nil && r.freed[record.Keys.Email]
}

// add adds the step from old to new.
func (r *round) add(old, new *service.Record) {
	if r.changes == nil {
		r.changes, r.freed = make(map[uuid.UUID]*netChange), make(map[string]bool)
	}
	id := idOf(old, new)
	c := r.changes[id]
	if c == nil {
		c = &netChange{old: old}
		r.changes[id] = c
		r.order = append(r.order, id)
	}
	c.new = new
	if old != nil && (new == nil || new.Keys.Email != old.Keys.Email) {
		r.freed[old.Keys.Email] = true
	}
}

func idOf(old, new *service.Record) uuid.UUID {
	if old != nil {
		return old.User.ID
	}
	return new.User.ID
}

// queue adds the round's statements to b.
func (r *round) queue(b *pgx.Batch) {
	var deleted []uuid.UUID
	var updated, created []*service.Record
	for _, id := range r.order {
		switch c := r.changes[id]; {
		case c.old == nil && c.new == nil: // created and deleted
		case c.old == nil:
			created = append(created, c.new)
		case c.new == nil:
			deleted = append(deleted, id)
		default:
			updated = append(updated, c.new)
		}
	}
	if len(deleted) > 0 {
		b.Queue(deleteUsers, idArray(deleted))
	}
	if len(updated) > 0 {
		b.Queue(updateUsers, recordArrays(updated)...)
	}
	if len(created) > 0 {
		b.Queue(insertUsers, recordArrays(created)...)
	}
}
