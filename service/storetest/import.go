package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
)

// policies are all that an import can do about users who are there.
var policies = []service.ConflictPolicy{service.ConflictFail, service.ConflictSkip, service.ConflictUpdate}

// What becomes of a row.
var (
	wasCreated   = service.ImportResult{Outcome: service.ImportCreated}
	wasUpdated   = service.ImportResult{Outcome: service.ImportUpdated}
	wasUnchanged = service.ImportResult{Outcome: service.ImportUnchanged}
	wasSkipped   = service.ImportResult{Outcome: service.ImportSkipped}
	idTaken      = service.ImportResult{Outcome: service.ImportRefused, Err: &service.IDTakenError{}}
	emailTaken   = service.ImportResult{Outcome: service.ImportRefused, Err: &service.EmailTakenError{}}
)

func importCases() []contract {
	return append(append(importNewCases(), importConflictCases()...), importLogCases()...)
}

func importNewCases() []contract {
	return []contract{
		{"no rows are no change", func(t *testing.T, s service.Store) {
			create(t, s, user("ada@example.com"))
			for _, on := range policies {
				wantUnchanged(t, s, func() { wantImport(t, s, on, nil) })
			}
		}},
		{"new users are created as their rows say, whatever is to become of others", func(t *testing.T, s service.Store) {
			for i, on := range policies {
				r := user(fmt.Sprintf("Ada%d@example.com", i), named("Augusta Ada", "King"), inactive)
				r.User.Version, r.User.UpdatedAt = 41, later
				old := user(fmt.Sprintf("bob%d@example.com", i), withID(byte(200-i)))
				wantImport(t, s, on, rows(r, old), wasCreated, wasCreated)
				wantStored(t, s, r)
				wantStored(t, s, old)
			}
		}},
		{"a user may be imported without a password hash", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			r.PasswordHash = ""
			wantImport(t, s, service.ConflictFail, rows(r), wasCreated)
			wantStored(t, s, r)
		}},
		{"as many rows as a call takes are imported", func(t *testing.T, s service.Store) {
			records := users(service.MaxImportRows)
			want := make([]service.ImportResult, len(records))
			for i := range want {
				want[i] = wasCreated
			}
			wantImport(t, s, service.ConflictFail, rows(records...), want...)
			wantSame(t, "the records", byCreation(records), walkRecords(t, s, 999, nil), nil)
			wantCount(t, s, service.Filter{}, len(records))
		}},
		{"rows change nothing but their own users", func(t *testing.T, s service.Store) {
			bystander := user("bob@example.com")
			create(t, s, bystander)
			for _, on := range policies {
				s.ImportUsers(t.Context(), rows(user("ada@example.com"), user("ada@example.com")), service.ImportOptions{OnConflict: on, At: later})
				wantStored(t, s, bystander)
			}
		}},
		{"a dry run changes nothing and says what would happen", func(t *testing.T, s service.Store) {
			ada, bob := user("ada@example.com"), user("bob@example.com")
			create(t, s, ada)
			again := user("ada@example.com", named("Augusta", "King"))
			for on, want := range map[service.ConflictPolicy][]service.ImportResult{
				service.ConflictFail:   {emailTaken, wasCreated, idTaken},
				service.ConflictSkip:   {wasSkipped, wasCreated, wasSkipped},
				service.ConflictUpdate: {wasUpdated, wasCreated, wasUnchanged},
			} {
				wantUnchanged(t, s, func() {
					results, err := s.ImportUsers(t.Context(), rows(again, bob, bob), service.ImportOptions{OnConflict: on, At: later, DryRun: true})
					wantResults(t, want, results, err)
				})
			}
		}},
		{"all or nothing changes nothing when a row is refused, and says what would happen", func(t *testing.T, s service.Store) {
			ada, bob := user("ada@example.com"), user("bob@example.com")
			create(t, s, ada)
			all := service.ImportOptions{OnConflict: service.ConflictFail, At: later, AllOrNothing: true}
			wantUnchanged(t, s, func() {
				results, err := s.ImportUsers(t.Context(), rows(bob, user("ada@example.com")), all)
				wantResults(t, []service.ImportResult{wasCreated, emailTaken}, results, err)
			})
			results, err := s.ImportUsers(t.Context(), rows(bob, user("eve@example.com")), all)
			wantResults(t, []service.ImportResult{wasCreated, wasCreated}, results, err)
			wantStored(t, s, bob)
			wantCount(t, s, service.Filter{}, 3)
		}},
	}
}

func importConflictCases() []contract {
	return []contract{
		{"an id or e-mail key that is taken is refused, the id first, and the other rows are not", func(t *testing.T, s service.Store) {
			ada, bob := user("ada@example.com"), user("bob@example.com", inactive)
			create(t, s, ada, bob)
			sameID, sameEmail, both, fresh := user("new@example.com"), user("bob@example.com"), user("bob@example.com"), user("eve@example.com")
			sameID.User.ID, both.User.ID = ada.User.ID, ada.User.ID
			wantImport(t, s, service.ConflictFail, rows(sameID, sameEmail, both, fresh), idTaken, emailTaken, idTaken, wasCreated)
			wantStored(t, s, ada)
			wantStored(t, s, bob)
			wantStored(t, s, fresh)
			wantCount(t, s, service.Filter{}, 3)
		}},
		{"a user who is there is skipped, by id or by e-mail key", func(t *testing.T, s service.Store) {
			ada, bob := user("ada@example.com"), user("bob@example.com")
			create(t, s, ada, bob)
			sameID, sameEmail := user("new@example.com"), user("bob@example.com", named("Bob", "B"))
			sameID.User.ID = ada.User.ID
			wantUnchanged(t, s, func() {
				wantImport(t, s, service.ConflictSkip, rows(sameID, sameEmail, ada), wasSkipped, wasSkipped, wasSkipped)
			})
		}},
		{"a user who is there is updated, by id, with everything that the row says", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r)
			row := service.ImportRow{Record: user("New@example.com", named("Augusta", "King"), inactive)}
			row.Record.User.ID, row.Record.User.Version = r.User.ID, 17
			wantImport(t, s, service.ConflictUpdate, []service.ImportRow{row}, wasUpdated)
			want, _ := row.Update(later).Apply(r)
			if want.User.Version != 2 || want.PasswordHash != row.Record.PasswordHash || want.User.IsActive {
				t.Fatalf("the update makes %+v of the user", want)
			}
			wantStored(t, s, want)
		}},
		{"a user who is there is updated, by e-mail key, and keeps its id", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r)
			row := service.ImportRow{Record: user("ada@example.com", named("Augusta", "King"))}
			row.Record.User.Email = "ADA@example.com"
			wantImport(t, s, service.ConflictUpdate, []service.ImportRow{row}, wasUpdated)
			want, _ := row.Update(later).Apply(r)
			wantStored(t, s, want)
			wantCount(t, s, service.Filter{}, 1)
		}},
		{"the user with the id is updated even when another has the e-mail key, which is refused", func(t *testing.T, s service.Store) {
			ada, bob := user("ada@example.com"), user("bob@example.com")
			create(t, s, ada, bob)
			row := user("bob@example.com", named("Eve", "E"))
			row.User.ID = ada.User.ID
			wantUnchanged(t, s, func() { wantImport(t, s, service.ConflictUpdate, rows(row), emailTaken) })
		}},
		{"what the row does not say stays", func(t *testing.T, s service.Store) {
			r := user("ada@example.com", inactive)
			create(t, s, r)
			row := service.ImportRow{Record: user("ada@example.com", named("Augusta", "Lovelace")), KeepIsActive: true}
			row.Record.PasswordHash = ""
			wantImport(t, s, service.ConflictUpdate, []service.ImportRow{row}, wasUpdated)
			want, _ := service.Update{At: later, FirstName: text("Augusta")}.Apply(r)
			wantStored(t, s, want)
		}},
		{"an update that changes nothing says so", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r)
			bare := user("ada@example.com")
			bare.PasswordHash = ""
			wantUnchanged(t, s, func() {
				wantImport(t, s, service.ConflictUpdate, rows(r, bare), wasUnchanged, wasUnchanged)
			})
		}},
		{"a row sees what the rows before it did", func(t *testing.T, s service.Store) {
			a, again, moved, heir := user("a@example.com"), user("a@example.com"), user("b@example.com"), user("a@example.com", named("Heir", "Of A"))
			moved.User.ID = a.User.ID
			wantImport(t, s, service.ConflictUpdate, rows(a, moved, heir, again), wasCreated, wasUpdated, wasCreated, wasUpdated)
			wantCount(t, s, service.Filter{}, 2)
			want, _ := (&service.ImportRow{Record: moved}).Update(later).Apply(a)
			wantStored(t, s, want)
			want, _ = (&service.ImportRow{Record: again}).Update(later).Apply(heir)
			wantStored(t, s, want)
		}},
		{"imports race with each other and with creations for an e-mail key, and one wins", func(t *testing.T, s service.Store) {
			wantOneWinner[*service.EmailTakenError](t, func(i int) error {
				r := user("one@example.com")
				if i%2 == 0 {
					return s.CreateUser(t.Context(), r)
				}
				results, err := s.ImportUsers(t.Context(), rows(r), service.ImportOptions{OnConflict: service.ConflictFail, At: later})
				if err != nil || len(results) != 1 {
					return fmt.Errorf("%d results, %w", len(results), err)
				}
				return results[0].Err
			})
			wantCount(t, s, service.Filter{}, 1)
		}},
		{"imports of the same users at once neither fail nor mix", func(t *testing.T, s service.Store) {
			var callers sync.WaitGroup
			records := users(50)
			for i := range racers {
				callers.Go(func() {
					mine := make([]service.Record, len(records))
					for n := range records { // each in an order of its own
						mine[n] = records[(n*(2*i+1)+i)%len(records)]
					}
					results, err := s.ImportUsers(t.Context(), rows(mine...), service.ImportOptions{OnConflict: service.ConflictUpdate, At: later})
					if err != nil || len(results) != len(mine) {
						t.Errorf("%d results, %v", len(results), err)
					}
				})
			}
			callers.Wait()
			wantSame(t, "the records", byCreation(records), walkRecords(t, s, all, nil), nil)
			wantGapless(t, changesAfter(t, s, 0), len(records))
		}},
	}
}

func importLogCases() []contract {
	return []contract{
		{"each row that changes something is an entry of the log, at the time of the import", func(t *testing.T, s service.Store) {
			var log history
			ada := log.create(t, s, user("ada@example.com"))
			bob, eve := user("bob@example.com"), user("ada@example.com", named("Eve", "E"))
			bob.User.Version = 7
			ctx := service.WithOrigin(t.Context(), origin)
			results, err := s.ImportUsers(ctx, rows(bob, bob, eve), service.ImportOptions{OnConflict: service.ConflictUpdate, At: later})
			wantResults(t, []service.ImportResult{wasCreated, wasUnchanged, wasUpdated}, results, err)
			log.add(nil, &bob, later)
			updated, _ := (&service.ImportRow{Record: eve}).Update(later).Apply(ada)
			log.add(&ada, &updated, later)
			log.want(t, s)
		}},
		{"a deleted user may come back under its id, and its former values do not", func(t *testing.T, s service.Store) {
			var log history
			ada, bob := log.create(t, s, user("ada@example.com")), log.create(t, s, user("bob@example.com"))
			ada = log.update(t, s, ada, service.Update{At: later, FirstName: text("Secret")})
			log.remove(t, s, ada)
			for range 2 {
				back := user("back@example.com")
				back.User.ID = ada.User.ID
				wantImportFrom(t, s, rows(back), wasCreated)
				log.add(nil, &back, later)
				log.want(t, s)
				wantStored(t, s, back)
				log.remove(t, s, back)
			}
			log.want(t, s)
			wantStored(t, s, bob)
		}},
		{"who follows the log sees an import, once and in order", func(t *testing.T, s service.Store) {
			var followed []service.Change
			var follower sync.WaitGroup
			follower.Go(func() { followed = follow(t, s, 60) })
			records := users(60)
			for i := 0; i < 60; i += 20 {
				if _, err := s.ImportUsers(t.Context(), rows(records[i:i+20]...), service.ImportOptions{OnConflict: service.ConflictFail, At: later}); err != nil {
					t.Fatal(err)
				}
			}
			follower.Wait()
			wantSame(t, "the log as it was followed", changesAfter(t, s, 0), followed, nil)
		}},
	}
}

// rows are records as rows that say everything.
func rows(records ...service.Record) []service.ImportRow {
	rows := make([]service.ImportRow, len(records))
	for i, r := range records {
		rows[i].Record = r
	}
	return rows
}

// wantImport imports rows and holds the results to want.
func wantImport(t *testing.T, s service.Store, on service.ConflictPolicy, rows []service.ImportRow, want ...service.ImportResult) {
	t.Helper()
	results, err := s.ImportUsers(t.Context(), rows, service.ImportOptions{OnConflict: on, At: later})
	wantResults(t, want, results, err)
}

// wantImportFrom is wantImport with the origin that a history expects.
func wantImportFrom(t *testing.T, s service.Store, rows []service.ImportRow, want ...service.ImportResult) {
	t.Helper()
	ctx := service.WithOrigin(t.Context(), origin)
	results, err := s.ImportUsers(ctx, rows, service.ImportOptions{OnConflict: service.ConflictFail, At: later})
	wantResults(t, want, results, err)
}

func wantResults(t *testing.T, want, got []service.ImportResult, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("import: %v", err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d results, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i].Outcome != want[i].Outcome || !errors.Is(got[i].Err, want[i].Err) {
			t.Errorf("row %d: %s", i, cmp.Diff(fmt.Sprint(want[i]), fmt.Sprint(got[i])))
		}
	}
}
