package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// origin is who asks for the changes of the log's cases.
var origin = service.Origin{Actor: "the case", RequestID: "request-1"}

func logCases() []contract {
	return append(logEntryCases(), logReadCases()...)
}

func logEntryCases() []contract {
	return []contract{
		{"each change appends one entry, as NewChange describes it", func(t *testing.T, s service.Store) {
			var log history
			r := log.create(t, s, user("ada@example.com"))
			log.create(t, s, user("bob@example.com", inactive))
			hash, off := "$new", false
			for _, u := range []service.Update{
				{Email: text("New@example.com")},
				{PasswordHash: &hash},
				{FirstName: text("Augusta"), LastName: text("King"), IsActive: &off},
			} {
				u.At = later
				r = log.update(t, s, r, u)
			}
			log.want(t, s)
		}},
		{"an entry keeps the time of its change, even when UpdatedAt does not", func(t *testing.T, s service.Store) {
			var log history
			r := log.create(t, s, user("ada@example.com"))
			log.update(t, s, r, service.Update{At: start.Add(-time.Hour), FirstName: text("Augusta")})
			log.want(t, s)
		}},
		{"what changes nothing appends nothing", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r, user("bob@example.com"))
			update(t, s, r.User.ID, service.Update{At: later, FirstName: text("Ada")})
			s.CreateUser(t.Context(), user("ada@example.com"))
			s.UpdateUser(t.Context(), r.User.ID, service.Update{At: later, Email: text("bob@example.com")})
			s.UpdateUser(t.Context(), r.User.ID, service.Update{Expect: service.Versions{}, At: later, FirstName: text("B")})
			s.DeleteUser(t.Context(), numberedID(9), service.Deletion{At: later})
			if log := logState(t, s); log.Last != 2 {
				t.Errorf("the last change is %d, want 2", log.Last)
			}
		}},
		{"a deletion is an entry and erases the values of the others", func(t *testing.T, s service.Store) {
			var log history
			r := log.create(t, s, user("ada@example.com"))
			log.create(t, s, user("bob@example.com"))
			r = log.update(t, s, r, service.Update{At: later, LastName: text("King")})
			log.remove(t, s, r)
			log.want(t, s)
			for _, c := range changesAfter(t, s, 0) {
				for _, f := range c.Fields {
					if c.UserID == r.User.ID && (f.Old != nil || f.New != nil) {
						t.Errorf("a change of a deleted user has the value %+v", f)
					}
				}
			}
		}},
		{"numbers have no gaps, and versions of a user are in their order", func(t *testing.T, s service.Store) {
			records := users(4)
			create(t, s, records...)
			var callers sync.WaitGroup
			for i := range racers {
				callers.Go(func() {
					for n := range 5 {
						if _, err := s.UpdateUser(t.Context(), records[n%4].User.ID, service.Update{At: later, FirstName: text(fmt.Sprint(i, n))}); err != nil {
							t.Error(err)
						}
					}
				})
			}
			callers.Wait()
			wantGapless(t, changesAfter(t, s, 0), 4+5*racers)
		}},
	}
}

func logReadCases() []contract {
	return []contract{
		{"an empty log says that it is empty", func(t *testing.T, s service.Store) {
			if log := logState(t, s); log.ID == "" || log.First != 1 || log.Last != 0 {
				t.Errorf("the log is %+v", log)
			}
			got, err := s.Changes(t.Context(), service.ChangeQuery{Limit: 1})
			wantSame(t, "the changes", service.ChangeSlice{}, got, err)
		}},
		{"the log says how far it goes, and stays the same log", func(t *testing.T, s service.Store) {
			before := logState(t, s)
			create(t, s, users(3)...)
			if log := logState(t, s); log.ID != before.ID || log.First != 1 || log.Last != 3 {
				t.Errorf("the log is %+v and was %+v", log, before)
			}
		}},
		{"the log is read in parts of any size", func(t *testing.T, s service.Store) {
			create(t, s, users(7)...)
			whole := changesAfter(t, s, 0)
			for after := range int64(8) {
				for _, limit := range []int{1, 2, 7, all} {
					want := whole[after:min(len(whole), int(after)+min(limit, 7))]
					got, err := s.Changes(t.Context(), service.ChangeQuery{After: after, Limit: limit})
					wantSame(t, fmt.Sprintf("%d after %d", limit, after), service.ChangeSlice{Changes: want, Through: after + int64(len(want))}, got, err)
				}
			}
		}},
		{"the log is read from the oldest change that is kept", func(t *testing.T, s service.Store) {
			oldest := service.ChangeQuery{After: service.OldestKept, Limit: all}
			got, err := s.Changes(t.Context(), oldest)
			wantSame(t, "of an empty log", service.ChangeSlice{}, got, err)
			records := users(3)
			create(t, s, records...)
			whole := changesAfter(t, s, 0)
			got, err = s.Changes(t.Context(), oldest)
			wantSame(t, "of all", service.ChangeSlice{Changes: whole, Through: 3}, got, err)
			oldest.UserID = records[1].User.ID
			got, err = s.Changes(t.Context(), oldest)
			wantSame(t, "of one user", service.ChangeSlice{Changes: whole[1:2], Through: 3}, got, err)
		}},
		{"the changes of one user are read by themselves", func(t *testing.T, s service.Store) {
			ada, bob := user("ada@example.com"), user("bob@example.com")
			create(t, s, ada, bob)
			update(t, s, ada.User.ID, service.Update{At: later, FirstName: text("Augusta")})
			create(t, s, users(3)...)
			whole := changesAfter(t, s, 0)
			for _, c := range []struct {
				q    service.ChangeQuery
				want service.ChangeSlice
			}{
				{service.ChangeQuery{UserID: ada.User.ID, Limit: 9}, service.ChangeSlice{Changes: []service.Change{whole[0], whole[2]}, Through: 6}},
				{service.ChangeQuery{UserID: ada.User.ID, Limit: 1}, service.ChangeSlice{Changes: whole[:1], Through: 1}},
				{service.ChangeQuery{UserID: ada.User.ID, After: 1, Limit: 1}, service.ChangeSlice{Changes: whole[2:3], Through: 3}},
				{service.ChangeQuery{UserID: ada.User.ID, After: 3, Limit: 9}, service.ChangeSlice{Through: 6}},
				{service.ChangeQuery{UserID: numberedID(9), Limit: 9}, service.ChangeSlice{Through: 6}},
			} {
				got, err := s.Changes(t.Context(), c.q)
				wantSame(t, fmt.Sprintf("%+v", c.q), c.want, got, err)
			}
		}},
		{"a place that the log does not have has expired", func(t *testing.T, s service.Store) {
			create(t, s, users(2)...)
			for _, after := range []int64{-2, 3, 1000} {
				_, err := s.Changes(t.Context(), service.ChangeQuery{After: after, Limit: 1})
				wantError[*service.CursorExpiredError](t, err)
			}
		}},
		{"who awaits a change that is there does not wait", func(t *testing.T, s service.Store) {
			create(t, s, users(2)...)
			for after := range int64(2) {
				if err := s.AwaitChange(t.Context(), after); err != nil {
					t.Error(err)
				}
			}
		}},
		{"who awaits a change is woken by it, and misses none of several writers", func(t *testing.T, s service.Store) {
			followed := make([][]service.Change, 3)
			var followers sync.WaitGroup
			for i := range followed {
				followers.Go(func() { followed[i] = follow(t, s, 200) })
			}
			createMany(t, s, users(200))
			followers.Wait()
			for _, changes := range followed {
				wantSame(t, "the log as it was followed", changesAfter(t, s, 0), changes, nil)
			}
		}},
		{"who awaits a change stops with the context", func(t *testing.T, s service.Store) {
			create(t, s, users(2)...)
			ctx, cancel := context.WithCancelCause(t.Context())
			ended := make(chan error)
			go func() { ended <- s.AwaitChange(ctx, 2) }()
			cancel(errHungUp)
			if err := <-ended; !errors.Is(err, errHungUp) {
				t.Errorf("the error is %v, want one that wraps the context's cause", err)
			}
		}},
	}
}

// history is what the log ought to hold.
type history struct{ changes []service.Change }

func (h *history) add(old, new *service.Record, at time.Time) {
	c := service.NewChange(old, new, at, origin)
	c.Seq = int64(len(h.changes)) + 1
	h.changes = append(h.changes, c)
}

func (h *history) create(t *testing.T, s service.Store, r service.Record) service.Record {
	t.Helper()
	if err := s.CreateUser(service.WithOrigin(t.Context(), origin), r); err != nil {
		t.Fatal(err)
	}
	h.add(nil, &r, r.User.CreatedAt)
	return r
}

func (h *history) update(t *testing.T, s service.Store, r service.Record, u service.Update) service.Record {
	t.Helper()
	if _, err := s.UpdateUser(service.WithOrigin(t.Context(), origin), r.User.ID, u); err != nil {
		t.Fatal(err)
	}
	updated, _ := u.Apply(r)
	h.add(&r, &updated, u.At)
	return updated
}

func (h *history) remove(t *testing.T, s service.Store, r service.Record) {
	t.Helper()
	if err := s.DeleteUser(service.WithOrigin(t.Context(), origin), r.User.ID, service.Deletion{At: later}); err != nil {
		t.Fatal(err)
	}
	h.add(&r, nil, later)
	h.erase(r.User.ID)
}

// erase takes the values from the changes of a user.
func (h *history) erase(id uuid.UUID) {
	for i, c := range h.changes {
		if c.UserID == id {
			h.changes[i] = c.Erased()
		}
	}
}

func (h *history) want(t *testing.T, s service.Store) {
	t.Helper()
	wantSame(t, "the log", h.changes, changesAfter(t, s, 0), nil)
}

func logState(t *testing.T, s service.Store) service.ChangeLogState {
	t.Helper()
	log, err := s.ChangeLog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// changesAfter reads all changes after one.
func changesAfter(t *testing.T, s service.Store, after int64) []service.Change {
	t.Helper()
	slice, err := s.Changes(t.Context(), service.ChangeQuery{After: after, Limit: all})
	if err != nil {
		t.Fatal(err)
	}
	return slice.Changes
}

// wantGapless holds changes to n numbers in a row, and to each user's versions
// in a row.
func wantGapless(t *testing.T, changes []service.Change, n int) {
	t.Helper()
	if len(changes) != n {
		t.Errorf("there are %d changes, want %d", len(changes), n)
	}
	versions := make(map[uuid.UUID]int32)
	for i, c := range changes {
		if c.Seq != int64(i)+1 || c.Version != versions[c.UserID]+1 {
			t.Errorf("the change in place %d is number %d, to version %d after %d", i+1, c.Seq, c.Version, versions[c.UserID])
		}
		versions[c.UserID] = c.Version
	}
}

// follow reads the log as it grows, until it has n changes.
func follow(t *testing.T, s service.Store, n int) []service.Change {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // for a store that never wakes
	defer cancel()
	var read []service.Change
	for after := int64(0); len(read) < n; {
		if err := s.AwaitChange(ctx, after); err != nil {
			t.Error(err)
			return read
		}
		slice, err := s.Changes(t.Context(), service.ChangeQuery{After: after, Limit: 3})
		if err != nil || len(slice.Changes) == 0 {
			t.Errorf("woken for %d changes, %v", len(slice.Changes), err)
			return read
		}
		read = append(read, slice.Changes...)
		after = slice.Through
	}
	return read
}
