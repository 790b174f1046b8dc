package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/postgres/postgrestest"
)

// unawareUpdate is how a program writes a user that knows nothing of verified
// addresses.
const unawareUpdate = `UPDATE userd_users SET (email, first_name, last_name, is_active, version, created_at, updated_at,
	email_key, first_name_key, last_name_key, password_hash) = ($2, $3, 'Lovelace', true, version + 1, created_at, updated_at, $4, 'ada', 'lovelace', password_hash)
	WHERE id = $1`

// TestUnawareProgramBeside: during an upgrade older programs write users, too,
// and leave what they do not know as it is. An address that they bring is not
// verified, whoever reads the user, and one that they leave alone stays so.
func TestUnawareProgramBeside(t *testing.T) {
	at := time.Date(2026, 2, 1, 12, 0, 0, 123456000, time.UTC)
	for name, c := range map[string]struct {
		email, firstName, key string
		want                  time.Time
	}{
		"another address":  {"new@example.com", "Ada", "new@example.com", time.Time{}},
		"another spelling": {"ADA@example.com", "Ada", "ada@example.com", at},
		"another name":     {"ada@example.com", "Augusta", "ada@example.com", at},
	} {
		t.Run(name, func(t *testing.T) {
			s, conn := opened(t, Config{})
			r := newRecord("ada@example.com")
			r.User.EmailVerifiedAt = at
			if err := s.CreateUser(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			if tag, err := conn.Exec(t.Context(), unawareUpdate, [16]byte(r.User.ID), c.email, c.firstName, c.key); err != nil || tag.RowsAffected() != 1 {
				t.Fatal(tag, err)
			}
			r.User.Email, r.User.FirstName, r.Keys.Email, r.User.Version, r.User.EmailVerifiedAt = c.email, c.firstName, c.key, 2, c.want
			wantRead(t, s, r)

			// The next change says nothing of it, and brings nothing back.
			u := service.Update{At: at, LastName: &service.Text{Value: "King", Key: "king"}}
			if _, err := s.UpdateUser(t.Context(), r.User.ID, u); err != nil {
				t.Fatal(err)
			}
			r, _ = u.Apply(r)
			wantRead(t, s, r)
			last, err := s.Changes(t.Context(), service.ChangeQuery{After: 1, Limit: 1})
			if err != nil || len(last.Changes) != 1 || len(last.Changes[0].Fields) != 1 {
				t.Errorf("the change is %+v, %v", last.Changes, err)
			}
		})
	}
}

// wantRead holds what s has of r's user to r, in every way to read it.
func wantRead(t *testing.T, s *Store, r service.Record) {
	t.Helper()
	u, err := s.User(t.Context(), r.User.ID)
	if diff := cmp.Diff(r.User, u); diff != "" || err != nil {
		t.Errorf("User: %v (-want +got):\n%s", err, diff)
	}
	records, err := s.Records(t.Context(), nil, 9)
	if diff := cmp.Diff([]service.Record{r}, records); diff != "" || err != nil {
		t.Errorf("Records: %v (-want +got):\n%s", err, diff)
	}
	for name, q := range map[string]service.ListQuery{
		"by creation": {}, "by address": {Order: service.Order{Field: service.OrderByEmail}}, "with a prefix": {Filter: service.Filter{Prefix: "a"}},
		"with the address": {Filter: service.Filter{EmailKey: r.Keys.Email}},
	} {
		q.Limit = 9
		found, err := s.ListUsers(t.Context(), q)
		if diff := cmp.Diff([]service.KeyedUser{{User: &r.User, Keys: &r.Keys}}, found); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

// Users from before there were verifications are there after the migration,
// and their addresses are not verified.
func TestUsersFromBeforeVerifications(t *testing.T) {
	url := postgrestest.URL(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, _, err := migrate(t.Context(), conn, migrations()[:2]); err != nil {
		t.Fatal(err)
	}
	r := newRecord("ada@example.com")
	u := &r.User
	if _, err := conn.Exec(t.Context(), `WITH counted AS (UPDATE userd_state SET active = 1)
		INSERT INTO userd_users VALUES ($1, $2, $3, $4, true, 1, $5, $5, $6, $7, $8, $9)`,
		[16]byte(u.ID), u.Email, u.FirstName, u.LastName, u.CreatedAt, r.Keys.Email, r.Keys.FirstName, r.Keys.LastName, r.PasswordHash); err != nil {
		t.Fatal(err)
	}
	s, _ := opened(t, Config{URL: url})
	wantRead(t, s, r)
	at := u.CreatedAt.Add(time.Hour)
	verification := service.Update{At: at, EmailVerifiedAt: &at}
	if _, err := s.UpdateUser(t.Context(), u.ID, verification); err != nil {
		t.Fatal(err)
	}
	r, _ = verification.Apply(r)
	wantRead(t, s, r)
}
