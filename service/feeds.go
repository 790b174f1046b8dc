package service

import (
	"context"
	"fmt"
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

// defaultMaxFeeds is how many feeds one actor may have open, unless the
// service is told otherwise.
const defaultMaxFeeds = 1000

// feeds are the open feeds.
type feeds struct {
	most int // for one actor

	mu     sync.Mutex
	open   map[*ChangeFeed]struct{} // guarded by mu
	of     map[spender]int          // guarded by mu; how many are whose
	resets int                      // guarded by mu; how often the log was replaced
}

func newFeeds(most int) *feeds {
	return &feeds{most: most, open: make(map[*ChangeFeed]struct{}), of: make(map[spender]int)}
}

// add notes f until ctx ends, unless ctx's actor has too many. It returns
// *[CursorExpiredError] when the log was replaced since it had been for so many
// times: f stands in one that is no more.
func (a *feeds) add(ctx context.Context, f *ChangeFeed, resets int) error {
	who := spenderOf(ctx)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.resets != resets {
		return &CursorExpiredError{}
	}
	if a.of[who] >= a.most {
		return &RateLimitedError{Reason: fmt.Sprintf("At most %d streams of changes can be open at once; close one first.", a.most)}
	}
	a.open[f] = struct{}{}
	a.of[who]++
	context.AfterFunc(ctx, func() { a.remove(who, f) })
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

func (a *feeds) remove(who spender, f *ChangeFeed) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.open, f)
	if a.of[who]--; a.of[who] == 0 {
		delete(a.of, who)
	}
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
