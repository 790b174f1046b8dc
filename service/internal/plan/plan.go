// Package plan says what a change makes of the records and items that a store holds when
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
	// Item returns the item with this kind and key, or nil. One that has ended
	// may be there still.
	Item(ref ItemRef) *service.Item
}

// View is a source as it will be once what has been staged is carried out.
type View struct {
	// Steps are what has been staged, in its order.
	Steps []Step
	// Imported has the ids of users that an import creates. Unlike other new
	// ones these may have belonged to somebody before.
	Imported map[uuid.UUID]bool
	// Items are what is to be put in the place of those with the same kind and
	// key, or nil to remove them, after Ended has been carried out.
	Items map[ItemRef]*service.Item
	// Ended has, by user, which of the items that the source holds are to go.
	Ended map[uuid.UUID]Ending

	source Source
	byID   map[uuid.UUID]*service.Record // nil: will be gone
	emails map[string]*service.Record    // nil: will be free
}

// Step is one change: New, or nothing, in the place of Old, or of nothing.
type Step struct{ Old, New *service.Record }

// NewView returns a view of s in which nothing is staged.
func NewView(s Source) *View {
	return &View{source: s, byID: make(map[uuid.UUID]*service.Record), emails: make(map[string]*service.Record), Imported: make(map[uuid.UUID]bool),
		Items: make(map[ItemRef]*service.Item), Ended: make(map[uuid.UUID]Ending)}
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

// Create stages what [service.Store]'s CreateUser does, or returns its error.
func (v *View) Create(r service.Record, items ...service.ItemChange) error {
	if v.Record(r.User.ID) != nil {
		return fmt.Errorf("the id %s is taken", r.User.ID)
	}
	if v.WithEmail(r.Keys.Email) != nil {
		return &service.EmailTakenError{}
	}
	planned, err := v.planItems(r.User.CreatedAt, items, r.User.ID)
	if err != nil {
		return err
	}
	v.stage(nil, &r)
	v.stageItems(planned)
	return nil
}

// Update stages what [service.Store]'s UpdateUser does, if anything, and
// returns the user as it then is, or its error.
func (v *View) Update(id uuid.UUID, u service.Update) (service.User, error) {
	old, err := Expect(v.Record(id), id, u.Expect)
	if err != nil {
		return service.User{}, err
	}
	updated, err := v.update(old, u)
	if err != nil {
		return service.User{}, err
	}
	return updated.User, nil
}

// Delete stages what [service.Store]'s DeleteUser does, or returns its error.
func (v *View) Delete(id uuid.UUID, d service.Deletion) error {
	old, err := Expect(v.Record(id), id, d.Expect)
	if err == nil {
		v.stage(old, nil)
		v.endItems(id, Ending{All: true})
	}
	return err
}

// stage puts new, or nothing, in the place of old, or of nothing.
func (v *View) stage(old, new *service.Record) {
	v.Steps = append(v.Steps, Step{old, new})
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
func (v *View) update(old *service.Record, u service.Update) (*service.Record, error) {
	updated, changed := u.Apply(*old)
	if changed && v.isTaken(updated.Keys.Email, old.User.ID) {
		return nil, &service.EmailTakenError{}
	}
	planned, err := v.planItems(u.At, u.Items, uuid.Nil)
	if err != nil {
		return nil, err
	}
	v.endItems(old.User.ID, Ending{Kinds: u.EndItems})
	v.stageItems(planned)
	if !changed {
		return old, nil
	}
	v.stage(old, &updated)
	return &updated, nil
}

// isTaken tells whether somebody other than this user has the e-mail key.
func (v *View) isTaken(key string, user uuid.UUID) bool {
	owner := v.WithEmail(key)
	return owner != nil && owner.User.ID != user
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
