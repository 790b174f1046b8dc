package memory

import (
	"maps"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// view is the tables as they will be once what has been staged is committed.
// Readers do not see what is staged.
type view struct {
	tables *tables
	steps  []step                        // what has been staged, in its order
	byID   map[uuid.UUID]*service.Record // nil: will be gone
	emails map[string]*service.Record    // nil: will be free
	// imported has the ids of users that an import creates. Unlike other new
	// ones these may have belonged to somebody before.
	imported map[uuid.UUID]bool
}

// step is one change: new, or nothing, in the place of old, or of nothing.
type step struct{ old, new *service.Record }

func newView(t *tables) *view {
	return &view{tables: t, byID: make(map[uuid.UUID]*service.Record), emails: make(map[string]*service.Record), imported: make(map[uuid.UUID]bool)}
}

// clone is a view in which more can be staged that v is not to have.
func (v *view) clone() *view {
	return &view{tables: v.tables, byID: maps.Clone(v.byID), emails: maps.Clone(v.emails), imported: make(map[uuid.UUID]bool)}
}

// record returns the record with this id, or nil.
func (v *view) record(id uuid.UUID) *service.Record {
	if r, staged := v.byID[id]; staged {
		return r
	}
	return v.tables.byID[id]
}

// withEmail returns the record with this e-mail key, or nil.
func (v *view) withEmail(key string) *service.Record {
	if r, staged := v.emails[key]; staged {
		return r
	}
	return v.tables.withEmail(key)
}

// stage puts new, or nothing, in the place of old, or of nothing.
func (v *view) stage(old, new *service.Record) {
	v.steps = append(v.steps, step{old, new})
	if old != nil {
		v.byID[old.User.ID] = nil
		v.emails[old.Keys.Email] = nil
	}
	if new != nil {
		v.byID[new.User.ID] = new
		v.emails[new.Keys.Email] = new
	}
}

// update stages what u changes about old, if it does, and returns the record
// that there then is.
func (v *view) update(old *service.Record, u service.Update) (*service.Record, error) {
	updated, changed := u.Apply(*old)
	if !changed {
		return old, nil
	}
	if owner := v.withEmail(updated.Keys.Email); owner != nil && owner.User.ID != old.User.ID {
		return nil, &service.EmailTakenError{}
	}
	v.stage(old, &updated)
	return &updated, nil
}
