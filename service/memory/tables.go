package memory

import (
	"slices"

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
}

func newTables() *tables {
	return &tables{byID: make(map[uuid.UUID]*service.Record), active: newIndexes(), inactive: newIndexes()}
}

// replace puts new in the place of old; either may be nil.
func (t *tables) replace(old, new *service.Record) {
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

func (t *tables) indexesOf(r *service.Record) *indexes {
	if r.User.IsActive {
		return t.active
	}
	return t.inactive
}

// expect returns r, the record of the user id or nil, if it is there and at
// one of the versions that are expected.
func expect(r *service.Record, id uuid.UUID, versions service.Versions) (*service.Record, error) {
	if r == nil {
		return nil, &service.UserNotFoundError{ID: id}
	}
	if versions != nil && !slices.Contains(versions, r.User.Version) {
		return nil, &service.VersionConflictError{ID: id, Current: r.User.Version}
	}
	return r, nil
}

// withEmail returns the record with this e-mail key, or nil.
func (t *tables) withEmail(key string) *service.Record {
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
