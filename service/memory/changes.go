package memory

import (
	"context"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// Changes implements [service.Store].
func (s *Store) Changes(ctx context.Context, q service.ChangeQuery) (service.ChangeSlice, error) {
	if ctx.Err() != nil {
		return service.ChangeSlice{}, context.Cause(ctx)
	}
	slice, inTail, err := s.recentChanges(q)
	if err != nil || inTail {
		return slice, err
	}
	through := slice.Through // what is committed later than this is not readable yet
	slice.Changes, err = s.journal.Changes(ctx, q.After, through, q.UserID, q.Limit)
	if err != nil {
		return service.ChangeSlice{}, &service.UnavailableError{Reason: "The change log cannot be read at the moment.", Err: err}
	}
	if len(slice.Changes) == q.Limit {
		slice.Through = slice.Changes[q.Limit-1].Seq
	}
	state, err := s.ChangeLog(ctx) // changes may have been dropped while they were read
	if err == nil {
		err = state.Expired(q.After)
	}
	return slice, err
}

// recentChanges answers q from memory, if memory goes back far enough;
// otherwise it returns how far the journal may be read.
func (s *Store) recentChanges(q service.ChangeQuery) (slice service.ChangeSlice, inTail bool, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	slice.Through = s.log.last
	if q.After == service.OldestKept {
		q.After = s.log.first - 1
	}
	if err := s.log.state().Expired(q.After); err != nil {
		return slice, false, err
	}
	if q.After+1 < s.log.tailFirst() {
		return slice, false, nil
	}
	for _, c := range s.log.since(q.After) {
		if q.UserID != uuid.Nil && c.UserID != q.UserID {
			continue
		}
		if s.tables.Record(c.UserID) == nil {
			c = c.Erased() // the user is gone
		} else {
			c = c.Clone()
		}
		if slice.Changes = append(slice.Changes, c); len(slice.Changes) == q.Limit {
			slice.Through = c.Seq
			break
		}
	}
	return slice, true, nil
}

// ChangeLog implements [service.Store].
func (s *Store) ChangeLog(ctx context.Context) (service.ChangeLogState, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.log.state(), context.Cause(ctx)
}

// AwaitChange implements [service.Store].
func (s *Store) AwaitChange(ctx context.Context, after int64) error {
	for {
		s.mu.RLock()
		last, grown := s.log.last, s.grown
		s.mu.RUnlock()
		if last > after {
			return context.Cause(ctx)
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
