package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// racers is how many callers want the same at once.
const racers = 16

func raceCases() []contract {
	return []contract{
		{"of several creations with one e-mail key one wins", func(t *testing.T, s service.Store) {
			for round := range 20 {
				email := fmt.Sprintf("ada%d@example.com", round)
				wantOneWinner[*service.EmailTakenError](t, func(int) error { return s.CreateUser(t.Context(), user(email)) })
				wantCount(t, s, service.Filter{EmailKey: email}, 1)
			}
			wantCount(t, s, service.Filter{}, 20)
		}},
		{"of several updates to one e-mail key one wins", func(t *testing.T, s service.Store) {
			records := users(racers)
			create(t, s, records...)
			wantOneWinner[*service.EmailTakenError](t, func(i int) error {
				_, err := s.UpdateUser(t.Context(), records[i].User.ID, service.Update{At: later, Email: text("one@example.com")})
				return err
			})
			wantCount(t, s, service.Filter{EmailKey: "one@example.com"}, 1)
			wantCount(t, s, service.Filter{Prefix: "user"}, racers-1)
		}},
		{"of a creation and an update with one e-mail key one wins", func(t *testing.T, s service.Store) {
			records := users(racers)
			create(t, s, records...)
			wantOneWinner[*service.EmailTakenError](t, func(i int) error {
				if i%2 == 0 {
					return s.CreateUser(t.Context(), user("one@example.com"))
				}
				_, err := s.UpdateUser(t.Context(), records[i].User.ID, service.Update{At: later, Email: text("one@example.com")})
				return err
			})
		}},
		{"of several updates that expect one version one wins", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r)
			wantOneWinner[*service.VersionConflictError](t, func(i int) error {
				_, err := s.UpdateUser(t.Context(), r.User.ID, service.Update{Expect: service.Versions{1}, At: later, FirstName: text(fmt.Sprint(i))})
				return err
			})
			if got := mustRead(t, s, r); got.Version != 2 {
				t.Errorf("the version is %d, want 2", got.Version)
			}
		}},
		{"of several deletions one wins", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r)
			wantOneWinner[*service.UserNotFoundError](t, func(int) error {
				return s.DeleteUser(t.Context(), r.User.ID, service.Deletion{At: later})
			})
		}},
		{"of several updates none is lost", updateAtOnce},
		{"an e-mail address that is passed on has one owner at any time", passOn},
		{"readers see a change as a whole", readWhileChanging},
		{"what has been acknowledged is read by everybody", func(t *testing.T, s service.Store) {
			var callers sync.WaitGroup
			for i := range racers {
				callers.Go(func() {
					r := user(fmt.Sprintf("user%d@example.com", i))
					if err := s.CreateUser(t.Context(), r); err != nil {
						t.Error(err)
						return
					}
					wantStored(t, s, r)
				})
			}
			callers.Wait()
			contents(t, s)
		}},
	}
}

// wantOneWinner has several callers try at once and holds all but one of them
// to the error E.
func wantOneWinner[E error](t *testing.T, try func(caller int) error) {
	t.Helper()
	var winners atomic.Int32
	var callers sync.WaitGroup
	begin := make(chan struct{})
	for i := range racers {
		callers.Go(func() {
			<-begin
			err := try(i)
			var lost E
			switch {
			case err == nil:
				winners.Add(1)
			case !errors.As(err, &lost):
				t.Errorf("a caller got %v, want a %T", err, lost)
			}
		})
	}
	close(begin)
	callers.Wait()
	if n := winners.Load(); n != 1 {
		t.Errorf("%d callers won, want 1", n)
	}
}

// updateAtOnce has each caller change the user several times, and finds each
// version returned to exactly one of them.
func updateAtOnce(t *testing.T, s service.Store) {
	const each = 5
	r := user("ada@example.com")
	create(t, s, r)
	var mu sync.Mutex
	versions := make(map[int32]int)
	var callers sync.WaitGroup
	for i := range racers {
		callers.Go(func() {
			for n := range each {
				got, err := s.UpdateUser(t.Context(), r.User.ID, service.Update{At: later, FirstName: text(fmt.Sprint(i, n))})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				versions[got.Version]++
				mu.Unlock()
			}
		})
	}
	callers.Wait()
	want := make(map[int32]int)
	for v := range int32(racers * each) {
		want[v+2] = 1
	}
	if diff := cmp.Diff(want, versions); diff != "" {
		t.Errorf("how often each version was returned (-want +got):\n%s", diff)
	}
}

// passOn has callers create a user with one address, look, and delete it.
func passOn(t *testing.T, s service.Store) {
	var callers sync.WaitGroup
	for range racers {
		callers.Go(func() {
			for range 5 {
				createLookDelete(t, s, user("one@example.com"))
			}
		})
	}
	callers.Wait()
	wantCount(t, s, service.Filter{}, 0)
}

func createLookDelete(t *testing.T, s service.Store, r service.Record) {
	err := s.CreateUser(t.Context(), r)
	if errors.Is(err, &service.EmailTakenError{}) {
		return
	}
	if err != nil {
		t.Error(err)
		return
	}
	found, err := s.ListUsers(t.Context(), service.ListQuery{Filter: service.Filter{EmailKey: "one@example.com"}, Limit: 2})
	wantSame(t, "the owner of the address", listed(r), found, err)
	if err := s.DeleteUser(t.Context(), r.User.ID, service.Deletion{At: later}); err != nil {
		t.Error(err)
	}
}

// readWhileChanging has one caller give a user pairs of equal names, and
// others find no unequal ones, and the user in every list.
func readWhileChanging(t *testing.T, s service.Store) {
	r := user("a@example.com", named("a", "a"))
	create(t, s, r)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				wantWhole(t, s, r.User.ID)
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for i := range 40 {
		name, active := text(fmt.Sprintf("%c", 'a'+i%2)), i%3 == 0
		update(t, s, r.User.ID, service.Update{At: later, Email: text(name.Value + "@example.com"), FirstName: name, LastName: name, IsActive: &active})
	}
	close(done)
	readers.Wait()
}

// wantWhole holds the only user there is to being there, with names and
// address of one change.
func wantWhole(t *testing.T, s service.Store, id uuid.UUID) {
	u, err := s.User(t.Context(), id)
	if err != nil || u.FirstName != u.LastName || u.Email != u.FirstName+"@example.com" {
		t.Errorf("the user is %+v, %v", u, err)
	}
	for _, f := range service.OrderFields() {
		found, err := s.ListUsers(t.Context(), service.ListQuery{Order: service.Order{Field: f}, Limit: 2})
		if err != nil || len(found) != 1 || found[0].User.FirstName != found[0].Keys.LastName {
			t.Errorf("the list by %s is %+v, %v", f, found, err)
		}
	}
	if n, err := s.CountUsers(t.Context(), service.Filter{}); err != nil || n != 1 {
		t.Errorf("%d users are counted, %v", n, err)
	}
}
