package memory

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// check holds the indexes to the shelf: each record is in each index of its own
// kind once, in order, and nothing else is.
func (t *tables) check(tb testing.TB) {
	tb.Helper()
	emails := make(map[string]bool)
	users := 0
	for p, r := range t.records {
		if r == nil {
			continue
		}
		users++
		if t.places[r.User.ID] != place(p) {
			tb.Errorf("%s stands at %d, and is said to stand at %d", r.User.ID, p, t.places[r.User.ID])
		}
		if emails[r.Keys.Email] {
			tb.Errorf("two users have the e-mail key %q", r.Keys.Email)
		}
		emails[r.Keys.Email] = true
	}
	if users != t.users() || len(t.records)-users != len(t.free) {
		tb.Errorf("of %d places %d are taken, %d known and %d free", len(t.records), users, t.users(), len(t.free))
	}
	if n := t.active.created.len + t.inactive.created.len; n != users {
		tb.Errorf("%d users are in the indexes and %d on the shelf", n, users)
	}
	for active, x := range map[bool]*indexes{true: t.active, false: t.inactive} {
		for i, index := range x.all() {
			t.checkIndex(tb, fmt.Sprintf("index %d of active %v", i, active), active, index, x.created.len)
		}
	}
}

func (t *tables) checkIndex(tb testing.TB, name string, active bool, x *index, n int) {
	tb.Helper()
	found := 0
	var previous *service.Record
	for r := range x.from(spot{}) {
		found++
		if t.Record(r.User.ID) != r || r.User.IsActive != active {
			tb.Errorf("%s: %s is not to be here", name, r.Keys.Email)
		}
		if previous != nil && x.order(previous, r) >= 0 {
			tb.Errorf("%s: %s stands before %s", name, previous.Keys.Email, r.Keys.Email)
		}
		previous = r
	}
	if found != n || x.len != n {
		tb.Errorf("%s: %d users, said to be %d, want %d", name, found, x.len, n)
	}
}

// population are users of whom many, some, one or none have each prefix, in
// one key or several.
func population() *tables {
	t := newTables()
	for i := range 300 {
		r := &service.Record{}
		r.User.ID = uuid.UUID{0: byte(i * 7), 14: byte(i >> 8), 15: byte(i)}
		r.User.CreatedAt = time.UnixMicro(int64(i * 7919 % 100)).UTC()
		r.User.IsActive = i%3 > 0
		r.Keys = service.Keys{
			Email:     fmt.Sprintf("%c%d@example.com", 'a'+i%5, i),
			FirstName: []string{"ada", "bob", "carol", "dan"}[i*i%4],
			LastName:  fmt.Sprintf("%c name %d", 'a'+i*i%7, i),
		}
		t.replace(nil, r)
	}
	return t
}

func prefixes() []string {
	return []string{"a", "b", "ad", "ada", "a1", "a9", "c99", "g", "g name 1", "e299@example.com", "h", "zz", "ada@", "\U0010ffff"}
}

// queries are lists by prefix in every order, everywhere in the list.
func queries() []service.ListQuery {
	yes, no := true, false
	var queries []service.ListQuery
	for _, prefix := range prefixes() {
		for _, active := range []*bool{nil, &yes, &no} {
			for _, field := range service.OrderFields() {
				for _, descending := range []bool{false, true} {
					for _, limit := range []int{1, 20, 2000} {
						queries = append(queries, service.ListQuery{
							Filter: service.Filter{Prefix: prefix, IsActive: active},
							Order:  service.Order{Field: field, Descending: descending},
							Limit:  limit,
						})
					}
				}
			}
		}
	}
	return queries
}

// matching counts the users that f selects the slow way.
func (t *tables) matching(f service.Filter) int {
	n := 0
	for _, r := range t.sorted() {
		if (f.IsActive == nil || *f.IsActive == r.User.IsActive) &&
			(strings.HasPrefix(r.Keys.Email, f.Prefix) || strings.HasPrefix(r.Keys.FirstName, f.Prefix) || strings.HasPrefix(r.Keys.LastName, f.Prefix)) {
			n++
		}
	}
	return n
}

// The promise of list, in three parts: the walk is allowed no more users than
// match (TestSearchKnowsNoMoreThanMatch), it keeps to what it is allowed
// (TestPickKeepsToItsBudget), and gathering looks at those who match
// (TestGatherLooksAtWhoMatches).

func TestSearchKnowsNoMoreThanMatch(t *testing.T) {
	tables := population()
	for _, q := range queries() {
		budget := 0
		for _, x := range tables.selected(q.Filter.IsActive) {
			budget += x.atLeast(q.Filter.Prefix)
		}
		if n := tables.matching(q.Filter); budget > n || budget == 0 && n > 0 {
			t.Errorf("%+v: %d users are known to match of %d", q.Filter, budget, n)
		}
	}
}

func TestPickKeepsToItsBudget(t *testing.T) {
	tables := population()
	for _, q := range queries() {
		l := tables.newListing(q)
		needed := 0 // how many have to be looked at to answer q by walking
		var want []*service.Record
		for r := range l.walk {
			if len(want) == q.Limit {
				break
			}
			needed++
			if matches(r, q.Filter) {
				want = append(want, r)
			}
		}
		for _, budget := range []int{0, needed - 1, needed, needed + 1} {
			found, done := l.pick(budget)
			if done != (budget >= needed) || done && !slices.Equal(found, want) {
				t.Errorf("%+v: with a budget of %d of %d users: done is %v, %d users", q, budget, needed, done, len(found))
			}
		}
	}
}

func TestGatherLooksAtWhoMatches(t *testing.T) {
	tables := population()
	for _, q := range queries() {
		looked := make(map[*service.Record]int)
		for _, x := range tables.selected(q.Filter.IsActive) {
			x.withPrefix(q.Filter.Prefix, func(r *service.Record) { looked[r]++ })
		}
		if n := tables.matching(q.Filter); len(looked) != n {
			t.Errorf("%+v: looks at %d users, %d match", q.Filter, len(looked), n)
		}
		for r, times := range looked {
			if times != 1 || !matches(r, q.Filter) {
				t.Errorf("%+v: looks %d times at %s", q.Filter, times, r.Keys.Email)
			}
		}
	}
}

// Both ways to search answer the same.
func TestPickAndGatherAgree(t *testing.T) {
	tables := population()
	for _, q := range queries() {
		l := tables.newListing(q)
		picked, _ := l.pick(tables.users())
		if gathered := l.gather(); !slices.Equal(picked, gathered) {
			t.Errorf("%+v: walking finds %d users and gathering %d, or others", q, len(picked), len(gathered))
		}
	}
}

func TestPopulationIsIndexed(t *testing.T) {
	tables := population()
	tables.check(t)
	for _, r := range tables.sorted() {
		if r.User.ID[15]%2 == 0 {
			tables.replace(r, nil)
		}
	}
	tables.check(t)
}
