package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/internal/plan"
	"github.com/userd/userd/service/postgres/postgrestest"
)

// newRecord is a user with this e-mail address.
func newRecord(email string) service.Record {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return service.Record{
		User: service.User{ID: uuid.Must(uuid.NewV7()), Email: email, FirstName: "Ada", LastName: "Lovelace", IsActive: true, Version: 1, CreatedAt: at, UpdatedAt: at},
		Keys: service.Keys{Email: email, FirstName: "ada", LastName: "lovelace"}, PasswordHash: "$argon2id$",
	}
}

// copies are n stores on one schema.
func copies(t *testing.T, n int, c Config) []*Store {
	t.Helper()
	c.URL = postgrestest.URL(t)
	stores := make([]*Store, n)
	var starting sync.WaitGroup
	for i := range stores { // all at once, on a schema that is still empty
		starting.Go(func() {
			s, err := Open(t.Context(), c)
			if err != nil {
				t.Error(err)
				return
			}
			stores[i] = s
		})
	}
	starting.Wait()
	if t.Failed() {
		t.FailNow()
	}
	t.Cleanup(func() {
		for _, s := range stores {
			s.Close()
		}
	})
	return stores
}

// TestCopies: what one copy has acknowledged every other one reads, an e-mail
// address has one owner, and all copies have one log.
func TestCopies(t *testing.T) {
	stores := copies(t, 3, Config{})
	const each = 40
	var created atomic.Int64
	var writers sync.WaitGroup
	for i, s := range stores {
		for range 4 {
			writers.Go(func() {
				for n := range each {
					r := newRecord(fmt.Sprintf("user%d@example.com", n))
					err := s.CreateUser(t.Context(), r)
					if errors.Is(err, &service.EmailTakenError{}) {
						continue
					}
					if err != nil {
						t.Error(err)
						return
					}
					created.Add(1)
					if _, err := stores[(i+1)%3].User(t.Context(), r.User.ID); err != nil {
						t.Errorf("another copy: %v", err)
					}
				}
			})
		}
	}
	logs := make([][]service.Change, len(stores))
	var followers sync.WaitGroup
	for i, s := range stores {
		followers.Go(func() { logs[i] = follow(t, s, each) })
	}
	writers.Wait()
	followers.Wait()
	if created.Load() != each {
		t.Errorf("%d users were created, want %d", created.Load(), each)
	}
	for i, log := range logs {
		for n, c := range log {
			if c.Seq != int64(n)+1 || c.UserID != logs[0][n].UserID {
				t.Errorf("copy %d has change %d of %s in place %d", i, c.Seq, c.UserID, n+1)
			}
		}
	}
	if n, err := stores[1].CountUsers(t.Context(), service.Filter{}); n != each || err != nil {
		t.Errorf("%d users are counted, %v", n, err)
	}
}

// follow reads the log as it grows, until it has n changes.
func follow(t *testing.T, s *Store, n int) []service.Change {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var read []service.Change
	for after := int64(0); len(read) < n; {
		if err := s.AwaitChange(ctx, after); err != nil {
			t.Error(err)
			return read
		}
		slice, err := s.Changes(ctx, service.ChangeQuery{After: after, Limit: 7})
		if err != nil {
			t.Error(err)
			return read
		}
		read, after = append(read, slice.Changes...), slice.Through
	}
	return read
}

// TestCopiesWithoutNotifications: behind a pooler, or on a server that has no
// LISTEN, changes of other copies are found by looking.
func TestCopiesWithoutNotifications(t *testing.T) {
	url := postgrestest.URL(t)
	writing, _ := opened(t, Config{URL: url})
	following, _ := opened(t, Config{URL: url + "&default_query_exec_mode=cache_describe"})
	done := make(chan []service.Change)
	go func() { done <- follow(t, following, 10) }()
	for i := range 10 {
		if err := writing.CreateUser(t.Context(), newRecord(fmt.Sprintf("user%d@example.com", i))); err != nil {
			t.Fatal(err)
		}
	}
	if read := <-done; len(read) != 10 || following.hears.Load() {
		t.Errorf("%d changes were found, hearing %t", len(read), following.hears.Load())
	}
}

// TestEmailPassedOnInOneTransaction: changes that share a transaction take
// effect one after the other all the same.
func TestEmailPassedOnInOneTransaction(t *testing.T) {
	s, _ := opened(t, Config{})
	a, b, c := newRecord("a@example.com"), newRecord("b@example.com"), newRecord("c@example.com")
	for _, r := range []service.Record{a, b} {
		if err := s.CreateUser(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	giving := func(r service.Record, email string) func(*plan.View) error {
		return func(v *plan.View) error {
			_, err := v.Update(r.User.ID, service.Update{Email: &service.Text{Value: email, Key: email}})
			return err
		}
	}
	steps := []struct {
		plan  func(*plan.View) error
		taken bool
	}{
		{giving(a, "x@example.com"), false},
		{giving(b, "a@example.com"), false},
		{giving(a, "b@example.com"), false},
		{giving(a, "a@example.com"), true},
		{func(v *plan.View) error { return v.Create(c) }, false},
		{func(v *plan.View) error { return v.Delete(c.User.ID, service.Deletion{}) }, false},
		{func(v *plan.View) error { return v.Create(newRecord("c@example.com")) }, false},
	}
	err := s.writer.change(t.Context(), &job{
		ids:    []uuid.UUID{a.User.ID, b.User.ID, c.User.ID},
		emails: []string{"a@example.com", "b@example.com", "c@example.com", "x@example.com"},
		plan: func(v *plan.View) error {
			for i, step := range steps {
				if err := step.plan(v); errors.Is(err, &service.EmailTakenError{}) != step.taken || !step.taken && err != nil {
					t.Errorf("step %d: %v", i+1, err)
				}
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for email, id := range map[string]uuid.UUID{"a@example.com": b.User.ID, "b@example.com": a.User.ID} {
		found, err := s.ListUsers(t.Context(), service.ListQuery{Filter: service.Filter{EmailKey: email}, Limit: 2})
		if err != nil || len(found) != 1 || found[0].User.ID != id {
			t.Errorf("%s belongs to %+v, %v", email, found, err)
		}
	}
	slice, err := s.Changes(t.Context(), service.ChangeQuery{UserID: c.User.ID, Limit: 9})
	if err != nil || len(slice.Changes) != 2 || slice.Changes[0].Fields[0].New != nil {
		t.Errorf("the changes of who was created and deleted at once are %+v, %v", slice.Changes, err)
	}
	if n, err := s.CountUsers(t.Context(), service.Filter{}); n != 3 || err != nil {
		t.Errorf("there are %d users, %v", n, err)
	}
}

// TestCopiesCountAttemptsTogether: who guesses passwords gains nothing by
// turning to another copy, one after the other or all at once.
func TestCopiesCountAttemptsTogether(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var services []*service.Service
	stores := copies(t, 3, Config{})
	if err := stores[0].CreateUser(t.Context(), newRecord("ada@example.com")); err != nil {
		t.Fatal(err)
	}
	for _, s := range stores {
		services = append(services, service.New(s, service.Config{Now: func() time.Time { return at },
			Argon2: service.Argon2Params{Memory: 64, Passes: 1, Lanes: 1}, Hashing: service.HashingLimits{Slots: 4, Queue: 100, Wait: time.Minute}}))
	}
	var looked, refused atomic.Int64
	var tries sync.WaitGroup
	for i := range 60 {
		tries.Go(func() {
			_, err := services[i%3].VerifyPassword(t.Context(), service.Credentials{Email: service.Some("ada@example.com"), Password: service.Some("guess"), Client: service.Some("bot")})
			switch service.CodeOf(err) {
			case service.CodeInvalidCredentials:
				looked.Add(1)
			case service.CodeRateLimited:
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	tries.Wait()
	if looked.Load() != 6 || refused.Load() != 54 {
		t.Errorf("%d were looked at and %d refused", looked.Load(), refused.Load())
	}
}
