package storetest

import (
	"testing"
	"time"

	"github.com/userd/userd/service"
)

func updateCases() []contract {
	yes, no, hash := true, false, "$another"
	cases := []contract{
		{"nothing but what is named changes", func(t *testing.T, s service.Store) {
			for name, u := range map[string]service.Update{
				"email":         {Email: text("New@example.com")},
				"first name":    {FirstName: text("Augusta")},
				"last name":     {LastName: text("King")},
				"active":        {IsActive: &no},
				"password hash": {PasswordHash: &hash},
				"everything":    {Email: text("All@example.com"), FirstName: text("B"), LastName: text("C"), IsActive: &no, PasswordHash: &hash},
			} {
				r, other := user(name+"@example.com"), user("other than "+name+"@example.com")
				create(t, s, r, other)
				u.At = later
				want, _ := u.Apply(r)
				got, err := s.UpdateUser(t.Context(), r.User.ID, u)
				wantSame(t, name, want.User, got, err)
				wantStored(t, s, want)
				wantStored(t, s, other)
			}
		}},
		{"the version grows by one and UpdatedAt is the time of the change", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r)
			got := update(t, s, r.User.ID, service.Update{At: later, FirstName: text("Augusta")})
			if got.Version != 2 || !got.UpdatedAt.Equal(later) || !got.CreatedAt.Equal(start) {
				t.Errorf("version %d, updated %v, created %v", got.Version, got.UpdatedAt, got.CreatedAt)
			}
		}},
		{"UpdatedAt never goes back", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r)
			got := update(t, s, r.User.ID, service.Update{At: start.Add(-time.Hour), FirstName: text("Augusta")})
			if got.Version != 2 || !got.UpdatedAt.Equal(start) {
				t.Errorf("version %d, updated %v, want version 2 and %v", got.Version, got.UpdatedAt, start)
			}
			r.User, r.Keys.FirstName = got, "augusta"
			wantStored(t, s, r)
		}},
		{"a password alone is a change", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r)
			r.User = update(t, s, r.User.ID, service.Update{At: later, PasswordHash: &hash})
			r.PasswordHash = hash
			if r.User.Version != 2 || !r.User.UpdatedAt.Equal(later) {
				t.Errorf("version %d, updated %v", r.User.Version, r.User.UpdatedAt)
			}
			wantStored(t, s, r)
		}},
		{"an update that changes nothing leaves version and UpdatedAt", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r)
			for _, u := range []service.Update{
				{},
				{Email: text("ada@example.com")},
				{Email: text("ada@example.com"), FirstName: text("Ada"), LastName: text("Lovelace"), IsActive: &yes, PasswordHash: &r.PasswordHash},
			} {
				u.At = later
				wantUnchanged(t, s, func() {
					got, err := s.UpdateUser(t.Context(), r.User.ID, u)
					wantSame(t, "UpdateUser", r.User, got, err)
				})
			}
		}},
		{"another spelling of the user's own address is a change", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r)
			r.User = update(t, s, r.User.ID, service.Update{At: later, Email: text("ADA@example.com")})
			if r.User.Email != "ADA@example.com" || r.User.Version != 2 {
				t.Errorf("the user is %+v", r.User)
			}
			wantStored(t, s, r)
		}},
	}
	return append(cases, updateConflictCases()...)
}

func updateConflictCases() []contract {
	no := false
	return []contract{
		{"a taken e-mail key is refused, with all else that was to change", func(t *testing.T, s service.Store) {
			ada, bob := user("ada@example.com"), user("bob@example.com", inactive)
			create(t, s, ada, bob)
			wantUnchanged(t, s, func() {
				_, err := s.UpdateUser(t.Context(), ada.User.ID, service.Update{At: later, Email: text("BOB@example.com"), FirstName: text("Eve"), IsActive: &no})
				wantError[*service.EmailTakenError](t, err)
			})
		}},
		{"a changed e-mail address is free", func(t *testing.T, s service.Store) {
			ada, bob := user("ada@example.com"), user("bob@example.com")
			create(t, s, ada, bob)
			update(t, s, ada.User.ID, service.Update{At: later, Email: text("new@example.com")})
			update(t, s, bob.User.ID, service.Update{At: later, Email: text("ada@example.com")})
			create(t, s, user("bob@example.com"))
			wantCount(t, s, service.Filter{}, 3)
		}},
		{"a user who is not there is not found, whatever else is wrong", func(t *testing.T, s service.Store) {
			create(t, s, user("ada@example.com"))
			wantUnchanged(t, s, func() {
				for _, expect := range []service.Versions{nil, {}, {7}} {
					_, err := s.UpdateUser(t.Context(), numberedID(9), service.Update{Expect: expect, At: later, Email: text("ada@example.com")})
					wantNotFound(t, err, numberedID(9))
				}
			})
		}},
		{"another version comes before a taken e-mail key", func(t *testing.T, s service.Store) {
			ada, bob := user("ada@example.com"), user("bob@example.com")
			create(t, s, ada, bob)
			wantUnchanged(t, s, func() {
				_, err := s.UpdateUser(t.Context(), ada.User.ID, service.Update{Expect: service.Versions{2}, At: later, Email: text("bob@example.com")})
				wantConflict(t, err, ada.User.ID, 1)
			})
		}},
		{"another version is refused even when nothing would change", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r)
			_, err := s.UpdateUser(t.Context(), r.User.ID, service.Update{Expect: service.Versions{2}, At: later})
			wantConflict(t, err, r.User.ID, 1)
		}},
		{"a user moves in every list", func(t *testing.T, s service.Store) {
			a, b, c := user("a", named("A", "A")), user("b", named("B", "B")), user("c", named("C", "C"))
			create(t, s, a, b, c)
			u := service.Update{At: later, Email: text("d"), FirstName: text("D"), LastName: text("D"), IsActive: &no}
			update(t, s, a.User.ID, u)
			a, _ = u.Apply(a)
			for _, o := range orders() {
				wantList(t, s, service.ListQuery{Order: o, Limit: all}, sorted([]service.Record{a, b, c}, o)...)
			}
			wantList(t, s, service.ListQuery{Filter: service.Filter{IsActive: &no}, Limit: all}, a)
			wantList(t, s, service.ListQuery{Filter: service.Filter{Prefix: "a"}, Limit: all})
			wantList(t, s, service.ListQuery{Filter: service.Filter{EmailKey: "a"}, Limit: all})
		}},
	}
}
