package postgres

import (
	"context"
	"sync"
)

// latest is how far the change log is known to go.
type latest struct {
	mu      sync.Mutex
	seq     int64         // guarded by mu
	grown   chan struct{} // guarded by mu; closed when seq has grown
	waiting int           // guarded by mu
}

func newLatest(seq int64) *latest { return &latest{seq: seq, grown: make(chan struct{})} }

// advance notes that the log goes at least as far as seq, and wakes who waits.
func (l *latest) advance(seq int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if seq > l.seq {
		l.seq = seq
		close(l.grown)
		l.grown = make(chan struct{})
	}
}

// now is how far the log is known to go.
func (l *latest) now() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seq
}

// observe notes what a read has found that began when now was before. Less
// than that means that the database has lost changes, in a failover to a
// standby that lagged behind.
func (l *latest) observe(before, seq int64) {
	l.advance(seq)
	l.mu.Lock()
	defer l.mu.Unlock()
	if seq < before {
		l.seq = seq
	}
}

// await returns when the log goes beyond after, or with ctx's cause.
func (l *latest) await(ctx context.Context, after int64) error {
	for {
		l.mu.Lock()
		seq, grown := l.seq, l.grown
		l.mu.Unlock()
		if ctx.Err() != nil || seq > after {
			return context.Cause(ctx)
		}
		if err := l.wait(ctx, grown); err != nil {
			return err
		}
	}
}

// wait waits for grown, counted among those who do.
func (l *latest) wait(ctx context.Context, grown <-chan struct{}) error {
	l.count(1)
	defer l.count(-1)
	select {
	case <-grown:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l *latest) count(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting += n
}

// isAwaited tells whether anybody waits.
func (l *latest) isAwaited() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waiting > 0
}
