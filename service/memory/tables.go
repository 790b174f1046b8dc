package memory

import (
	"github.com/userd/userd/service"
)

// tables holds the records and the indexes over them. A record in the tables
// is never written to again: a change replaces it. tables does no locking.
type tables struct {
	*shelf
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
	return &tables{shelf: newShelf(), emails: make(map[string]*service.Record)}
}

func newTables() *tables { return newTablesOn(newShelf()) }

func newTablesOn(s *shelf) *tables {
	return &tables{shelf: s, active: newIndexes(s), inactive: newIndexes(s)}
}

// replace puts new in the place of old; either may be nil. An index in which
// new stands where old did needs no change.
func (t *tables) replace(old, new *service.Record) {
	p := t.placeOf(old)
	if t.emails != nil {
		t.put(p, old, new)
		t.replaceEmail(old, new)
		return
	}
	stays := func(x *index) bool {
		return old != nil && new != nil && old.User.IsActive == new.User.IsActive && x.order(old, new) == 0
	}
	if old != nil {
		for _, x := range t.indexesOf(old).all() {
			if !stays(x) {
				x.remove(p)
			}
		}
	}
	t.put(p, old, new)
	if new != nil {
		for _, x := range t.indexesOf(new).all() {
			if !stays(x) {
				x.insert(p)
			}
		}
	}
}

// replaceEmail is for as long as there are no indexes.
func (t *tables) replaceEmail(old, new *service.Record) {
	if old != nil {
		delete(t.emails, old.Keys.Email)
	}
	if new != nil {
		t.emails[new.Keys.Email] = new
	}
}

func (t *tables) indexesOf(r *service.Record) *indexes {
	if r.User.IsActive {
		return t.active
	}
	return t.inactive
}

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
