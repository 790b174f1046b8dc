package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/userd/userd/service"
)

func exportCases() []contract {
	return []contract{
		{"users are counted by the schemes of their hashes", func(t *testing.T, s service.Store) {
			hashes := map[string]string{"": "", "a": "$", "b": "$$x", "c": "$2b$12$x", "d": "$2b$10$y", "e": "bcrypt$$2b$12$x", "f": "scrypt", "g": "$scrypt"}
			for email, hash := range hashes {
				r := user(email)
				r.PasswordHash = hash
				create(t, s, r)
			}
			got, err := s.HashSchemes(t.Context())
			wantSame(t, "HashSchemes", map[string]int{"": 1, "$": 2, "$2b": 2, "bcrypt": 1, "scrypt": 1, "$scrypt": 1}, got, err)
		}},
		{"an empty store has no records", func(t *testing.T, s service.Store) {
			wantRecords(t, s, nil, 1)
		}},
		{"records are all that is kept of a user", func(t *testing.T, s service.Store) {
			r := user("Ada@example.com", named("Augusta Ada", "King"), inactive)
			create(t, s, r)
			u := service.Update{At: later, LastName: text("Byron")}
			update(t, s, r.User.ID, u)
			r, _ = u.Apply(r)
			wantRecords(t, s, nil, all, r)
		}},
		{"records are in the order of creation, in pages of any size", func(t *testing.T, s service.Store) {
			records := spread(11)
			create(t, s, records...)
			for _, size := range []int{1, 2, 3, 10, 11, 12, all} {
				wantSame(t, fmt.Sprintf("pages of %d", size), byCreation(records), walkRecords(t, s, size, nil), nil)
			}
		}},
		{"records start behind a place, whether a user stands there or not", func(t *testing.T, s service.Store) {
			a, b, c := user("a", withID(1)), user("b", withID(3), inactive), user("c", withID(5))
			create(t, s, c, a, b)
			for after, want := range map[byte][]service.Record{0: {a, b, c}, 1: {b, c}, 2: {b, c}, 3: {c}, 4: {c}, 5: nil, 255: nil} {
				wantRecords(t, s, &service.Position{At: a.User.CreatedAt, ID: numberedID(after)}, all, want...)
			}
			wantRecords(t, s, &service.Position{At: a.User.CreatedAt.Add(-time.Microsecond), ID: numberedID(255)}, all, a, b, c)
			wantRecords(t, s, &service.Position{At: a.User.CreatedAt.Add(time.Microsecond)}, all)
		}},
		{"deleted users have no record", func(t *testing.T, s service.Store) {
			a, b := user("a", withID(1)), user("b", withID(2))
			create(t, s, a, b)
			remove(t, s, a.User.ID)
			wantRecords(t, s, nil, all, b)
		}},
		{"who walks the records sees each user once, whoever comes and goes meanwhile", func(t *testing.T, s service.Store) {
			stay, leave := spread(20), spread(20)
			for i := range leave {
				leave[i].Keys.Email += " no longer"
				leave[i].User.ID[15]++
			}
			create(t, s, stay...)
			create(t, s, leave...)
			leave = byCreation(leave)
			var seen []service.KeyedUser
			for _, r := range walkRecords(t, s, 3, func(page int) {
				remove(t, s, leave[page].User.ID)
				remove(t, s, leave[len(leave)-1-page].User.ID)
				create(t, s, user(fmt.Sprintf("guest %d", page)))
			}) {
				seen = append(seen, r.Keyed())
			}
			wantEachOnce(t, stay, seen)
		}},
	}
}

// spread are n users, some of them created at the same time and some inactive,
// in no order.
func spread(n int) []service.Record {
	records := users(n)
	for i := range records {
		u := &records[i].User
		for j := range u.ID {
			u.ID[j] = byte((i*(j+1)*89 + j*37) % 256)
		}
		u.ID[15] = byte(2 * i)
		u.CreatedAt = start.Add(time.Duration(i*7%5) * time.Microsecond)
		u.IsActive = i%3 != 0
	}
	return records
}

// byCreation are records in the order of creation.
func byCreation(records []service.Record) []service.Record {
	return sorted(records, service.Order{Field: service.OrderByCreatedAt})
}

// walkRecords reads all records in pages of size and calls between after each
// but the last.
func walkRecords(t *testing.T, s service.Store, size int, between func(page int)) []service.Record {
	t.Helper()
	var walked []service.Record
	var after *service.Position
	for page := 0; ; page++ {
		records, err := s.Records(t.Context(), after, size)
		if err != nil || len(records) > size {
			t.Fatalf("%d records, %v, want at most %d", len(records), err, size)
		}
		walked = append(walked, records...)
		if len(records) < size {
			return walked
		}
		after = new(records[size-1].Position())
		if between != nil && page < 5 {
			between(page)
		}
	}
}

func wantRecords(t *testing.T, s service.Store, after *service.Position, limit int, want ...service.Record) {
	t.Helper()
	got, err := s.Records(t.Context(), after, limit)
	wantSame(t, fmt.Sprintf("records after %+v", after), want, got, err)
}
