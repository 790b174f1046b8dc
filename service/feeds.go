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
	mu   sync.Mutex
	open map[*ChangeFeed]struct{} // guarded by mu
}

// add notes f until ctx ends.
func (a *feeds) add(ctx context.Context, f *ChangeFeed) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open == nil {
		a.open = make(map[*ChangeFeed]struct{})
	}
	a.open[f] = struct{}{}
	context.AfterFunc(ctx, func() { a.remove(f) })
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
