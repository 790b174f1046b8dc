package memory

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/internal/plan"
)

// User implements [service.Store].
func (s *Store) User(ctx context.Context, id uuid.UUID) (service.User, error) {
	r, err := s.record(ctx, id)
	if err != nil {
		return service.User{}, err
	}
	return r.User, nil
}

// PasswordHash implements [service.Store].
func (s *Store) PasswordHash(ctx context.Context, id uuid.UUID) (string, error) {
	r, err := s.record(ctx, id)
	if err != nil {
		return "", err
	}
	return r.PasswordHash, nil
}

// schemesAtOnce is how many users are counted under one lock, so that others get
// their turn.
const schemesAtOnce = 1000

// HashSchemes implements [service.Store].
func (s *Store) HashSchemes(ctx context.Context) (map[string]int, error) {
	schemes := make(map[string]int)
	q := service.ListQuery{Limit: schemesAtOnce}
	for {
		found, err := s.list(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, r := range found {
			schemes[service.HashScheme(r.PasswordHash)]++
		}
		if len(found) < schemesAtOnce {
			return schemes, nil
		}
		q.After = new(found[len(found)-1].Position())
	}
}

// record returns the user's record, which never changes once it is in the tables.
func (s *Store) record(ctx context.Context, id uuid.UUID) (*service.Record, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return plan.Expect(s.tables.Record(id), id, nil)
}

// UsersByID implements [service.Store].
func (s *Store) UsersByID(ctx context.Context, ids []uuid.UUID) ([]service.User, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	seen := make(map[uuid.UUID]bool, len(ids))
	var users []service.User
	for _, id := range ids {
		if r := s.tables.Record(id); r != nil && !seen[id] {
			seen[id] = true
			users = append(users, r.User)
		}
	}
	return users, nil
}

// ListUsers implements [service.Store].
func (s *Store) ListUsers(ctx context.Context, q service.ListQuery) ([]service.KeyedUser, error) {
	found, err := s.list(ctx, q)
	users := make([]service.KeyedUser, len(found))
	for i, r := range found {
		users[i] = r.Keyed()
	}
	return users, err
}

// list returns the records that q asks for. As records never change they can
// be read without the lock.
func (s *Store) list(ctx context.Context, q service.ListQuery) ([]*service.Record, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err := s.rLockIndexed(ctx); err != nil {
		return nil, err
	}
	defer s.mu.RUnlock()
	return s.tables.list(q), nil
}

// CountUsers implements [service.Store].
func (s *Store) CountUsers(ctx context.Context, f service.Filter) (int, error) {
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	if err := s.rLockIndexed(ctx); err != nil {
		return 0, err
	}
	defer s.mu.RUnlock()
	return s.tables.count(f), nil
}

// rLockIndexed locks the tables for reading, with their indexes. If it returns
// an error they are not locked.
func (s *Store) rLockIndexed(ctx context.Context) error {
	s.mu.RLock()
	if s.tables.emails == nil {
		return nil
	}
	s.mu.RUnlock()
	if err := s.change(ctx, time.Time{}, func(*plan.View) error { return s.index() }); err != nil {
		return err
	}
	s.mu.RLock()
	return nil
}

// index gives the tables their indexes. It is for the writer.
func (s *Store) index() error {
	if s.tables.emails == nil {
		return nil
	}
	indexed, err := tablesOf(s.tables.sorted())
	s.mu.Lock()
	defer s.mu.Unlock()
	*s.tables = *indexed
	return err
}
