package storetest

import (
	"testing"
	"time"

	"github.com/userd/userd/service"
)

// verified gives a user an address that was shown to be the user's at this time.
func verified(at time.Time) func(*service.Record) {
	return func(r *service.Record) { r.User.EmailVerifiedAt = at }
}

// verificationCases say when an address counts as the user's own.
func verificationCases() []contract {
	return append(verificationUpdateCases(), verificationImportCases()...)
}

func verificationUpdateCases() []contract {
	at := start.Add(time.Microsecond)
	never := time.Time{}
	return []contract{
		{"an address is verified, again, and no longer", func(t *testing.T, s service.Store) {
			var log history
			r, other := log.create(t, s, user("ada@example.com")), log.create(t, s, user("bob@example.com"))
			for i, when := range []time.Time{at, later, never} {
				r = log.update(t, s, r, service.Update{At: later, EmailVerifiedAt: &when})
				if !r.User.EmailVerifiedAt.Equal(when) || r.User.Version != int32(i)+2 {
					t.Errorf("the user is %+v", r.User)
				}
				wantStored(t, s, r)
				wantStored(t, s, other)
			}
			log.want(t, s)
		}},
		{"a verification at the time that is kept changes nothing", func(t *testing.T, s service.Store) {
			ada, bob := user("ada@example.com", verified(at)), user("bob@example.com")
			create(t, s, ada, bob)
			wantUnchanged(t, s, func() {
				update(t, s, ada.User.ID, service.Update{At: later, EmailVerifiedAt: &at})
				update(t, s, bob.User.ID, service.Update{At: later, EmailVerifiedAt: &never})
			})
		}},
		{"another e-mail key takes the verification back, and nothing else does", func(t *testing.T, s service.Store) {
			no, hash := false, "$another"
			for name, c := range map[string]struct {
				update service.Update
				want   time.Time
			}{
				"key":                   {service.Update{Email: text("new key@example.com")}, never},
				"key with all else":     {service.Update{Email: text("all@example.com"), FirstName: text("B"), LastName: text("C"), IsActive: &no, PasswordHash: &hash}, never},
				"key, verified at once": {service.Update{Email: text("at once@example.com"), EmailVerifiedAt: &later}, later},
				"spelling":              {service.Update{Email: text("SPELLING@example.com")}, at},
				"all but the address":   {service.Update{FirstName: text("B"), LastName: text("C"), IsActive: &no, PasswordHash: &hash}, at},
			} {
				var log history
				before := logState(t, s).Last
				r := log.create(t, s, user(name+"@example.com", verified(at)))
				c.update.At = later
				r = log.update(t, s, r, c.update)
				if !r.User.EmailVerifiedAt.Equal(c.want) {
					t.Errorf("%s: verified at %v, want %v", name, r.User.EmailVerifiedAt, c.want)
				}
				wantStored(t, s, r)
				for i := range log.changes {
					log.changes[i].Seq += before
				}
				wantSame(t, name, log.changes, changesAfter(t, s, before), nil)
			}
		}},
		{"an address that somebody else had verified is not verified", func(t *testing.T, s service.Store) {
			ada, bob := user("ada@example.com", verified(at)), user("bob@example.com")
			create(t, s, ada, bob)
			update(t, s, ada.User.ID, service.Update{At: later, Email: text("new@example.com")})
			if u := update(t, s, bob.User.ID, service.Update{At: later, Email: text("ada@example.com")}); !u.EmailVerifiedAt.IsZero() {
				t.Errorf("the heir of the address is %+v", u)
			}
			if u := update(t, s, ada.User.ID, service.Update{At: later, Email: text("bob@example.com")}); !u.EmailVerifiedAt.IsZero() {
				t.Errorf("the user with a third address is %+v", u)
			}
		}},
		{"an address that comes back is not verified", func(t *testing.T, s service.Store) {
			r := user("ada@example.com", verified(at))
			create(t, s, r)
			update(t, s, r.User.ID, service.Update{At: later, Email: text("new@example.com")})
			r.User = update(t, s, r.User.ID, service.Update{At: later, Email: text("ada@example.com")})
			if !r.User.EmailVerifiedAt.IsZero() {
				t.Errorf("the user is %+v", r.User)
			}
			wantStored(t, s, r)
		}},
		{"times of verification come back to the microsecond, in UTC", func(t *testing.T, s service.Store) {
			for _, at := range momentsInOrder()[1:] { // the first is no time
				r := user(at.String(), verified(at))
				create(t, s, r)
				wantStored(t, s, r)
				if got := mustRead(t, s, r).EmailVerifiedAt; got.Location() != time.UTC {
					t.Errorf("the time is in %v", got.Location())
				}
			}
		}},
	}
}

func verificationImportCases() []contract {
	at := start.Add(time.Microsecond)
	return []contract{
		{"users are imported with and without verification, few and many", func(t *testing.T, s service.Store) {
			for _, n := range []int{2, 600} {
				records := users(n)
				for i := range records {
					records[i].User.Email, records[i].Keys.Email = records[i].User.ID.String(), records[i].User.ID.String()
					if i%2 == 0 {
						records[i].User.EmailVerifiedAt = at
					}
				}
				results, err := s.ImportUsers(t.Context(), rows(records...), service.ImportOptions{OnConflict: service.ConflictFail, At: later})
				if err != nil || len(results) != n {
					t.Fatalf("%d results, %v", len(results), err)
				}
				for _, r := range records {
					wantStored(t, s, r)
				}
			}
		}},
		{"an import verifies users who are there, or takes it back, where the row says so", func(t *testing.T, s service.Store) {
			for name, c := range map[string]struct {
				before, row time.Time
				keep        bool
				address     string
				want        time.Time
				outcome     service.ImportResult
			}{
				"verified":                  {row: later, want: later, outcome: wasUpdated},
				"verified again":            {before: at, row: later, want: later, outcome: wasUpdated},
				"the same":                  {before: at, row: at, want: at, outcome: wasUnchanged},
				"not verified":              {before: at, outcome: wasUpdated},
				"not said":                  {before: at, keep: true, want: at, outcome: wasUnchanged},
				"not said of a new address": {before: at, keep: true, address: "another@example.com", outcome: wasUpdated},
				"said of a new address":     {before: at, row: later, address: "a third@example.com", want: later, outcome: wasUpdated},
			} {
				r := user(name+"@example.com", verified(c.before))
				create(t, s, r)
				row := service.ImportRow{Record: r, KeepEmailVerifiedAt: c.keep}
				row.Record.User.EmailVerifiedAt = c.row
				if c.address != "" {
					row.Record.User.Email, row.Record.Keys.Email = c.address, c.address
				}
				wantImport(t, s, service.ConflictUpdate, []service.ImportRow{row}, c.outcome)
				if got := mustRead(t, s, r); !got.EmailVerifiedAt.Equal(c.want) {
					t.Errorf("%s: verified at %v, want %v", name, got.EmailVerifiedAt, c.want)
				}
			}
		}},
	}
}
