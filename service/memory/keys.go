package memory

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/userd/userd/service"
)

// keys are the API keys by their names. They do no locking.
type keys map[string]service.Key

// CreateKey implements [service.Store].
func (s *Store) CreateKey(ctx context.Context, k service.Key) error {
	return s.changeKey(ctx, func() (*service.Key, error) {
		if old, there := s.keys[k.Name]; there && old.RevokedAt.IsZero() {
			return nil, &service.KeyTakenError{}
		}
		k.Scopes = slices.Clone(k.Scopes)
		return &k, nil
	})
}

// RevokeKey implements [service.Store].
func (s *Store) RevokeKey(ctx context.Context, name string, at time.Time) error {
	return s.changeKey(ctx, func() (*service.Key, error) {
		k, there := s.keys[name]
		if !there || !k.RevokedAt.IsZero() {
			return nil, &service.KeyNotFoundError{}
		}
		k.RevokedAt = at
		return &k, nil
	})
}

// TouchKey implements [service.Store].
func (s *Store) TouchKey(ctx context.Context, hash service.KeyHash, at time.Time) error {
	return s.changeKey(ctx, func() (*service.Key, error) {
		for _, k := range s.keys {
			if k.Hash == hash && at.Sub(k.LastUsedAt) >= service.KeyUseInterval {
				k.LastUsedAt = at
				return &k, nil
			}
		}
		return nil, nil
	})
}

// Keys implements [service.Store].
func (s *Store) Keys(ctx context.Context) ([]service.Key, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []service.Key
	for _, name := range slices.Sorted(maps.Keys(s.keys)) {
		k := s.keys[name]
		k.Scopes = slices.Clone(k.Scopes)
		all = append(all, k)
	}
	return all, nil
}

// changeKey has the writer put the key that plan returns in the place of the
// one with its name; nil changes nothing. The writer calls plan.
func (s *Store) changeKey(ctx context.Context, plan func() (*service.Key, error)) error {
	return s.do(&job{ctx: ctx, alone: func() error {
		k, err := plan()
		if err != nil || k == nil {
			return err
		}
		return s.putKey(*k)
	}})
}

// putKey keeps k and then lets readers see it.
func (s *Store) putKey(k service.Key) error {
	if s.journal != nil {
		if err := s.diskError(); err != nil {
			return err
		}
		if err := s.journal.PutKey(k); err != nil {
			s.diskFailed(err)
			return s.diskError()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[k.Name] = k
	return nil
}

// alone does what j asks for, unless its caller has gone.
func (s *Store) alone(j *job) error {
	if j.ctx.Err() != nil {
		return context.Cause(j.ctx)
	}
	return j.alone()
}
