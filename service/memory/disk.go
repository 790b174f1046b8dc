package memory

import (
	"context"
	"time"

	"github.com/userd/userd/service"
)

// Ping implements [service.Store]: the disk, if there is one, must have taken
// the last change it was given.
func (s *Store) Ping(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return s.diskError()
}

// diskError is why the disk takes no changes, or nil.
func (s *Store) diskError() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.disk
}

// diskFailed notes that the disk has refused a change.
func (s *Store) diskFailed(cause error) {
	s.config.Log.Error("the disk refuses changes; reads go on", "error", cause)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.disk = &service.UnavailableError{
		Reason: "Changes cannot be stored at the moment; nothing was changed.", RetryAfter: time.Second, Err: cause,
	}
}

// diskRecovered notes that the disk takes changes again.
func (s *Store) diskRecovered() {
	s.config.Log.Info("the disk takes changes again")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.disk = nil
}
