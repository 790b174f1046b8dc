package memory

import (
	"bytes"
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/btree"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/internal/plan"
	"github.com/userd/userd/service/memory/journal"
)

// maxExpired bounds how many items one transaction of the background removes.
const maxExpired = 1000

// items holds the items in each order in which they are looked for. An item in
// it is never written to again: a change replaces it. items does no locking.
type items struct {
	byKey    *itemTree
	byUser   *itemTree // those of users
	byExpiry *itemTree // those that end
}

type itemTree = btree.BTreeG[*service.Item]

func newItems() *items {
	return &items{newItemTree(compareKeys), newItemTree(compareUsers), newItemTree(compareExpiry)}
}

func newItemTree(compare func(a, b *service.Item) int) *itemTree {
	less := func(a, b *service.Item) bool { return compare(a, b) < 0 }
	return btree.NewBTreeGOptions(less, btree.Options{NoLocks: true})
}

func compareKeys(a, b *service.Item) int {
	return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), bytes.Compare(a.Key[:], b.Key[:]))
}

func compareUsers(a, b *service.Item) int {
	return cmp.Or(bytes.Compare(a.User[:], b.User[:]), compareKeys(a, b))
}

func compareExpiry(a, b *service.Item) int {
	return cmp.Or(a.ExpiresAt.Compare(b.ExpiresAt), compareKeys(a, b))
}

// source is what changes are planned on.
type source struct {
	*tables
	*items
}

// Item implements [plan.Source].
func (x *items) Item(ref plan.ItemRef) *service.Item {
	i, _ := x.byKey.Get(&service.Item{Kind: ref.Kind, Key: ref.Key})
	return i
}

// put carries e out.
func (x *items) put(e journal.ItemEntry) {
	x.replace(x.Item(plan.ItemRef{Kind: e.Kind, Key: e.Key}), e.New)
}

// replace puts new in the place of old; either may be nil.
func (x *items) replace(old, new *service.Item) {
	if old != nil {
		x.byKey.Delete(old)
		x.byUser.Delete(old)
		x.byExpiry.Delete(old)
	}
	if new == nil {
		return
	}
	x.byKey.Set(new)
	if new.User != uuid.Nil {
		x.byUser.Set(new)
	}
	if !new.ExpiresAt.IsZero() {
		x.byExpiry.Set(new)
	}
}

// net is what the view's changes of items come to.
func (x *items) net(v *plan.View) []journal.ItemEntry {
	entries := make([]journal.ItemEntry, 0, len(v.Items))
	for ref, i := range v.Items {
		entries = append(entries, journal.ItemEntry{Kind: ref.Kind, Key: ref.Key, New: i})
	}
	for user, ending := range v.Ended {
		x.byUser.Ascend(&service.Item{User: user}, func(i *service.Item) bool {
			_, staged := v.Items[plan.ItemRef{Kind: i.Kind, Key: i.Key}]
			if i.User == user && !staged && ending.Covers(i.Kind) {
				entries = append(entries, journal.ItemEntry{Kind: i.Kind, Key: i.Key})
			}
			return i.User == user
		})
	}
	return entries
}

// list returns the items that q asks for.
func (x *items) list(q service.ItemQuery) (found []service.Item) {
	tree, first := x.byKey, &service.Item{Kind: q.Kind, User: q.User}
	if q.User != uuid.Nil {
		tree = x.byUser
	}
	if q.After != nil {
		first.Key = *q.After
	}
	tree.Ascend(first, func(i *service.Item) bool {
		if i.Kind != q.Kind || q.User != uuid.Nil && i.User != q.User || len(found) == q.Limit {
			return false
		}
		if i.IsThere(q.At) && (q.After == nil || i.Key != *q.After) {
			found = append(found, *plan.CloneItem(i))
		}
		return true
	})
	return found
}

// expired are some of the items that have ended at a time.
func (x *items) expired(at time.Time) (entries []journal.ItemEntry) {
	x.byExpiry.Scan(func(i *service.Item) bool {
		if i.IsThere(at) || len(entries) == maxExpired {
			return false
		}
		entries = append(entries, journal.ItemEntry{Kind: i.Kind, Key: i.Key})
		return true
	})
	return entries
}

// dropExpired removes some of the items that have ended, and reports whether there
// may be more.
func (s *Store) dropExpired() bool {
	entries := s.items.expired(s.config.Now())
	if len(entries) == 0 {
		return false
	}
	if err := s.commit(nil, nil, entries...); err != nil {
		s.config.Log.Error("cannot remove items that have ended", "error", err)
		return false
	}
	return len(entries) >= maxExpired
}

// Item implements [service.Store].
func (s *Store) Item(ctx context.Context, kind service.ItemKind, key service.ItemKey, at time.Time) (service.Item, error) {
	if ctx.Err() != nil {
		return service.Item{}, context.Cause(ctx)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	i := s.items.Item(plan.ItemRef{Kind: kind, Key: key})
	if i == nil || !i.IsThere(at) {
		return service.Item{}, &service.ItemNotFoundError{Kind: kind}
	}
	return *plan.CloneItem(i), nil
}

// Items implements [service.Store].
func (s *Store) Items(ctx context.Context, q service.ItemQuery) ([]service.Item, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.items.list(q), nil
}

// ChangeItems implements [service.Store].
func (s *Store) ChangeItems(ctx context.Context, at time.Time, changes []service.ItemChange) error {
	return s.change(ctx, at, func(v *plan.View) error { return v.ChangeItems(at, changes) })
}
