package storetest

import (
	"errors"
	"sync"
	"testing"

	"github.com/userd/userd/service"
)

// itemUserCases are about items and users that change in one step.
func itemUserCases() []contract {
	return []contract{
		{"an item of nobody who is there is refused", func(t *testing.T, s service.Store) {
			r, gone := user("ada@example.com"), user("gone@example.com")
			create(t, s, r, gone)
			remove(t, s, gone.User.ID)
			for _, nobody := range []service.Record{user("new@example.com"), gone} {
				wantNotFound(t, s.ChangeItems(t.Context(), start, []service.ItemChange{added(itemOf(r, 1, "a")), added(itemOf(nobody, 2, "b"))}), nobody.User.ID)
				wantNotFound(t, s.CreateUser(t.Context(), user("bob@example.com"), added(itemOf(nobody, 2, "b"))), nobody.User.ID)
				_, err := s.UpdateUser(t.Context(), r.User.ID, service.Update{At: later, FirstName: text("B"), Items: []service.ItemChange{added(itemOf(nobody, 2, "b"))}})
				wantNotFound(t, err, nobody.User.ID)
			}
			wantItems(t, s, sessions, start)
			wantStored(t, s, r)
			wantCount(t, s, service.Filter{}, 1)
		}},
		{"a user is created with items, or not at all", func(t *testing.T, s service.Store) {
			r, other := user("ada@example.com"), item(9, "z")
			changeItems(t, s, added(other))
			wantUnchanged(t, s, func() {
				wantError[*service.ItemConflictError](t, s.CreateUser(t.Context(), r, added(itemOf(r, 1, "a")), added(other)))
			})
			wantItems(t, s, sessions, start, other)
			if err := s.CreateUser(t.Context(), r, added(itemOf(r, 1, "a")), removed(other)); err != nil {
				t.Fatal(err)
			}
			wantStored(t, s, r)
			wantItems(t, s, sessions, start, itemOf(r, 1, "a"))
			wantItemsOf(t, s, r, sessions, itemOf(r, 1, "a"))
			wantError[*service.EmailTakenError](t, s.CreateUser(t.Context(), user("ada@example.com"), added(item(2, "b")), added(item(1, "conflict"))))
			wantItems(t, s, sessions, start, itemOf(r, 1, "a"))
		}},
		{"a user is changed with items, or not at all", func(t *testing.T, s service.Store) {
			r, bob := user("ada@example.com"), user("bob@example.com")
			create(t, s, r, bob)
			changeItems(t, s, added(itemOf(r, 1, "a")))
			for _, c := range []struct {
				u    service.Update
				code service.Code
			}{
				{service.Update{FirstName: text("B")}, ""},
				{service.Update{FirstName: text("B"), Expect: service.Versions{7}}, service.CodeVersionConflict},
				{service.Update{Email: text("bob@example.com")}, service.CodeEmailTaken},
			} {
				c.u.At, c.u.EndItems = later, []service.ItemKind{sessions}
				c.u.Items = []service.ItemChange{added(itemOf(r, 2, "b")), removed(itemOf(r, 1, "not a"))}
				wantUnchanged(t, s, func() {
					_, err := s.UpdateUser(t.Context(), r.User.ID, c.u)
					if c.code == "" {
						wantError[*service.ItemConflictError](t, err)
					} else if service.CodeOf(err) != c.code {
						t.Errorf("the error is %v, want %s", err, c.code)
					}
				})
				wantItems(t, s, sessions, start, itemOf(r, 1, "a"))
			}
			got := update(t, s, r.User.ID, service.Update{At: later, FirstName: text("B"), Items: []service.ItemChange{added(itemOf(bob, 2, "b")), replaced(itemOf(r, 1, "a"), "c")}})
			if got.Version != 2 {
				t.Errorf("the version is %d", got.Version)
			}
			wantItems(t, s, sessions, start, itemOf(r, 1, "c"), itemOf(bob, 2, "b"))
		}},
		{"an update of nothing else is one of items", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r)
			got := update(t, s, r.User.ID, service.Update{At: later, FirstName: text(r.User.FirstName), Items: []service.ItemChange{added(itemOf(r, 1, "a"))}})
			if got != r.User {
				t.Errorf("the user is %+v", got)
			}
			wantItems(t, s, sessions, start, itemOf(r, 1, "a"))
			update(t, s, r.User.ID, service.Update{At: later, EndItems: []service.ItemKind{sessions}})
			wantItems(t, s, sessions, start)
			wantStored(t, s, r)
		}},
		{"the user's items of some kinds end, and no others", func(t *testing.T, s service.Store) {
			ada, bob := user("ada@example.com"), user("bob@example.com")
			create(t, s, ada, bob)
			others := ofKind("other", itemOf(ada, 1, "o"))
			changeItems(t, s, added(itemOf(ada, 1, "a")), added(itemOf(bob, 2, "b")), added(item(3, "c")),
				added(ofKind(tokens, itemOf(ada, 1, "t"))), added(others))
			update(t, s, ada.User.ID, service.Update{At: later, EndItems: []service.ItemKind{sessions, tokens, "none"}})
			wantItems(t, s, sessions, start, itemOf(bob, 2, "b"), item(3, "c"))
			wantItems(t, s, tokens, start)
			wantItems(t, s, "other", start, others)
			wantItemsOf(t, s, ada, sessions)
		}},
		{"of those that end the ones stay which the update puts there", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r)
			used, kept := itemOf(r, 1, "a"), itemOf(r, 2, "b")
			changeItems(t, s, added(used), added(kept), added(itemOf(r, 3, "c")))
			update(t, s, r.User.ID, service.Update{At: later, EndItems: []service.ItemKind{sessions},
				Items: []service.ItemChange{removed(used), replaced(kept, "b"), added(itemOf(r, 4, "d"))}})
			wantItems(t, s, sessions, start, kept, itemOf(r, 4, "d"))
		}},
		{"an item passes to another user", func(t *testing.T, s service.Store) {
			ada, bob := user("ada@example.com"), user("bob@example.com")
			create(t, s, ada, bob)
			of, to := itemOf(ada, 1, "a"), itemOf(bob, 1, "a")
			changeItems(t, s, added(of))
			changeItems(t, s, service.ItemChange{Kind: of.Kind, Key: of.Key, Was: of.Value, New: &to})
			wantItemsOf(t, s, ada, sessions)
			remove(t, s, ada.User.ID)
			wantItems(t, s, sessions, start, to)
		}},
		{"the items of a deleted user are gone", func(t *testing.T, s service.Store) {
			ada, bob := user("ada@example.com"), user("bob@example.com")
			create(t, s, ada, bob)
			changeItems(t, s, added(itemOf(ada, 1, "a")), added(ofKind(tokens, itemOf(ada, 2, "t"))), added(itemOf(bob, 3, "b")), added(item(4, "c")))
			wantConflict(t, s.DeleteUser(t.Context(), ada.User.ID, service.Deletion{Expect: service.Versions{7}, At: later}), ada.User.ID, 1)
			wantItemsOf(t, s, ada, sessions, itemOf(ada, 1, "a"))
			remove(t, s, ada.User.ID)
			wantItems(t, s, sessions, start, itemOf(bob, 3, "b"), item(4, "c"))
			wantItems(t, s, tokens, start)
			wantItemsOf(t, s, ada, sessions)
			changeItems(t, s, added(item(1, "free")))
		}},
		{"who gets the id of a deleted user gets no items", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r)
			changeItems(t, s, added(itemOf(r, 1, "a")))
			remove(t, s, r.User.ID)
			if _, err := s.ImportUsers(t.Context(), rows(r), service.ImportOptions{OnConflict: service.ConflictFail, At: later}); err != nil {
				t.Fatal(err)
			}
			wantStored(t, s, r)
			wantItems(t, s, sessions, start)
		}},
		{"no item outlives a user who is deleted meanwhile", func(t *testing.T, s service.Store) {
			for range 10 {
				r := user("ada@example.com")
				create(t, s, r)
				atOnce(t, racers, func(caller int) {
					if caller == racers/2 {
						if err := s.DeleteUser(t.Context(), r.User.ID, service.Deletion{At: later}); err != nil {
							t.Error(err)
						}
						return
					}
					err := s.ChangeItems(t.Context(), start, []service.ItemChange{added(itemOf(r, byte(caller), "a"))})
					if err != nil && !errors.Is(err, &service.UserNotFoundError{ID: r.User.ID}) {
						t.Errorf("the error is %v", err)
					}
				})
				wantItems(t, s, sessions, start)
			}
		}},
		{"of several who use up a token with a change one wins", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			token := ofKind(tokens, itemOf(r, 1, "t"))
			if err := s.CreateUser(t.Context(), r, added(token)); err != nil {
				t.Fatal(err)
			}
			wantOneWinner[*service.ItemConflictError](t, func(i int) error {
				_, err := s.UpdateUser(t.Context(), r.User.ID, service.Update{At: later, PasswordHash: new(string), Items: []service.ItemChange{removed(token)},
					EndItems: []service.ItemKind{sessions, tokens}})
				return err
			})
			if got := mustRead(t, s, r); got.Version != 2 {
				t.Errorf("the version is %d, want 2", got.Version)
			}
		}},
	}
}

// atOnce has n callers do something at once, and waits for them.
func atOnce(t *testing.T, n int, do func(caller int)) {
	t.Helper()
	var callers sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		callers.Go(func() {
			<-begin
			do(i)
		})
	}
	close(begin)
	callers.Wait()
}
