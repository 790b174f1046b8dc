package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// all is more users than any case has.
const all = math.MaxInt32

// create adds users to s.
func create(t *testing.T, s service.Store, records ...service.Record) {
	t.Helper()
	for _, r := range records {
		if err := s.CreateUser(t.Context(), r); err != nil {
			t.Fatalf("create %s: %v", r.Keys.Email, err)
		}
	}
}

// update changes a user of s.
func update(t *testing.T, s service.Store, id uuid.UUID, u service.Update) service.User {
	t.Helper()
	got, err := s.UpdateUser(t.Context(), id, u)
	if err != nil {
		t.Fatalf("update: %v", err)
	}
	return got
}

// remove removes a user from s.
func remove(t *testing.T, s service.Store, id uuid.UUID) {
	t.Helper()
	if err := s.DeleteUser(t.Context(), id, service.Deletion{At: later}); err != nil {
		t.Fatalf("delete: %v", err)
	}
}

// list returns the users that q asks for.
func list(t *testing.T, s service.Store, q service.ListQuery) []service.KeyedUser {
	t.Helper()
	got, err := s.ListUsers(t.Context(), q)
	if err != nil {
		t.Fatalf("list %+v: %v", q, err)
	}
	return got
}

// listed are records as a list returns them.
func listed(records ...service.Record) []service.KeyedUser {
	users := make([]service.KeyedUser, len(records))
	for i, r := range records {
		users[i] = r.Keyed()
	}
	return users
}

// everything is all that s holds.
type everything struct {
	Users   []service.Record
	Changes []service.Change
}

// contents reads everything, each user by each way there is, which must agree.
func contents(t *testing.T, s service.Store) everything {
	t.Helper()
	var found everything
	for _, u := range list(t, s, service.ListQuery{Limit: all}) {
		hash, err := s.PasswordHash(t.Context(), u.User.ID)
		if err != nil {
			t.Fatalf("password hash of a user who is listed: %v", err)
		}
		wantStored(t, s, service.Record{User: *u.User, Keys: *u.Keys, PasswordHash: hash})
		found.Users = append(found.Users, service.Record{User: *u.User, Keys: *u.Keys, PasswordHash: hash})
	}
	for _, f := range service.OrderFields() {
		for _, descending := range []bool{false, true} {
			wantSameUsers(t, found.Users, list(t, s, service.ListQuery{Order: service.Order{Field: f, Descending: descending}, Limit: all}))
		}
	}
	if n, err := s.CountUsers(t.Context(), service.Filter{}); err != nil || n != len(found.Users) {
		t.Errorf("%d users are counted, %v, and %d listed", n, err, len(found.Users))
	}
	found.Changes = changesAfter(t, s, 0)
	return found
}

// wantSameUsers holds a list to records, in any order.
func wantSameUsers(t *testing.T, want []service.Record, got []service.KeyedUser) {
	t.Helper()
	byID := cmpopts.SortSlices(func(a, b service.KeyedUser) bool { return a.User.ID.String() < b.User.ID.String() })
	if diff := cmp.Diff(listed(want...), got, byID, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("two lists differ by more than their order (-one +other):\n%s", diff)
	}
}

// wantStored holds what s has of a user to r, in every way to read it.
func wantStored(t *testing.T, s service.Store, r service.Record) {
	t.Helper()
	u, err := s.User(t.Context(), r.User.ID)
	wantSame(t, "User", r.User, u, err)
	hash, err := s.PasswordHash(t.Context(), r.User.ID)
	wantSame(t, "PasswordHash", r.PasswordHash, hash, err)
	several, err := s.UsersByID(t.Context(), []uuid.UUID{r.User.ID})
	wantSame(t, "UsersByID", []service.User{r.User}, several, err)
	found, err := s.ListUsers(t.Context(), service.ListQuery{Filter: service.Filter{EmailKey: r.Keys.Email}, Limit: 2})
	wantSame(t, "ListUsers by e-mail key", listed(r), found, err)
}

// wantSame holds what a method returned to want.
func wantSame[T any](t *testing.T, what string, want, got T, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	} else if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// wantList holds the list that q asks for to users in this order.
func wantList(t *testing.T, s service.Store, q service.ListQuery, want ...service.Record) {
	t.Helper()
	wantUsers(t, fmt.Sprintf("list %+v", q), want, list(t, s, q))
}

// wantUsers holds a list to users in this order.
func wantUsers(t *testing.T, what string, want []service.Record, got []service.KeyedUser) {
	t.Helper()
	same := func(r service.Record, u service.KeyedUser) bool { return r.User == *u.User && r.Keys == *u.Keys }
	if slices.EqualFunc(want, got, same) {
		return // most are, and cmp takes its time
	}
	if diff := cmp.Diff(listed(want...), got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// wantError holds err to the type E and returns it.
func wantError[E error](t *testing.T, err error) (typed E) {
	t.Helper()
	if !errors.As(err, &typed) {
		t.Fatalf("the error is %v, want a %T", err, typed)
	}
	return typed
}

// wantNotFound holds err to a UserNotFoundError for id.
func wantNotFound(t *testing.T, err error, id uuid.UUID) {
	t.Helper()
	if got := wantError[*service.UserNotFoundError](t, err); got.ID != id {
		t.Errorf("the error is about %s, want %s", got.ID, id)
	}
}

// wantConflict holds err to a VersionConflictError for id at version current.
func wantConflict(t *testing.T, err error, id uuid.UUID, current int32) {
	t.Helper()
	want := &service.VersionConflictError{ID: id, Current: current}
	if diff := cmp.Diff(want, wantError[*service.VersionConflictError](t, err)); diff != "" {
		t.Errorf("the conflict (-want +got):\n%s", diff)
	}
}

// wantUnchanged runs what has to fail and holds s to what it was before.
func wantUnchanged(t *testing.T, s service.Store, failing func()) {
	t.Helper()
	before := contents(t, s)
	failing()
	if diff := cmp.Diff(before, contents(t, s)); diff != "" {
		t.Errorf("what failed changed something (-before +after):\n%s", diff)
	}
}

// sorted is records in an order by f, by the contract's own words.
func sorted(records []service.Record, o service.Order) []service.Record {
	return slices.SortedFunc(slices.Values(records), func(a, b service.Record) int {
		if o.Descending {
			a, b = b, a
		}
		return compare(position(a, o.Field), position(b, o.Field))
	})
}

// position is where r stands in an order by f.
func position(r service.Record, f service.OrderField) service.Position {
	return r.Keyed().Position(f)
}

// compare compares two positions of one order, both ascending.
func compare(a, b service.Position) int {
	if c := a.At.Compare(b.At); c != 0 {
		return c
	}
	if c := strings.Compare(a.Key, b.Key); c != 0 {
		return c
	}
	return bytes.Compare(a.ID[:], b.ID[:])
}

// orders are all orders that there are, the zero value among them.
func orders() []service.Order {
	orders := []service.Order{{}}
	for _, f := range service.OrderFields() {
		orders = append(orders, service.Order{Field: f}, service.Order{Field: f, Descending: true})
	}
	return orders
}
