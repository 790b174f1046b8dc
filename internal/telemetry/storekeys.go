package telemetry

import (
	"context"
	"time"

	"github.com/userd/userd/service"
)

// CreateKey implements [service.Store].
func (s *store) CreateKey(ctx context.Context, k service.Key) error {
	c := s.begin(ctx, "create_key")
	return c.end(s.Store.CreateKey(c.ctx, k))
}

// Keys implements [service.Store].
func (s *store) Keys(ctx context.Context) ([]service.Key, error) {
	c := s.begin(ctx, "keys")
	keys, err := s.Store.Keys(c.ctx)
	return keys, c.end(err)
}

// RevokeKey implements [service.Store].
func (s *store) RevokeKey(ctx context.Context, name string, at time.Time) error {
	c := s.begin(ctx, "revoke_key")
	return c.end(s.Store.RevokeKey(c.ctx, name, at))
}

// TouchKey implements [service.Store].
func (s *store) TouchKey(ctx context.Context, hash service.KeyHash, at time.Time) error {
	c := s.begin(ctx, "touch_key")
	return c.end(s.Store.TouchKey(c.ctx, hash, at))
}
