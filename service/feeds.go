package service

import (
	"context"
	"sync"
)

// FeedLoad tells who follows the change log.
type FeedLoad struct {
	// Newest is the number of the newest change.
	Newest int64
	// Open is how many feeds there are.
	Open int
	// Behind is how many changes the slowest of them has yet to read.
	Behind int64
}

// Feeds tells who follows the change log.
func (s *Service) Feeds(ctx context.Context) (FeedLoad, error) {
	log, err := s.store.ChangeLog(ctx)
	if err != nil {
		return FeedLoad{}, err
	}
	return s.feeds.load(log.Last), nil
}

// feeds are the open feeds.
type feeds struct {
	mu     sync.Mutex
	open   map[*ChangeFeed]struct{} // guarded by mu
	resets int                      // guarded by mu; how often the log was replaced
}

// add notes f until ctx ends. It returns *[CursorExpiredError] when the log was
// replaced since it had been for so many times: f stands in one that is no more.
func (a *feeds) add(ctx context.Context, f *ChangeFeed, resets int) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.resets != resets {
		return &CursorExpiredError{}
	}
	if a.open == nil {
		a.open = make(map[*ChangeFeed]struct{})
	}
	a.open[f] = struct{}{}
	context.AfterFunc(ctx, func() { a.remove(f) })
	return nil
}

// count tells how often the log was replaced.
func (a *feeds) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.resets
}

// outlive has replace put another log in the place of the one that all open
// feeds read, which then have expired: what they read afterwards is of a log that
// their cursors know nothing of.
func (a *feeds) outlive(replace func() error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.resets++
	for f := range a.open {
		f.expire()
	}
	return replace()
}

func (a *feeds) remove(f *ChangeFeed) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.open, f)
}

func (a *feeds) load(newest int64) FeedLoad {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := FeedLoad{Newest: newest, Open: len(a.open)}
	for f := range a.open {
		l.Behind = max(l.Behind, newest-f.read.Load())
	}
	return l
}
