package storetest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

func pageCases() []contract {
	return []contract{
		{"pages of any size make up the list", func(t *testing.T, s service.Store) {
			records := mixedUsers(11)
			create(t, s, records...)
			for _, o := range orders() {
				for _, size := range []int{1, 2, 3, 10, 11, 12, all} {
					wantUsers(t, fmt.Sprintf("pages of %d, %+v", size, o), sorted(records, o), walk(t, s, service.ListQuery{Order: o, Limit: size}, nil))
				}
			}
		}},
		{"After and Before bound the list, by users who are there", func(t *testing.T, s service.Store) {
			records := mixedUsers(6)
			create(t, s, records...)
			for _, o := range orders() {
				wantParts(t, s, records, o, places(records, o.Field))
			}
		}},
		{"After and Before bound the list, by users who are gone", func(t *testing.T, s service.Store) {
			records := mixedUsers(9)
			create(t, s, records...)
			gone, left := records[3:6], slices.Concat(records[:3], records[6:])
			for _, r := range gone {
				remove(t, s, r.User.ID)
			}
			for _, o := range orders() {
				wantParts(t, s, left, o, places(gone, o.Field))
			}
		}},
		{"After and Before bound the list, by users who never were", func(t *testing.T, s service.Store) {
			records := mixedUsers(4)
			create(t, s, records...)
			for _, o := range orders() {
				wantParts(t, s, records, o, inventedPlaces(records, o.Field))
			}
		}},
		{"a position keeps its place when its user moves", func(t *testing.T, s service.Store) {
			records := users(5)
			create(t, s, records...)
			place := position(records[1], service.OrderByEmail)
			u := service.Update{At: later, Email: text("user000002z@example.com")}
			update(t, s, records[1].User.ID, u)
			moved, _ := u.Apply(records[1])
			byEmail := service.Order{Field: service.OrderByEmail}
			wantList(t, s, service.ListQuery{Order: byEmail, After: &place, Limit: 3}, records[2], moved, records[3])
			wantList(t, s, service.ListQuery{Order: byEmail, Before: &place, Limit: 3}, records[0])
		}},
		{"who walks sees each user once, whoever comes and goes between two pages", walkWhileOthersComeAndGo},
		{"who walks sees each user once, whoever comes and goes meanwhile", walkBesideWriters},
		{"10000 users are walked in every order", walkMany},
	}
}

// mixedUsers are users of whom several share a name, a moment or a flag.
func mixedUsers(n int) []service.Record {
	records := users(n)
	for i := range records {
		r := &records[i]
		named([]string{"Ada", "Bo", "Ådne"}[i%3], []string{"Zuse", "Ørsted", "zuse", "Abel"}[i*i%4])(r)
		created(start.Add(time.Duration(i*7%4) * time.Microsecond))(r)
		r.User.IsActive = i%4 != 1
		r.Keys.Email = fmt.Sprintf("%c%d", 'a'+i*5%7, i)
	}
	return records
}

// walk reads a list page by page, each after the last user of the one before,
// and calls between after each page.
func walk(t *testing.T, s service.Store, q service.ListQuery, between func(last service.KeyedUser)) []service.KeyedUser {
	t.Helper()
	var walked []service.KeyedUser
	for {
		page := list(t, s, q)
		if len(page) > q.Limit {
			t.Fatalf("a page has %d users, want at most %d", len(page), q.Limit)
		}
		walked = append(walked, page...)
		if len(page) < q.Limit {
			return walked
		}
		last := page[len(page)-1]
		after := last.Position(q.Order.Field)
		if q.After != nil && !follows(after, *q.After, q.Order) {
			t.Fatalf("a page after %+v ends with %+v", *q.After, after)
		}
		q.After = &after
		if between != nil {
			between(last)
		}
	}
}

// follows tells whether a stands behind b in an order.
func follows(a, b service.Position, o service.Order) bool {
	if o.Descending {
		return compare(a, b) < 0
	}
	return compare(a, b) > 0
}

// wantParts holds each part of the list between any two of places to the same
// part of records, filtered and limited in several ways.
func wantParts(t *testing.T, s service.Store, records []service.Record, o service.Order, places []*service.Position) {
	t.Helper()
	yes := true
	filters := []service.Filter{{}, {IsActive: &yes}, {Prefix: "a"}, {EmailKey: records[0].Keys.Email}}
	for _, after := range places {
		for _, before := range places {
			for _, f := range filters {
				for _, limit := range []int{2, all} {
					q := service.ListQuery{Filter: f, Order: o, After: after, Before: before, Limit: limit}
					wantList(t, s, q, answer(records, q)...)
				}
			}
		}
	}
}

// places are the positions of records, and none.
func places(records []service.Record, f service.OrderField) []*service.Position {
	places := []*service.Position{nil}
	for _, r := range records {
		p := position(r, f)
		places = append(places, &p)
	}
	return places
}

// inventedPlaces are positions beside those of records and far from them.
func inventedPlaces(records []service.Record, f service.OrderField) []*service.Position {
	invented := places(nil, f)
	for _, r := range records {
		before, after := position(r, f), position(r, f)
		before.ID, after.ID = uuid.Nil, uuid.Max
		invented = append(invented, &before, &after)
	}
	return append(invented,
		&service.Position{At: time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)},
		&service.Position{At: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), Key: "\U0010ffff", ID: uuid.Max},
	)
}

// answer is what the contract says that q returns when these are the users.
func answer(records []service.Record, q service.ListQuery) []service.Record {
	var found []service.Record
	for _, r := range sorted(records, q.Order) {
		if matches(r, q.Filter) && stands(r, q) && len(found) < q.Limit {
			found = append(found, r)
		}
	}
	return found
}

// stands tells whether r stands strictly between the bounds of q.
func stands(r service.Record, q service.ListQuery) bool {
	before, after := q.Before, q.After
	if q.Order.Descending {
		before, after = after, before
	}
	p := position(r, q.Order.Field)
	return (after == nil || compare(*after, p) < 0) && (before == nil || compare(p, *before) < 0)
}

// walkWhileOthersComeAndGo adds users in front of the walker and behind it, and
// removes some that it has before it and those that it stands on.
func walkWhileOthersComeAndGo(t *testing.T, s service.Store) {
	for i, o := range orders() {
		named := func(name string, n int, at time.Time) service.Record {
			key := fmt.Sprintf("%s%02d", name, n)
			return user(fmt.Sprintf("%s in %d", key, i), named("", key), created(at))
		}
		var stay, leave []service.Record
		for n := range 20 {
			at := start.Add(time.Duration(n) * time.Second)
			stay, leave = append(stay, named("stay", n, at)), append(leave, named("stay", n, at))
			leave[n].Keys.Email += " no longer"
		}
		create(t, s, stay...)
		create(t, s, leave...)
		pages := 0
		seen := walk(t, s, service.ListQuery{Order: o, Limit: 3}, func(last service.KeyedUser) {
			leave = slices.DeleteFunc(leave, func(r service.Record) bool {
				goes := r.User.ID == last.User.ID || r.User.ID == leave[0].User.ID
				if goes {
					remove(t, s, r.User.ID)
				}
				return goes
			})
			create(t, s, named("a", pages, start.Add(-time.Hour)), named("z", pages, later))
			pages++
		})
		wantEachOnce(t, stay, seen)
		for _, u := range list(t, s, service.ListQuery{Limit: all}) {
			remove(t, s, u.User.ID)
		}
	}
}

// wantEachOnce holds seen to every one of stay once, and nobody twice.
func wantEachOnce(t *testing.T, stay []service.Record, seen []service.KeyedUser) {
	t.Helper()
	times := make(map[uuid.UUID]int)
	for _, u := range seen {
		if times[u.User.ID]++; times[u.User.ID] == 2 {
			t.Errorf("%s is seen twice", u.Keys.Email)
		}
	}
	for _, r := range stay {
		if times[r.User.ID] == 0 {
			t.Errorf("%s is not seen", r.Keys.Email)
		}
	}
}

func walkBesideWriters(t *testing.T, s service.Store) {
	stay := mixedUsers(60)
	create(t, s, stay...)
	done := make(chan struct{})
	var writers sync.WaitGroup
	for w := range 2 {
		writers.Go(func() { comeAndGo(t, s, w, done) })
	}
	for _, o := range orders() {
		for range 5 {
			wantEachOnce(t, stay, walk(t, s, service.ListQuery{Order: o, Limit: 7}, nil))
		}
	}
	close(done)
	writers.Wait()
}

// comeAndGo creates and deletes users until done.
func comeAndGo(t *testing.T, s service.Store, writer int, done <-chan struct{}) {
	for i := 0; ; i++ {
		select {
		case <-done:
			return
		default:
		}
		r := user(fmt.Sprintf("%c%d guest %d", 'a'+i%7, i, writer), named("Guest", []string{"Abel", "Ørsted", "Zuse"}[i%3]))
		if err := s.CreateUser(t.Context(), r); err != nil {
			t.Error(err)
			return
		}
		if err := s.DeleteUser(t.Context(), r.User.ID, service.Deletion{At: later}); err != nil {
			t.Error(err)
			return
		}
	}
}

func walkMany(t *testing.T, s service.Store) {
	records := users(10_000)
	for i := range records {
		named("", fmt.Sprintf("n%d", i*7919%1000))(&records[i])
		created(start.Add(time.Duration(i*7919%5000) * time.Microsecond))(&records[i])
		records[i].User.IsActive = i%2 == 0
	}
	createMany(t, s, records)
	yes := true
	for _, o := range orders() {
		wantUsers(t, fmt.Sprint(o), sorted(records, o), walk(t, s, service.ListQuery{Order: o, Limit: 1000}, nil))
	}
	for _, f := range []service.Filter{{IsActive: &yes}, {Prefix: "n1"}, {Prefix: "user00777"}, {Prefix: "n99", IsActive: &yes}} {
		q := service.ListQuery{Filter: f, Order: service.Order{Field: service.OrderByLastName}, Limit: all}
		want := answer(records, q)
		q.Limit = 150
		wantUsers(t, fmt.Sprint(f), want, walk(t, s, q, nil))
		wantCount(t, s, f, len(want))
	}
}

// createMany adds users to s, several at once: an engine that syncs each
// change to a disk is then not waited for so often.
func createMany(t *testing.T, s service.Store, records []service.Record) {
	t.Helper()
	var workers sync.WaitGroup
	for part := range slices.Chunk(records, len(records)/64+1) {
		workers.Go(func() {
			for _, r := range part {
				if err := s.CreateUser(t.Context(), r); err != nil {
					t.Errorf("create %s: %v", r.Keys.Email, err)
					return
				}
			}
		})
	}
	workers.Wait()
}
