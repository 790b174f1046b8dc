package memory

import (
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// tables holds the records and the indexes over them. A record in the tables
// is never written to again: a change replaces it. tables does no locking.
type tables struct {
	byID map[uuid.UUID]*service.Record
	// Active and inactive users are indexed apart, so that a list of either
	// needs no scan over the other; a list of both merges the two.
	active, inactive *indexes
	// emails has the records by e-mail key as long as there are no indexes:
	// while nobody has asked for a list, which an import never does, they would
	// take longer to keep up than all the rest.
	emails map[string]*service.Record
}

// newUnindexed returns empty tables that get their indexes when they are asked
// for.
func newUnindexed() *tables {
	return &tables{byID: make(map[uuid.UUID]*service.Record), emails: make(map[string]*service.Record)}
}

func newTables() *tables {
	return &tables{byID: make(map[uuid.UUID]*service.Record), active: newIndexes(), inactive: newIndexes()}
}

// replace puts new in the place of old; either may be nil.
func (t *tables) replace(old, new *service.Record) {
	if t.emails != nil {
		t.replaceUnindexed(old, new)
		return
	}
	if old != nil && (new == nil || t.indexesOf(old) != t.indexesOf(new)) {
		delete(t.byID, old.User.ID)
		t.indexesOf(old).replace(old, nil)
		old = nil
	}
	if new != nil {
		t.byID[new.User.ID] = new
		t.indexesOf(new).replace(old, new)
	}
}

// replaceUnindexed is replace as long as there are no indexes.
func (t *tables) replaceUnindexed(old, new *service.Record) {
	if old != nil {
		delete(t.byID, old.User.ID)
		delete(t.emails, old.Keys.Email)
	}
	if new != nil {
		t.byID[new.User.ID], t.emails[new.Keys.Email] = new, new
	}
}

func (t *tables) indexesOf(r *service.Record) *indexes {
	if r.User.IsActive {
		return t.active
	}
	return t.inactive
}

// Record implements [plan.Source].
func (t *tables) Record(id uuid.UUID) *service.Record { return t.byID[id] }

// WithEmail implements [plan.Source].
func (t *tables) WithEmail(key string) *service.Record {
	if t.emails != nil {
		return t.emails[key]
	}
	for _, x := range []*indexes{t.active, t.inactive} {
		if r := x.withEmail(key); r != nil {
			return r
		}
	}
	return nil
}

// selected returns the indexes that hold all users with this is_active, or
// both when it is nil.
func (t *tables) selected(isActive *bool) []*indexes {
	switch {
	case isActive == nil:
		return []*indexes{t.active, t.inactive}
	case *isActive:
		return []*indexes{t.active}
	default:
		return []*indexes{t.inactive}
	}
}
