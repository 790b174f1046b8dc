package storetest

import (
	"testing"

	"github.com/userd/userd/service"
)

// versionCases hold update and delete to the versions that are expected; the
// user is at version 3 each time.
func versionCases() []contract {
	cases := []struct {
		name   string
		expect service.Versions
		ok     bool
	}{
		{"nil is any version", nil, true},
		{"the current version", service.Versions{3}, true},
		{"the current version among others", service.Versions{9, 3, 1}, true},
		{"the same version twice", service.Versions{3, 3}, true},
		{"an empty list is no version", service.Versions{}, false},
		{"an older version", service.Versions{2}, false},
		{"a newer version", service.Versions{4}, false},
		{"several other versions", service.Versions{1, 2, 4}, false},
		{"versions that no user has", service.Versions{0, -3}, false},
	}
	var contracts []contract
	for _, c := range cases {
		contracts = append(contracts,
			contract{c.name + ", updating", func(t *testing.T, s service.Store) {
				r := atVersion3(t, s)
				change := func() error {
					_, err := s.UpdateUser(t.Context(), r.User.ID, service.Update{Expect: c.expect, At: later, LastName: text("King")})
					return err
				}
				wantVersionCheck(t, s, r, c.ok, change)
			}},
			contract{c.name + ", deleting", func(t *testing.T, s service.Store) {
				r := atVersion3(t, s)
				change := func() error {
					return s.DeleteUser(t.Context(), r.User.ID, service.Deletion{Expect: c.expect, At: later})
				}
				wantVersionCheck(t, s, r, c.ok, change)
			}},
		)
	}
	return contracts
}

func atVersion3(t *testing.T, s service.Store) service.Record {
	t.Helper()
	r := user("ada@example.com")
	create(t, s, r)
	update(t, s, r.User.ID, service.Update{At: later, FirstName: text("Augusta")})
	update(t, s, r.User.ID, service.Update{At: later, FirstName: text("Ada")})
	return r
}

func wantVersionCheck(t *testing.T, s service.Store, r service.Record, ok bool, change func() error) {
	t.Helper()
	if ok {
		if err := change(); err != nil {
			t.Error(err)
		}
		return
	}
	wantUnchanged(t, s, func() { wantConflict(t, change(), r.User.ID, 3) })
}
