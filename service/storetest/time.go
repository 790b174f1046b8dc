package storetest

import (
	"testing"
	"time"

	"github.com/userd/userd/service"
)

func timeCases() []contract {
	return []contract{
		{"times come back to the microsecond, in UTC", func(t *testing.T, s service.Store) {
			for _, at := range momentsInOrder() {
				r := user(at.String(), created(at))
				r.User.UpdatedAt = at.Add(time.Microsecond)
				create(t, s, r)
				u, err := s.User(t.Context(), r.User.ID)
				wantSame(t, at.String(), r.User, u, err)
				wantUTC(t, u)
				for _, listed := range list(t, s, service.ListQuery{Filter: service.Filter{EmailKey: r.Keys.Email}, Limit: 1}) {
					wantUTC(t, *listed.User)
				}
			}
		}},
		{"the time of a change comes back to the microsecond, in UTC", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r)
			at := start.Add(time.Microsecond)
			for _, u := range []service.User{update(t, s, r.User.ID, service.Update{At: at, FirstName: text("Augusta")}), mustRead(t, s, r)} {
				if !u.UpdatedAt.Equal(at) {
					t.Errorf("updated at %v, want %v", u.UpdatedAt, at)
				}
				wantUTC(t, u)
			}
			for _, c := range changesAfter(t, s, 0) {
				if c.At.Location() != time.UTC {
					t.Errorf("the change's time is in %v", c.At.Location())
				}
			}
		}},
	}
}

func mustRead(t *testing.T, s service.Store, r service.Record) service.User {
	t.Helper()
	u, err := s.User(t.Context(), r.User.ID)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func wantUTC(t *testing.T, u service.User) {
	t.Helper()
	if u.CreatedAt.Location() != time.UTC || u.UpdatedAt.Location() != time.UTC {
		t.Errorf("the times are in %v and %v", u.CreatedAt.Location(), u.UpdatedAt.Location())
	}
}
