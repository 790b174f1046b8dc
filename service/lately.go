package service

import (
	"context"
	"sync/atomic"
	"time"
)

// lateFor is how long what was read lately is gone by: what another copy of the
// service changes has its effect here after that.
const lateFor = time.Second

// lately is something small in the store that every request needs. It is read at
// most once a second, and not at all while nobody calls.
type lately[T any] struct {
	read func(context.Context) (T, error)
	last atomic.Pointer[reading[T]]
	turn chan struct{} // holds one while it is read or forgotten
}

// reading is what was read at a time.
type reading[T any] struct {
	value T
	at    time.Time
}

func newLately[T any](read func(context.Context) (T, error)) *lately[T] {
	return &lately[T]{read: read, turn: make(chan struct{}, 1)}
}

// get returns what was read within the last second, or reads it.
func (l *lately[T]) get(ctx context.Context) (T, error) {
	if last := l.last.Load(); last != nil && time.Since(last.at) < lateFor {
		return last.value, nil
	}
	return l.anew(ctx)
}

// anew returns what is read from now on. Any number of callers share one reading
// at a time.
func (l *lately[T]) anew(ctx context.Context) (value T, err error) {
	asked := time.Now()
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return value, context.Cause(ctx)
	}
	defer func() { <-l.turn }()
	if last := l.last.Load(); last != nil && !last.at.Before(asked) {
		return last.value, nil // somebody else has begun to read since, however long it took
	}
	at := time.Now() // before it is read: it may change meanwhile
	if value, err = l.read(ctx); err != nil {
		return value, err
	}
	l.last.Store(&reading[T]{value, at})
	return value, nil
}

// forget has it read anew. It waits for a reading that is under way, which may
// have missed what the caller has changed.
func (l *lately[T]) forget() {
	l.turn <- struct{}{}
	l.last.Store(nil)
	<-l.turn
}
