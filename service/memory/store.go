// Package memory is the store that keeps all users in memory, in maps and
// ordered indexes behind one RWMutex.
package memory

import (
	"context"
	"fmt"
	"sync"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// Store is a [service.Store] in memory. Make one with [New].
type Store struct {
	mu     sync.RWMutex
	tables *tables // guarded by mu
}

var _ service.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store { return &Store{tables: newTables()} }

// CreateUser implements [service.Store].
func (s *Store) CreateUser(ctx context.Context, r service.Record) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.tables.byID[r.User.ID]; taken {
		return fmt.Errorf("the id %s is taken", r.User.ID)
	}
	if s.tables.withEmail(r.Keys.Email) != nil {
		return &service.EmailTakenError{}
	}
	s.tables.insert(&r)
	return nil
}

// UpdateUser implements [service.Store].
func (s *Store) UpdateUser(ctx context.Context, id uuid.UUID, u service.Update) (service.User, error) {
	if ctx.Err() != nil {
		return service.User{}, context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.tables.expect(id, u.Expect)
	if err != nil {
		return service.User{}, err
	}
	updated, changed := u.Apply(*old)
	if !changed {
		return old.User, nil
	}
	if owner := s.tables.withEmail(updated.Keys.Email); owner != nil && owner != old {
		return service.User{}, &service.EmailTakenError{}
	}
	s.tables.remove(old)
	s.tables.insert(&updated)
	return updated.User, nil
}

// DeleteUser implements [service.Store].
func (s *Store) DeleteUser(ctx context.Context, id uuid.UUID, expect service.Versions) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.tables.expect(id, expect)
	if err != nil {
		return err
	}
	s.tables.remove(old)
	return nil
}

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

// record returns the user's record, which never changes once it is in the tables.
func (s *Store) record(ctx context.Context, id uuid.UUID) (*service.Record, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.tables.expect(id, nil)
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
		if r, ok := s.tables.byID[id]; ok && !seen[id] {
			seen[id] = true
			users = append(users, r.User)
		}
	}
	return users, nil
}

// ListUsers implements [service.Store].
func (s *Store) ListUsers(ctx context.Context, q service.ListQuery) ([]service.KeyedUser, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s.mu.RLock()
	found := s.tables.list(q)
	s.mu.RUnlock()
	users := make([]service.KeyedUser, len(found)) // records never change, so copying needs no lock
	for i, r := range found {
		users[i] = service.KeyedUser{User: r.User, Keys: r.Keys}
	}
	return users, nil
}

// CountUsers implements [service.Store].
func (s *Store) CountUsers(ctx context.Context, f service.Filter) (int, error) {
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.tables.count(f), nil
}

// Ping implements [service.Store]: memory is always there.
func (s *Store) Ping(ctx context.Context) error { return context.Cause(ctx) }

// Close implements [service.Store]; there is nothing to release.
func (s *Store) Close() error { return nil }
