// Package plan says what a change makes of the records that a store holds when
// the change's turn comes. Every store plans its changes here and then carries
// them out in its own way, so that no two of them can come to another answer.
package plan

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// Source has the records that a store holds.
type Source interface {
	// Record returns the record with this id, or nil.
	Record(id uuid.UUID) *service.Record
	// WithEmail returns the record with this e-mail key, or nil.
	WithEmail(key string) *service.Record
}

// View is a source as it will be once what has been staged is carried out.
type View struct {
	source Source
	byID   map[uuid.UUID]*service.Record // nil: will be gone
	emails map[string]*service.Record    // nil: will be free
}

// NewView returns a view of s in which nothing is staged.
func NewView(s Source) *View {
	return &View{source: s, byID: make(map[uuid.UUID]*service.Record), emails: make(map[string]*service.Record)}
}

// Record implements [Source].
func (v *View) Record(id uuid.UUID) *service.Record {
	if r, staged := v.byID[id]; staged {
		return r
	}
	return v.source.Record(id)
}

// WithEmail implements [Source].
func (v *View) WithEmail(key string) *service.Record {
	if r, staged := v.emails[key]; staged {
		return r
	}
	return v.source.WithEmail(key)
}

// Stage puts new, or nothing, in the place of old, or of nothing.
func (v *View) Stage(old, new *service.Record) {
	if old != nil {
		v.byID[old.User.ID] = nil
		v.emails[old.Keys.Email] = nil
	}
	if new != nil {
		v.byID[new.User.ID] = new
		v.emails[new.Keys.Email] = new
	}
}

// Create plans [service.Store]'s CreateUser.
func Create(s Source, r *service.Record) (old, new *service.Record, err error) {
	if s.Record(r.User.ID) != nil {
		return nil, nil, fmt.Errorf("the id %s is taken", r.User.ID)
	}
	if s.WithEmail(r.Keys.Email) != nil {
		return nil, nil, &service.EmailTakenError{}
	}
	return nil, r, nil
}

// Update plans [service.Store]'s UpdateUser. Where nothing is to change it
// returns the same record twice.
func Update(s Source, id uuid.UUID, u service.Update) (old, new *service.Record, err error) {
	if old, err = Expect(s.Record(id), id, u.Expect); err != nil {
		return nil, nil, err
	}
	updated, changed := u.Apply(*old)
	if !changed {
		return old, old, nil
	}
	if owner := s.WithEmail(updated.Keys.Email); owner != nil && owner.User.ID != id {
		return nil, nil, &service.EmailTakenError{}
	}
	return old, &updated, nil
}

// Delete plans [service.Store]'s DeleteUser.
func Delete(s Source, id uuid.UUID, d service.Deletion) (old, new *service.Record, err error) {
	old, err = Expect(s.Record(id), id, d.Expect)
	return old, nil, err
}

// Expect returns r, which has the id, if it is there and at one of these
// versions; nil versions are all.
func Expect(r *service.Record, id uuid.UUID, versions service.Versions) (*service.Record, error) {
	if r == nil {
		return nil, &service.UserNotFoundError{ID: id}
	}
	if versions != nil && !slices.Contains(versions, r.User.Version) {
		return nil, &service.VersionConflictError{ID: id, Current: r.User.Version}
	}
	return r, nil
}
