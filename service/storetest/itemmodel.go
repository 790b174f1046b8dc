package storetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/userd/userd/service"
)

func itemModelCases() []contract {
	return []contract{{"a store keeps items as a map does, whatever it is asked", func(t *testing.T, s service.Store) {
		rapid.Check(t, func(rt *rapid.T) { newItemModel(t.Context(), rt, s).run(rt) })
	}}}
}

// itemModel is the simplest store of items that keeps the contract, beside the
// real one. Its users come and go, and are nothing but owners.
type itemModel struct {
	ctx   context.Context
	store service.Store
	users map[uuid.UUID]bool
	ids   [3]uuid.UUID   // nobody, and two who may be there; who comes back gets a new one
	items []service.Item // in no order
}

// newItemModel empties the store, which many runs share.
func newItemModel(ctx context.Context, t *rapid.T, s service.Store) *itemModel {
	m := &itemModel{ctx: ctx, store: s, users: make(map[uuid.UUID]bool), ids: [3]uuid.UUID{{}, numberedID(1), numberedID(2)}}
	left, err := s.ListUsers(ctx, service.ListQuery{Limit: all})
	for _, u := range left {
		if err == nil {
			err = s.DeleteUser(ctx, u.User.ID, service.Deletion{At: start})
		}
	}
	for _, kind := range []service.ItemKind{sessions, tokens} {
		var items []service.Item
		if err == nil {
			items, err = s.Items(ctx, service.ItemQuery{Kind: kind, Limit: all})
		}
		for _, i := range items {
			if err == nil {
				err = s.ChangeItems(ctx, time.Time{}, []service.ItemChange{removed(i)})
			}
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *itemModel) run(t *rapid.T) {
	t.Repeat(map[string]func(*rapid.T){"create": m.create, "delete": m.delete, "update": m.update, "change": m.change, "list": m.list})
}

// drawOwner draws the id of a user who may be there, or nobody.
func (m *itemModel) drawOwner(t *rapid.T) uuid.UUID {
	return m.ids[rapid.IntRange(0, 2).Draw(t, "user")]
}

func drawKind(t *rapid.T) service.ItemKind {
	return rapid.SampledFrom([]service.ItemKind{sessions, tokens}).Draw(t, "kind")
}

func (m *itemModel) drawChanges(t *rapid.T) []service.ItemChange {
	values := [][]byte{nil, []byte("a"), []byte("b")}
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) service.ItemChange {
		c := service.ItemChange{Kind: drawKind(t), Key: itemKey(byte(rapid.IntRange(1, 3).Draw(t, "key"))), Was: rapid.SampledFrom(values).Draw(t, "was")}
		if v := rapid.SampledFrom(values).Draw(t, "new"); v != nil {
			c.New = &service.Item{Kind: c.Kind, Key: c.Key, User: m.drawOwner(t), Value: v}
			if rapid.Bool().Draw(t, "ends") {
				c.New.ExpiresAt = drawTime(t)
			}
		}
		return c
	}), 0, 3).Draw(t, "changes")
}

// changed is what changes make of the items, or why they are refused.
func (m *itemModel) changed(at time.Time, changes []service.ItemChange, creating uuid.UUID) ([]service.Item, error) {
	items := slices.Clone(m.items)
	for _, c := range changes {
		if n := c.New; n != nil && n.User != uuid.Nil && n.User != creating && !m.users[n.User] {
			return nil, &service.UserNotFoundError{ID: n.User}
		}
		at := slices.IndexFunc(items, func(i service.Item) bool {
			return i.Kind == c.Kind && i.Key == c.Key && (i.ExpiresAt.IsZero() || i.ExpiresAt.After(at))
		})
		if (at < 0) != (c.Was == nil) || at >= 0 && !bytes.Equal(items[at].Value, c.Was) {
			return nil, &service.ItemConflictError{Kind: c.Kind}
		}
		items = slices.DeleteFunc(items, func(i service.Item) bool { return i.Kind == c.Kind && i.Key == c.Key })
		if c.New != nil {
			items = append(items, *c.New)
		}
	}
	return items, nil
}

// sameError holds err to the type and text of the one that the model returns.
func sameError(t *rapid.T, want, err error) {
	t.Helper()
	if (want == nil) != (err == nil) || want != nil && want.Error() != err.Error() {
		t.Fatalf("the error is %v, want %v", err, want)
	}
}

func (m *itemModel) change(t *rapid.T) {
	at, changes := drawTime(t), m.drawChanges(t)
	items, want := m.changed(at, changes, uuid.Nil)
	sameError(t, want, m.store.ChangeItems(m.ctx, at, changes))
	if want == nil {
		m.items = items
	}
}

func (m *itemModel) create(t *rapid.T) {
	n := rapid.IntRange(1, 2).Draw(t, "user")
	if m.users[m.ids[n]] {
		t.Skip("is there")
	}
	r := user(fmt.Sprintf("user%d@example.com", n))
	r.User.CreatedAt, m.ids[n] = drawTime(t), r.User.ID
	changes := m.drawChanges(t)
	items, want := m.changed(r.User.CreatedAt, changes, r.User.ID)
	sameError(t, want, m.store.CreateUser(m.ctx, r, changes...))
	if want == nil {
		m.users[r.User.ID], m.items = true, items
	}
}

func (m *itemModel) update(t *rapid.T) {
	id := m.drawOwner(t)
	u := service.Update{At: drawTime(t), FirstName: drawOptional(t, "first name", drawText), Items: m.drawChanges(t)}
	for range rapid.IntRange(0, 2).Draw(t, "endings") {
		u.EndItems = append(u.EndItems, drawKind(t))
	}
	_, err := m.store.UpdateUser(m.ctx, id, u)
	if !m.users[id] {
		sameError(t, &service.UserNotFoundError{ID: id}, err)
		return
	}
	items, want := m.changed(u.At, u.Items, uuid.Nil)
	sameError(t, want, err)
	if want != nil {
		return
	}
	m.items = slices.DeleteFunc(items, func(i service.Item) bool {
		put := slices.ContainsFunc(u.Items, func(c service.ItemChange) bool { return c.Kind == i.Kind && c.Key == i.Key })
		return !put && i.User == id && slices.Contains(u.EndItems, i.Kind)
	})
}

func (m *itemModel) delete(t *rapid.T) {
	id := m.drawOwner(t)
	err := m.store.DeleteUser(m.ctx, id, service.Deletion{At: start})
	if !m.users[id] {
		sameError(t, &service.UserNotFoundError{ID: id}, err)
		return
	}
	sameError(t, nil, err)
	delete(m.users, id)
	m.items = slices.DeleteFunc(m.items, func(i service.Item) bool { return i.User == id })
}

func (m *itemModel) list(t *rapid.T) {
	q := service.ItemQuery{Kind: drawKind(t), User: m.drawOwner(t), Limit: rapid.IntRange(1, 4).Draw(t, "limit"), At: drawTime(t)}
	if n := rapid.IntRange(0, 3).Draw(t, "after"); n > 0 {
		q.After = new(itemKey(byte(n)))
	}
	var want []service.Item
	for _, i := range slices.SortedFunc(slices.Values(m.items), func(a, b service.Item) int { return bytes.Compare(a.Key[:], b.Key[:]) }) {
		if i.Kind == q.Kind && (q.User == uuid.Nil || i.User == q.User) && (i.ExpiresAt.IsZero() || i.ExpiresAt.After(q.At)) &&
			(q.After == nil || bytes.Compare(i.Key[:], q.After[:]) > 0) && len(want) < q.Limit {
			want = append(want, i)
		}
	}
	got, err := m.store.Items(m.ctx, q)
	same(t, "items", want, got, err)
}
