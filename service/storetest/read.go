package storetest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

func readCases() []contract {
	return []contract{
		{"a user who is not there is not found", func(t *testing.T, s service.Store) {
			create(t, s, user("ada@example.com"))
			_, err := s.User(t.Context(), numberedID(9))
			wantNotFound(t, err, numberedID(9))
			_, err = s.User(t.Context(), uuid.Nil)
			wantNotFound(t, err, uuid.Nil)
		}},
		{"a user who is not there has no password hash", func(t *testing.T, s service.Store) {
			_, err := s.PasswordHash(t.Context(), numberedID(9))
			wantNotFound(t, err, numberedID(9))
		}},
		{"several users are found by their ids, each once, without those who are not there", func(t *testing.T, s service.Store) {
			records := users(20)
			create(t, s, records...)
			ids := []uuid.UUID{numberedID(9), uuid.Nil}
			var want []service.User
			for _, r := range records[:10] {
				ids = append(ids, r.User.ID, r.User.ID)
				want = append(want, r.User)
			}
			slices.Reverse(ids)
			wantUsersByID(t, s, ids, want...)
		}},
		{"no ids find no users", func(t *testing.T, s service.Store) {
			create(t, s, user("ada@example.com"))
			wantUsersByID(t, s, nil)
			wantUsersByID(t, s, []uuid.UUID{})
			wantUsersByID(t, s, []uuid.UUID{numberedID(9)})
		}},
		{"an empty store has no users", func(t *testing.T, s service.Store) {
			wantList(t, s, service.ListQuery{Limit: 1})
			wantCount(t, s, service.Filter{}, 0)
		}},
		{"a store that can answer and take changes says so", func(t *testing.T, s service.Store) {
			if err := s.Ping(t.Context()); err != nil {
				t.Error(err)
			}
		}},
	}
}

func wantUsersByID(t *testing.T, s service.Store, ids []uuid.UUID, want ...service.User) {
	t.Helper()
	got, err := s.UsersByID(t.Context(), ids)
	byID := cmpopts.SortSlices(func(a, b service.User) bool { return a.ID.String() < b.ID.String() })
	if diff := cmp.Diff(want, got, byID, cmpopts.EquateEmpty()); diff != "" || err != nil {
		t.Errorf("UsersByID: %v (-want +got):\n%s", err, diff)
	}
}

func wantCount(t *testing.T, s service.Store, f service.Filter, want int) {
	t.Helper()
	if got, err := s.CountUsers(t.Context(), f); err != nil || got != want {
		t.Errorf("%+v counts %d users, %v, want %d", f, got, err, want)
	}
}
