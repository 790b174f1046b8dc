package storetest

import (
	"testing"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// callerCases let a caller write to all that it was given or has given.
func callerCases() []contract {
	return []contract{
		{"changing what was returned changes nothing stored", func(t *testing.T, s service.Store) {
			create(t, s, users(3)...)
			wantUnchanged(t, s, func() { spoilUsers(t, s) })
		}},
		{"a list stays as it was when its users change", func(t *testing.T, s service.Store) {
			records := users(3)
			create(t, s, records...)
			found := list(t, s, service.ListQuery{Limit: all})
			update(t, s, records[0].User.ID, service.Update{At: later, Email: text("new@example.com"), LastName: text("King")})
			remove(t, s, records[1].User.ID)
			wantUsers(t, "the list", records, found)
		}},
		{"changing a change that was returned changes nothing stored", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r)
			updated := update(t, s, r.User.ID, service.Update{At: later, LastName: text("King")})
			spoilChanges(changesAfter(t, s, 0))
			n := r
			n.User = updated
			want := []service.Change{
				service.NewChange(nil, &r, start, service.OriginOf(t.Context())),
				service.NewChange(&r, &n, later, service.OriginOf(t.Context())),
			}
			want[0].Seq, want[1].Seq = 1, 2
			wantSame(t, "the log", want, changesAfter(t, s, 0), nil)
		}},
		{"changing what was given changes nothing stored", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r)
			active, hash, at := false, "$new", later
			u := service.Update{At: later, Email: text("New"), FirstName: text("F"), LastName: text("L"), IsActive: &active, PasswordHash: &hash, EmailVerifiedAt: &at}
			want, _ := u.Apply(r)
			update(t, s, r.User.ID, u)
			*u.Email, *u.FirstName, *u.LastName, active, hash, at = service.Text{}, service.Text{}, service.Text{}, true, "spoiled", start
			wantStored(t, s, want)
		}},
		{"changing imported rows changes nothing stored", func(t *testing.T, s service.Store) {
			old, r := user("old@example.com"), user("ada@example.com")
			create(t, s, old)
			given := rows(r, user("old@example.com", named("New", "Names")))
			want, _ := given[1].Update(later).Apply(old)
			wantImport(t, s, service.ConflictUpdate, given, wasCreated, wasUpdated)
			clear(given)
			wantStored(t, s, r)
			wantStored(t, s, want)
			got, err := s.Records(t.Context(), nil, all)
			clear(got)
			wantSame(t, "the records", byCreation([]service.Record{r, want}), walkRecords(t, s, all, nil), err)
		}},
		{"what was given is left alone", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r)
			ids, versions := []uuid.UUID{numberedID(9), r.User.ID, r.User.ID}, service.Versions{3, 1, 2}
			after, before := position(r, service.OrderByEmail), service.Position{Key: "z"}
			if _, err := s.UsersByID(t.Context(), ids); err != nil {
				t.Error(err)
			}
			update(t, s, r.User.ID, service.Update{Expect: versions, At: later, FirstName: text("Augusta")})
			list(t, s, service.ListQuery{Order: service.Order{Field: service.OrderByEmail}, After: &after, Before: &before, Limit: 1})
			wantSame(t, "the ids", []uuid.UUID{numberedID(9), r.User.ID, r.User.ID}, ids, nil)
			wantSame(t, "the versions", service.Versions{3, 1, 2}, versions, nil)
			wantSame(t, "After", position(r, service.OrderByEmail), after, nil)
			wantSame(t, "Before", service.Position{Key: "z"}, before, nil)
		}},
	}
}

// spoilUsers overwrites whatever s returns of users.
func spoilUsers(t *testing.T, s service.Store) {
	t.Helper()
	var ids []uuid.UUID
	listed := list(t, s, service.ListQuery{Limit: all})
	for i := range listed {
		ids = append(ids, listed[i].User.ID)
		listed[i] = service.KeyedUser{}
	}
	found, err := s.UsersByID(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	for i := range found {
		found[i] = service.User{}
	}
	one := list(t, s, service.ListQuery{Filter: service.Filter{Prefix: "user"}, Limit: all})
	clear(one)
}

// spoilChanges overwrites all that changes point to.
func spoilChanges(changes []service.Change) {
	for _, c := range changes {
		for i := range c.Fields {
			spoil(c.Fields[i].Old)
			spoil(c.Fields[i].New)
			c.Fields[i] = service.FieldChange{Field: "spoiled"}
		}
	}
}

func spoil(s *string) {
	if s != nil {
		*s = "spoiled"
	}
}
