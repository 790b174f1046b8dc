package memory

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// Writers and readers use one store at once, under the race detector; then the
// indexes have to agree with the users.
func TestIndexesAgreeAfterConcurrentChanges(t *testing.T) {
	s := New()
	defer s.Close()
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for w := range 3 {
		writers.Go(func() { writeALot(t, s, w) })
		readers.Go(func() { readALot(t, s, done) })
	}
	writers.Wait()
	close(done)
	readers.Wait()

	s.mu.RLock()
	defer s.mu.RUnlock()
	s.tables.check(t)
	if s.tables.users() == 0 {
		t.Error("nobody is left to check")
	}
}

// writeALot creates users, changes all keys of them, and deletes every third.
func writeALot(t *testing.T, s *Store, writer int) {
	for i := range 60 {
		at := time.UnixMicro(int64(i % 10)).UTC()
		key := func(kind string) *service.Text {
			key := fmt.Sprintf("%s %d %d", kind, i*7%10, writer)
			return &service.Text{Value: key, Key: key}
		}
		id, email := uuid.UUID{0: byte(writer), 14: byte(i >> 8), 15: byte(i)}, fmt.Sprintf("%d of %d", i, writer)
		err := s.CreateUser(t.Context(), service.Record{
			User: service.User{ID: id, Email: email, IsActive: i%2 == 0, Version: 1, CreatedAt: at, UpdatedAt: at},
			Keys: service.Keys{Email: email, FirstName: "first", LastName: "last"},
		})
		if err != nil {
			t.Error(err)
			return
		}
		active := i%4 < 2
		s.UpdateUser(t.Context(), id, service.Update{At: at, Email: key("e"), FirstName: key("f"), LastName: key("l"), IsActive: &active}) // often taken
		if i%3 == 0 {
			if err := s.DeleteUser(t.Context(), id, service.Deletion{At: at}); err != nil {
				t.Error(err)
			}
		}
	}
}

// readALot asks for lists of all kinds until done.
func readALot(t *testing.T, s *Store, done <-chan struct{}) {
	for i := 0; ; i++ {
		select {
		case <-done:
			return
		default:
		}
		q := service.ListQuery{
			Filter: service.Filter{Prefix: []string{"", "e", "f", "1"}[i%4]},
			Order:  service.Order{Field: service.OrderFields()[i%3], Descending: i%2 == 0},
			Limit:  10,
		}
		users, err := s.ListUsers(t.Context(), q)
		if err != nil {
			t.Error(err)
		}
		for _, u := range users {
			s.User(t.Context(), u.User.ID)
			s.PasswordHash(t.Context(), u.User.ID)
		}
		s.CountUsers(t.Context(), q.Filter)
	}
}
