package plan

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// ItemRef is what an item is found by.
type ItemRef struct {
	Kind service.ItemKind
	Key  service.ItemKey
}

// Ending is which of a user's items, as the store holds them, are to go.
type Ending struct {
	// All is set for a user who goes as well.
	All   bool
	Kinds []service.ItemKind
}

// Covers tells whether items of this kind are to go.
func (e Ending) Covers(kind service.ItemKind) bool { return e.All || slices.Contains(e.Kinds, kind) }

// ChangeItems stages what [service.Store]'s ChangeItems does, or returns its
// error.
func (v *View) ChangeItems(at time.Time, changes []service.ItemChange) error {
	staged, err := v.planItems(at, changes, uuid.Nil)
	v.stageItems(staged)
	return err
}

// Item implements [Source].
func (v *View) Item(ref ItemRef) *service.Item {
	if i, staged := v.Items[ref]; staged {
		return i
	}
	i := v.source.Item(ref)
	if i == nil || v.Ended[i.User].Covers(i.Kind) {
		return nil
	}
	return i
}

// planItems returns the items that changes leave, nil for those that go, with
// nothing staged yet. Creating is the user who is to be created with them.
func (v *View) planItems(at time.Time, changes []service.ItemChange, creating uuid.UUID) (map[ItemRef]*service.Item, error) {
	if len(changes) > service.MaxItemChanges {
		return nil, fmt.Errorf("%d changes of items are more than %d", len(changes), service.MaxItemChanges)
	}
	planned := make(map[ItemRef]*service.Item, len(changes))
	for _, c := range changes {
		if err := check(c); err != nil {
			return nil, err
		}
		ref := ItemRef{c.Kind, c.Key}
		if n := c.New; n != nil && n.User != uuid.Nil && n.User != creating && v.Record(n.User) == nil {
			return nil, &service.UserNotFoundError{ID: n.User}
		}
		now, earlier := planned[ref]
		if !earlier {
			now = v.Item(ref)
		}
		if !expected(now, c.Was, at) {
			return nil, &service.ItemConflictError{Kind: c.Kind}
		}
		planned[ref] = CloneItem(c.New)
	}
	return planned, nil
}

// expected tells whether the item has this value at a time; nil stands for no
// item.
func expected(i *service.Item, value []byte, at time.Time) bool {
	if i == nil || !i.IsThere(at) {
		return value == nil
	}
	return bytes.Equal(i.Value, value)
}

// check refuses what no store keeps, as it would not be found again.
func check(c service.ItemChange) error {
	if n := len(c.Kind); n < 1 || n > service.MaxItemKind {
		return fmt.Errorf("the kind of an item has %d bytes", n)
	}
	switch n := c.New; {
	case n == nil:
	case n.Kind != c.Kind || n.Key != c.Key:
		return fmt.Errorf("a %q item is to be put in the place of another", c.Kind)
	case len(n.Value) < 1 || len(n.Value) > service.MaxItemValue:
		return fmt.Errorf("the value of a %q item has %d bytes", c.Kind, len(n.Value))
	}
	return nil
}

// CloneItem is a copy that shares nothing with i, which may be nil.
func CloneItem(i *service.Item) *service.Item {
	if i == nil {
		return nil
	}
	clone := *i
	clone.Value = bytes.Clone(i.Value)
	return &clone
}

// stageItems puts these items in their places.
func (v *View) stageItems(items map[ItemRef]*service.Item) {
	for ref, i := range items {
		v.Items[ref] = i
	}
}

// endItems stages the end of the user's items that e covers.
func (v *View) endItems(user uuid.UUID, e Ending) {
	if !e.All && len(e.Kinds) == 0 {
		return
	}
	for ref, i := range v.Items {
		if i != nil && i.User == user && e.Covers(i.Kind) {
			v.Items[ref] = nil
		}
	}
	earlier := v.Ended[user]
	v.Ended[user] = Ending{All: e.All || earlier.All, Kinds: slices.Concat(earlier.Kinds, e.Kinds)}
}
