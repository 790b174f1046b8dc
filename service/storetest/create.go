package storetest

import (
	"testing"

	"github.com/userd/userd/service"
)

func createCases() []contract {
	return []contract{
		{"a created user is read back as it was given", func(t *testing.T, s service.Store) {
			r := user("Ada@example.com", named("Augusta Ada", "King"), inactive)
			r.User.Version, r.User.UpdatedAt = 1, later
			create(t, s, user("other@example.com"), r)
			wantStored(t, s, r)
		}},
		{"users may share everything but id and e-mail key", func(t *testing.T, s service.Store) {
			a, b := user("a@example.com"), user("b@example.com")
			b.User.Email, b.PasswordHash = a.User.Email, a.PasswordHash
			create(t, s, a, b)
			wantStored(t, s, a)
			wantStored(t, s, b)
		}},
		{"a taken e-mail key is refused", func(t *testing.T, s service.Store) {
			create(t, s, user("ada@example.com"))
			wantUnchanged(t, s, func() {
				second := user("ada@example.com")
				second.User.Email = "ADA@example.com"
				wantError[*service.EmailTakenError](t, s.CreateUser(t.Context(), second))
			})
		}},
		{"the e-mail key of an inactive user is taken, too", func(t *testing.T, s service.Store) {
			create(t, s, user("ada@example.com", inactive))
			wantError[*service.EmailTakenError](t, s.CreateUser(t.Context(), user("ada@example.com")))
		}},
		{"e-mail keys are compared byte by byte", func(t *testing.T, s service.Store) {
			for _, key := range []string{"ada", "Ada", "ADA", "ada ", " ada", "adá", "ada\u0301", "àda", "straße", "strasse", "ﬁ", "fi", "ａｄａ", "ı", "i", "a_a", "a%"} {
				create(t, s, user(key))
			}
		}},
		{"a taken id is an error without a code", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r)
			wantUnchanged(t, s, func() {
				second := user("bob@example.com", named("Bob", "Byron"))
				second.User.ID = r.User.ID
				if err := s.CreateUser(t.Context(), second); err == nil || service.CodeOf(err) != service.CodeInternal {
					t.Errorf("the error is %v (%s)", err, service.CodeOf(err))
				}
			})
			create(t, s, user("bob@example.com")) // the failure took no address
		}},
		{"no business rule is checked", func(t *testing.T, s service.Store) {
			r := service.Record{
				User: service.User{ID: numberedID(1), Version: 41, CreatedAt: later, UpdatedAt: start},
				Keys: service.Keys{Email: "no address"},
			}
			create(t, s, r)
			wantStored(t, s, r)
		}},
	}
}
