package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// keysInByteOrder stand as their bytes do, and in another order by the
// collations, locales and UTF-16 comparisons that engines like to use.
func keysInByteOrder() []string {
	return []string{
		" ", " z", "!", "%", "'", "-", "0", "10", "2", "A", "B", "Z", `\`, "_",
		"a", "a b", "a-b", "aB", "ab", "abc", "a\u00e4", "b", "co-op", "coop", "z", "zz", "~",
		"\u00e4", "\u00f8", "\u0101", "\u0301", "\u03c3", "\u0430", "\u05d0", "\u4e2d", "\uac00", "\ue000", "\ufb01", "\uff21",
		"\U00010400", "\U0001f600", "\U0010ffff",
	}
}

func orderCases() []contract {
	return []contract{
		{"e-mail keys stand in byte order", func(t *testing.T, s service.Store) {
			wantOrder(t, s, service.OrderByEmail, func(key string, r *service.Record) { r.Keys.Email = key })
		}},
		{"last names stand in byte order of their keys", func(t *testing.T, s service.Store) {
			wantOrder(t, s, service.OrderByLastName, func(key string, r *service.Record) { r.Keys.LastName = key })
		}},
		{"the empty last name comes first", func(t *testing.T, s service.Store) {
			nameless, named := user("b@example.com", named("", "")), user("a@example.com")
			create(t, s, named, nameless)
			wantList(t, s, service.ListQuery{Order: service.Order{Field: service.OrderByLastName}, Limit: all}, nameless, named)
		}},
		{"moments of creation stand in their order, to the microsecond", func(t *testing.T, s service.Store) {
			var inOrder []service.Record
			for i, at := range momentsInOrder() {
				inOrder = append(inOrder, user(string(rune('z'-i)), created(at)))
			}
			wantBothOrders(t, s, service.OrderByCreatedAt, inOrder)
		}},
		{"ids stand in byte order where all else is the same", func(t *testing.T, s service.Store) {
			var inOrder []service.Record
			for i, id := range []uuid.UUID{
				uuid.Nil, {15: 1}, {15: 0x7f}, {15: 0x80}, {14: 1}, {8: 1}, {7: 0xff}, {0: 1}, {0: 0x7f}, {0: 0x80}, {0: 0xff, 15: 1}, uuid.Max,
			} {
				r := user(string(rune('z' - i)))
				r.User.ID = id
				inOrder = append(inOrder, r)
			}
			wantBothOrders(t, s, service.OrderByCreatedAt, inOrder)
			wantBothOrders(t, s, service.OrderByLastName, inOrder)
		}},
		{"active and inactive users are one list", func(t *testing.T, s service.Store) {
			records := users(20)
			for i := range records {
				records[i].User.IsActive = i%3 == 0
			}
			create(t, s, records...)
			wantList(t, s, service.ListQuery{Order: service.Order{Field: service.OrderByEmail}, Limit: all}, records...)
		}},
		{"the zero order is by creation, oldest first", func(t *testing.T, s service.Store) {
			young, old := user("a@example.com", created(later)), user("b@example.com")
			create(t, s, young, old)
			wantList(t, s, service.ListQuery{Limit: all}, old, young)
		}},
		{"the keys are compared and not the values", func(t *testing.T, s service.Store) {
			a, b := user("a"), user("b")
			a.User.Email, a.User.LastName, a.Keys.LastName = "2", "2", "a"
			b.User.Email, b.User.LastName, b.Keys.LastName = "1", "1", "b"
			create(t, s, b, a)
			wantList(t, s, service.ListQuery{Order: service.Order{Field: service.OrderByEmail}, Limit: all}, a, b)
			wantList(t, s, service.ListQuery{Order: service.Order{Field: service.OrderByLastName}, Limit: all}, a, b)
		}},
	}
}

// wantOrder creates a user for each of keysInByteOrder and holds the order by
// f to it.
func wantOrder(t *testing.T, s service.Store, f service.OrderField, set func(key string, r *service.Record)) {
	t.Helper()
	var inOrder []service.Record
	for _, key := range keysInByteOrder() {
		r := user("<" + key + ">")
		set(key, &r)
		inOrder = append(inOrder, r)
	}
	wantBothOrders(t, s, f, inOrder)
}

// wantBothOrders creates the users, last one first unless they are there, and
// holds the order by f to theirs, ascending and descending.
func wantBothOrders(t *testing.T, s service.Store, f service.OrderField, inOrder []service.Record) {
	t.Helper()
	reversed := slices.Clone(inOrder)
	slices.Reverse(reversed)
	if len(list(t, s, service.ListQuery{Limit: 1})) == 0 {
		create(t, s, reversed...)
	}
	wantList(t, s, service.ListQuery{Order: service.Order{Field: f}, Limit: all}, inOrder...)
	wantList(t, s, service.ListQuery{Order: service.Order{Field: f, Descending: true}, Limit: all}, reversed...)
}

// momentsInOrder are times that stores with less or other precision mix up.
func momentsInOrder() []time.Time {
	return []time.Time{
		time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(1969, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
		time.Unix(0, 0).UTC(),
		time.Unix(0, 1000).UTC(),
		start,
		start.Add(time.Microsecond),
		start.Add(2 * time.Microsecond),
		start.Add(time.Millisecond),
		time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
	}
}
