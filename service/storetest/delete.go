package storetest

import (
	"testing"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

func deleteCases() []contract {
	return []contract{
		{"a deleted user is nowhere to be found", func(t *testing.T, s service.Store) {
			ada, bob := user("ada@example.com", named("Ada", "A")), user("bob@example.com", named("Bob", "B"))
			create(t, s, ada, bob)
			remove(t, s, ada.User.ID)
			_, err := s.User(t.Context(), ada.User.ID)
			wantNotFound(t, err, ada.User.ID)
			_, err = s.PasswordHash(t.Context(), ada.User.ID)
			wantNotFound(t, err, ada.User.ID)
			wantUsersByID(t, s, []uuid.UUID{ada.User.ID, bob.User.ID}, bob.User)
			for _, o := range orders() {
				wantList(t, s, service.ListQuery{Order: o, Limit: all}, bob)
			}
			wantList(t, s, service.ListQuery{Filter: service.Filter{Prefix: "ada"}, Limit: all})
			wantList(t, s, service.ListQuery{Filter: service.Filter{EmailKey: "ada@example.com"}, Limit: all})
			wantCount(t, s, service.Filter{}, 1)
			wantStored(t, s, bob)
		}},
		{"the address of a deleted user is free", func(t *testing.T, s service.Store) {
			first, second := user("ada@example.com"), user("ada@example.com")
			create(t, s, first)
			remove(t, s, first.User.ID)
			create(t, s, second)
			wantStored(t, s, second)
		}},
		{"the last address of a deleted user is free", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r)
			update(t, s, r.User.ID, service.Update{At: later, Email: text("new@example.com")})
			remove(t, s, r.User.ID)
			create(t, s, user("new@example.com"), user("ada@example.com"))
		}},
		{"a user who is not there is not found", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r, user("bob@example.com"))
			remove(t, s, r.User.ID)
			wantUnchanged(t, s, func() {
				for _, expect := range []service.Versions{nil, {}, {1}} {
					wantNotFound(t, s.DeleteUser(t.Context(), r.User.ID, service.Deletion{Expect: expect, At: later}), r.User.ID)
				}
			})
		}},
	}
}
