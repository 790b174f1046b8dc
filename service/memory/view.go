package memory

import (
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// view is the tables as they will be once what has been staged is committed.
// Readers do not see what is staged.
type view struct {
	tables *tables
	byID   map[uuid.UUID]*service.Record // nil: will be gone
	emails map[string]*service.Record    // nil: will be free
}

func newView(t *tables) *view {
	return &view{tables: t, byID: make(map[uuid.UUID]*service.Record), emails: make(map[string]*service.Record)}
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
	if old != nil {
		v.byID[old.User.ID] = nil
		v.emails[old.Keys.Email] = nil
	}
	if new != nil {
		v.byID[new.User.ID] = new
		v.emails[new.Keys.Email] = new
	}
}
