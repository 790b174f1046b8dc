package service

import (
	"context"
	"fmt"
	"sync"

	"github.com/google/uuid"
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

// feeds are the open feeds. One goroutine, the relay, reads the log for all of
// them and tells those that a change is for: if each looked for itself, every
// change would wake thousands that it does not concern.
type feeds struct {
	store Store
	most  int // for one actor

	mu     sync.Mutex
	open   map[uuid.UUID]map[*ChangeFeed]struct{} // guarded by mu; by the user they follow, uuid.Nil for all
	of     map[spender]int                        // guarded by mu; how many are whose
	resets int                                    // guarded by mu; how often the log was replaced
	seen   int64                                  // guarded by mu; the last change that the relay has told of
	stop   context.CancelFunc                     // guarded by mu; ends the relay, nil when none runs
}

func newFeeds(store Store, most int) *feeds {
	return &feeds{store: store, most: most, open: make(map[uuid.UUID]map[*ChangeFeed]struct{}), of: make(map[spender]int)}
}

// add notes f until ctx ends, unless ctx's actor has too many. The log ended with
// the change last. It returns
// *[CursorExpiredError] when the log was replaced since it had been for so many
// times: f stands in one that is no more.
func (a *feeds) add(ctx context.Context, f *ChangeFeed, last int64, resets int) error {
	who := spenderOf(ctx)
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.resets != resets:
		return &CursorExpiredError{}
	case a.of[who] >= a.most:
		return &RateLimitedError{Reason: fmt.Sprintf("At most %d streams of changes can be open at once; close one first.", a.most)}
	}
	user := f.query.UserID
	if a.open[user] == nil {
		a.open[user] = make(map[*ChangeFeed]struct{})
	}
	a.open[user][f] = struct{}{}
	a.of[who]++
	a.arm(f, last)
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
	a.endRelay()
	a.each(func(f *ChangeFeed) {
		f.expire()
		f.ring()
	})
	return replace()
}

func (a *feeds) remove(who spender, f *ChangeFeed) {
	a.mu.Lock()
	defer a.mu.Unlock()
	user := f.query.UserID
	if delete(a.open[user], f); len(a.open[user]) == 0 {
		delete(a.open, user)
	}
	if a.of[who]--; a.of[who] == 0 {
		delete(a.of, who)
	}
	if len(a.open) == 0 {
		a.endRelay()
	}
}

func (a *feeds) load(newest int64) FeedLoad {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := FeedLoad{Newest: newest}
	a.each(func(f *ChangeFeed) {
		l.Open++
		l.Behind = max(l.Behind, newest-a.placeOf(f))
	})
	return l
}

// each calls do with each open feed. a.mu is held.
func (a *feeds) each(do func(*ChangeFeed)) {
	for _, same := range a.open {
		for f := range same {
			do(f)
		}
	}
}
