package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// The kinds of items that the cases have.
const (
	sessions = service.ItemKind("session")
	tokens   = service.ItemKind("token")
)

func itemKey(n byte) service.ItemKey { return service.ItemKey{31: n} }

// item is an item of nobody that never ends, with this key and value.
func item(n byte, value string) service.Item {
	return service.Item{Kind: sessions, Key: itemKey(n), Value: []byte(value)}
}

// itemOf is an item of the user's that never ends.
func itemOf(r service.Record, n byte, value string) service.Item {
	i := item(n, value)
	i.User = r.User.ID
	return i
}

func ofKind(kind service.ItemKind, i service.Item) service.Item {
	i.Kind = kind
	return i
}

func until(at time.Time, i service.Item) service.Item {
	i.ExpiresAt = at
	return i
}

// added, replaced and removed are changes of items.
func added(i service.Item) service.ItemChange {
	return service.ItemChange{Kind: i.Kind, Key: i.Key, New: &i}
}

func replaced(old service.Item, value string) service.ItemChange {
	i := old
	i.Value = []byte(value)
	return service.ItemChange{Kind: i.Kind, Key: i.Key, Was: old.Value, New: &i}
}

func removed(old service.Item) service.ItemChange {
	return service.ItemChange{Kind: old.Kind, Key: old.Key, Was: old.Value}
}

func withValue(value string, i service.Item) service.Item {
	i.Value = []byte(value)
	return i
}

// changeItems makes changes that are good.
func changeItems(t *testing.T, s service.Store, changes ...service.ItemChange) {
	t.Helper()
	if err := s.ChangeItems(t.Context(), start, changes); err != nil {
		t.Fatalf("change items: %v", err)
	}
}

// wantItems holds the items of a kind to want, in every way to read them.
func wantItems(t *testing.T, s service.Store, kind service.ItemKind, at time.Time, want ...service.Item) {
	t.Helper()
	got, err := s.Items(t.Context(), service.ItemQuery{Kind: kind, Limit: all, At: at})
	wantSame(t, fmt.Sprintf("the %s items", kind), want, got, err)
	for _, i := range want {
		got, err := s.Item(t.Context(), kind, i.Key, at)
		wantSame(t, "Item", i, got, err)
	}
}

// wantItemsOf holds the user's items of a kind to want.
func wantItemsOf(t *testing.T, s service.Store, r service.Record, kind service.ItemKind, want ...service.Item) {
	t.Helper()
	got, err := s.Items(t.Context(), service.ItemQuery{Kind: kind, User: r.User.ID, Limit: all, At: start})
	wantSame(t, "the user's items", want, got, err)
}

// wantNoItem holds s to having no item with this key.
func wantNoItem(t *testing.T, s service.Store, n byte, at time.Time) {
	t.Helper()
	_, err := s.Item(t.Context(), sessions, itemKey(n), at)
	wantError[*service.ItemNotFoundError](t, err)
}

func itemCases() []contract {
	return slices.Concat([]contract{
		{"what is not there is not found", func(t *testing.T, s service.Store) {
			wantNoItem(t, s, 1, start)
			wantItems(t, s, sessions, start)
			changeItems(t, s, added(item(1, "a")))
			wantNoItem(t, s, 2, start)
			wantItems(t, s, tokens, start)
		}},
		{"an item is kept as it is", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r)
			whole := until(later.Add(time.Microsecond), itemOf(r, 1, "\x00\xff'\\"))
			big := withValue(strings.Repeat("\x00x", service.MaxItemValue/2), item(2, ""))
			long := ofKind(service.ItemKind(strings.Repeat("k", service.MaxItemKind)), item(1, "a"))
			changeItems(t, s, added(whole), added(big), added(long))
			wantItems(t, s, sessions, start, whole, big)
			wantItems(t, s, long.Kind, start, long)
		}},
		{"kinds are apart", func(t *testing.T, s service.Store) {
			a, b := item(1, "a"), ofKind(tokens, item(1, "b"))
			changeItems(t, s, added(a), added(b))
			changeItems(t, s, replaced(b, "c"))
			wantItems(t, s, sessions, start, a)
			wantItems(t, s, tokens, start, withValue("c", b))
		}},
		{"an item is replaced and removed by who knows its value", func(t *testing.T, s service.Store) {
			a := item(1, "a")
			changeItems(t, s, added(a))
			changeItems(t, s, replaced(a, "b"))
			wantItems(t, s, sessions, start, withValue("b", a))
			changeItems(t, s, removed(withValue("b", a)))
			wantItems(t, s, sessions, start)
			wantNoItem(t, s, 1, start)
		}},
		{"what is not as expected is a conflict", func(t *testing.T, s service.Store) {
			a := item(1, "a")
			changeItems(t, s, added(a))
			for name, c := range map[string]service.ItemChange{
				"there already":    added(item(1, "b")),
				"another value":    replaced(item(1, "b"), "c"),
				"a longer value":   replaced(item(1, "aa"), "c"),
				"not there":        replaced(item(2, "a"), "c"),
				"no more there":    removed(item(2, "a")),
				"removed as other": removed(item(1, "b")),
				"an empty value":   {Kind: sessions, Key: itemKey(2), Was: []byte{}},
			} {
				err := s.ChangeItems(t.Context(), start, []service.ItemChange{c})
				if got := wantError[*service.ItemConflictError](t, err); got.Kind != sessions {
					t.Errorf("%s: %v", name, got)
				}
			}
			wantItems(t, s, sessions, start, a)
		}},
		{"changes are made in their order, all or none", func(t *testing.T, s service.Store) {
			a, b := item(1, "a"), item(2, "b")
			changeItems(t, s, added(a), replaced(a, "a2"), removed(withValue("a2", a)), added(b), added(withValue("a3", a)))
			want := []service.Item{withValue("a3", a), b}
			wantItems(t, s, sessions, start, want...)
			good := []service.ItemChange{added(item(3, "c")), removed(b), replaced(want[0], "a4")}
			for _, bad := range []service.ItemChange{removed(b), added(item(3, "c")), added(itemOf(user("nobody@example.com"), 9, "x")), added(item(9, ""))} {
				if err := s.ChangeItems(t.Context(), start, append(slices.Clone(good), bad, added(item(4, "d")))); err == nil {
					t.Errorf("%+v was made", bad)
				}
				wantItems(t, s, sessions, start, want...)
			}
		}},
		{"what the service must not make is refused", func(t *testing.T, s service.Store) {
			other := item(2, "b")
			for name, c := range map[string][]service.ItemChange{
				"no kind":        {added(ofKind("", item(1, "a")))},
				"too long kind":  {added(ofKind(service.ItemKind(strings.Repeat("k", service.MaxItemKind+1)), item(1, "a")))},
				"no value":       {added(item(1, ""))},
				"too long value": {added(item(1, strings.Repeat("x", service.MaxItemValue+1)))},
				"another key":    {{Kind: sessions, Key: itemKey(1), New: &other}},
				"another kind":   {{Kind: tokens, Key: itemKey(2), New: &other}},
				"too many":       slices.Repeat([]service.ItemChange{{Kind: sessions, Key: itemKey(1)}}, service.MaxItemChanges+1),
			} {
				if err := s.ChangeItems(t.Context(), start, c); err == nil || service.CodeOf(err) != service.CodeInternal {
					t.Errorf("%s: %v", name, err)
				}
			}
			wantItems(t, s, sessions, start)
		}},
		{"as many changes as there may be", func(t *testing.T, s service.Store) {
			var want []service.Item
			var changes []service.ItemChange
			for n := range byte(service.MaxItemChanges) {
				want = append(want, item(n, "a"))
				changes = append(changes, added(want[n]))
			}
			changeItems(t, s, changes...)
			wantItems(t, s, sessions, start, want...)
		}},
		{"what is given and returned is the caller's", func(t *testing.T, s service.Store) {
			given := item(1, "a")
			changeItems(t, s, added(given))
			given.Value[0] = 'x'
			wantItems(t, s, sessions, start, item(1, "a"))
			got, err := s.Item(t.Context(), sessions, itemKey(1), start)
			listed, listErr := s.Items(t.Context(), service.ItemQuery{Kind: sessions, Limit: 1, At: start})
			if err != nil || listErr != nil {
				t.Fatal(err, listErr)
			}
			got.Value[0], listed[0].Value[0] = 'y', 'z'
			wantItems(t, s, sessions, start, item(1, "a"))
		}},
		{"are in no change log", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r)
			wantUnchanged(t, s, func() {
				changeItems(t, s, added(itemOf(r, 1, "a")))
				update(t, s, r.User.ID, service.Update{At: later, Items: []service.ItemChange{added(itemOf(r, 2, "b"))}, EndItems: []service.ItemKind{tokens}})
			})
		}},
		{"of several who expect the same one wins", raceForItem},
		{"of several who count none is lost", countAtOnce},
		{"an ended context changes nothing", func(t *testing.T, s service.Store) {
			changeItems(t, s, added(item(1, "a")))
			for name, call := range map[string]func(context.Context) error{
				"Item": func(ctx context.Context) error { _, err := s.Item(ctx, sessions, itemKey(1), start); return err },
				"Items": func(ctx context.Context) error {
					_, err := s.Items(ctx, service.ItemQuery{Kind: sessions, Limit: 1})
					return err
				},
				"ChangeItems": func(ctx context.Context) error {
					return s.ChangeItems(ctx, start, []service.ItemChange{removed(item(1, "a"))})
				},
			} {
				if err := call(cancelled(t)); !errors.Is(err, errHungUp) {
					t.Errorf("%s: %v", name, err)
				}
			}
			wantItems(t, s, sessions, start, item(1, "a"))
		}},
	}, itemExpiryCases(), itemPageCases(), itemUserCases(), itemModelCases())
}

func itemExpiryCases() []contract {
	const tick = time.Microsecond
	return []contract{
		{"an item is there until just before it ends", func(t *testing.T, s service.Store) {
			i, forever := until(later, item(1, "a")), item(2, "b")
			changeItems(t, s, added(i), added(forever))
			wantItems(t, s, sessions, later.Add(-tick), i, forever)
			for _, at := range []time.Time{later, later.Add(tick), later.Add(1000 * time.Hour)} {
				wantItems(t, s, sessions, at, forever)
				wantNoItem(t, s, 1, at)
			}
		}},
		{"what has ended is as if it were not there", func(t *testing.T, s service.Store) {
			i := until(later, item(1, "a"))
			changeItems(t, s, added(i))
			next := until(later.Add(time.Hour), item(1, "a2"))
			wantError[*service.ItemConflictError](t, s.ChangeItems(t.Context(), later.Add(-tick), []service.ItemChange{added(next)}))
			wantError[*service.ItemConflictError](t, s.ChangeItems(t.Context(), later, []service.ItemChange{removed(i)}))
			wantError[*service.ItemConflictError](t, s.ChangeItems(t.Context(), later, []service.ItemChange{replaced(i, "b")}))
			if err := s.ChangeItems(t.Context(), later, []service.ItemChange{added(next)}); err != nil {
				t.Fatal(err)
			}
			wantItems(t, s, sessions, later, next)
		}},
		{"when an item ends can be changed", func(t *testing.T, s service.Store) {
			i := until(later, item(1, "a"))
			changeItems(t, s, added(i))
			longer := until(later.Add(time.Hour), item(1, "a"))
			changeItems(t, s, service.ItemChange{Kind: sessions, Key: i.Key, Was: i.Value, New: &longer})
			wantItems(t, s, sessions, later, longer)
			forever := until(time.Time{}, longer)
			changeItems(t, s, service.ItemChange{Kind: sessions, Key: i.Key, Was: i.Value, New: &forever})
			wantItems(t, s, sessions, later.Add(1000*time.Hour), forever)
		}},
		{"what has ended with the change is as if it were not there", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r)
			i := until(later, itemOf(r, 1, "a"))
			changeItems(t, s, added(i))
			_, err := s.UpdateUser(t.Context(), r.User.ID, service.Update{At: later, Items: []service.ItemChange{removed(i)}})
			wantError[*service.ItemConflictError](t, err)
			update(t, s, r.User.ID, service.Update{At: later.Add(-tick), Items: []service.ItemChange{removed(i)}})
			wantItems(t, s, sessions, start)
		}},
	}
}

func itemPageCases() []contract {
	return []contract{
		{"are listed in the order of the bytes of their keys", func(t *testing.T, s service.Store) {
			var want []service.Item
			for _, key := range []service.ItemKey{{0: 0}, {31: 1}, {0: 1}, {0: 'A'}, {0: 'a'}, {0: 0x7f}, {0: 0x80}, {0: 0xff}} {
				want = append(want, service.Item{Kind: sessions, Key: key, Value: []byte("a")})
			}
			for _, n := range []int{5, 0, 7, 2, 4, 1, 6, 3} {
				changeItems(t, s, added(want[n]))
			}
			wantItems(t, s, sessions, start, want...)
		}},
		{"are read page by page, each once", func(t *testing.T, s service.Store) {
			ada, bob := user("ada@example.com"), user("bob@example.com")
			create(t, s, ada, bob)
			want := map[uuid.UUID][]service.Item{}
			for n := range byte(30) {
				i := item(n, "a")
				switch n % 4 {
				case 0:
					i.User = ada.User.ID
				case 1:
					i.User = bob.User.ID
				case 2:
					i.ExpiresAt = start // not there
				}
				changeItemsBefore(t, s, added(i), added(ofKind(tokens, i)))
				if i.ExpiresAt.IsZero() {
					want[uuid.Nil] = append(want[uuid.Nil], i)
				}
				if i.User != uuid.Nil {
					want[i.User] = append(want[i.User], i)
				}
			}
			for user, want := range want {
				for _, limit := range []int{1, 2, 7, 8, 100} {
					q := service.ItemQuery{Kind: sessions, User: user, Limit: limit, At: start}
					wantSame(t, fmt.Sprintf("pages of %d", limit), want, itemPages(t, s, q), nil)
				}
			}
		}},
		{"a page begins behind a key that is no more there", func(t *testing.T, s service.Store) {
			changeItems(t, s, added(item(1, "a")), added(item(3, "c")))
			after := itemKey(2)
			got, err := s.Items(t.Context(), service.ItemQuery{Kind: sessions, After: &after, Limit: 9, At: start})
			wantSame(t, "the rest", []service.Item{item(3, "c")}, got, err)
		}},
	}
}

// changeItemsBefore makes changes at a time before start.
func changeItemsBefore(t *testing.T, s service.Store, changes ...service.ItemChange) {
	t.Helper()
	if err := s.ChangeItems(t.Context(), start.Add(-time.Hour), changes); err != nil {
		t.Fatal(err)
	}
}

// itemPages walks the list that q asks for page by page.
func itemPages(t *testing.T, s service.Store, q service.ItemQuery) (found []service.Item) {
	t.Helper()
	for {
		page, err := s.Items(t.Context(), q)
		if err != nil || len(page) > q.Limit {
			t.Fatalf("a page has %d items, %v", len(page), err)
		}
		found = append(found, page...)
		if len(page) < q.Limit {
			return found
		}
		q.After = &page[q.Limit-1].Key
	}
}

func raceForItem(t *testing.T, s service.Store) {
	now := item(1, "start")
	changeItems(t, s, added(now))
	for round := range 20 {
		values := make([]string, racers)
		wantOneWinner[*service.ItemConflictError](t, func(i int) error {
			value := fmt.Sprint(round, " ", i)
			err := s.ChangeItems(t.Context(), start, []service.ItemChange{replaced(now, value)})
			if err == nil {
				values[i] = value
			}
			return err
		})
		now = withValue(strings.Join(values, ""), now)
		wantItems(t, s, sessions, start, now)
	}
	wantOneWinner[*service.ItemConflictError](t, func(int) error {
		return s.ChangeItems(t.Context(), start, []service.ItemChange{removed(now)})
	})
	wantOneWinner[*service.ItemConflictError](t, func(i int) error {
		return s.ChangeItems(t.Context(), start, []service.ItemChange{added(item(1, fmt.Sprint(i)))})
	})
}

// countAtOnce has each caller count a few times, reading anew after a conflict.
func countAtOnce(t *testing.T, s service.Store) {
	const each = 3
	var done [racers]error
	atOnce(t, racers, func(caller int) {
		for n := 0; n < each && done[caller] == nil; {
			old, err := s.Item(t.Context(), sessions, itemKey(1), start)
			c := added(item(1, "x"))
			if err == nil {
				c = replaced(old, string(old.Value)+"x")
			}
			err = s.ChangeItems(t.Context(), start, []service.ItemChange{c})
			var conflict *service.ItemConflictError
			switch {
			case err == nil:
				n++
			case !errors.As(err, &conflict):
				done[caller] = err
			}
		}
	})
	if err := errors.Join(done[:]...); err != nil {
		t.Fatal(err)
	}
	wantItems(t, s, sessions, start, withValue(string(bytes.Repeat([]byte("x"), racers*each)), item(1, "")))
}
