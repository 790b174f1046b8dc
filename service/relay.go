package service

import (
	"context"
	"time"

	"github.com/google/uuid"
)

const (
	// relayed is how many changes the relay reads at once.
	relayed = 200
	// relayTries is how often it tries to while the store is unavailable, and
	// relayPause the time from one try to the next.
	relayTries = 5
	relayPause = 500 * time.Millisecond
)

// relay tells feeds of what comes after a change, until ctx ends. If it cannot
// go on it leaves the feeds to themselves: they meet what it has met, each on
// behalf of its own caller.
func (a *feeds) relay(ctx context.Context, after int64) {
	defer a.abandon(ctx)
	for {
		slice, err := a.next(ctx, after)
		if err != nil || !a.tell(ctx, slice) {
			return
		}
		after = slice.Through
	}
}

// next awaits changes and reads them. A store that is unavailable is tried again:
// if every feed did so, it would have thousands of times as much to do.
func (a *feeds) next(ctx context.Context, after int64) (slice ChangeSlice, err error) {
	for try := 1; ; try++ {
		if err = a.store.AwaitChange(ctx, after); err == nil {
			slice, err = a.store.Changes(ctx, ChangeQuery{After: after, Limit: relayed})
		}
		if CodeOf(err) != CodeUnavailable || try == relayTries {
			return slice, err
		}
		select {
		case <-time.After(relayPause):
		case <-ctx.Done():
		}
	}
}

// tell has the feeds be due that changes are for, unless ctx has ended.
func (a *feeds) tell(ctx context.Context, slice ChangeSlice) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if ctx.Err() != nil {
		return false // there may be another relay
	}
	for _, c := range slice.Changes {
		for f := range a.open[c.UserID] {
			f.hear(c.Seq, c.Seq)
		}
	}
	if n := len(slice.Changes); n > 0 {
		for f := range a.open[uuid.Nil] {
			f.hear(slice.Changes[0].Seq, slice.Changes[n-1].Seq)
		}
	}
	a.seen = slice.Through
	return true
}

// hear has f be due, to whom the changes from first to last are the next that
// concern it. feeds.mu is held.
func (f *ChangeFeed) hear(first, last int64) {
	if !f.due && f.place < last {
		f.place = max(f.place, first-1)
		f.ring()
	}
}

// abandon leaves all feeds to themselves, unless ctx has ended; a panic goes no
// further than here, either.
func (a *feeds) abandon(ctx context.Context) {
	_ = recover()
	a.mu.Lock()
	defer a.mu.Unlock()
	if ctx.Err() != nil {
		return
	}
	a.endRelay()
	a.each(func(f *ChangeFeed) {
		f.place, f.alone = a.placeOf(f), true
		f.ring()
	})
}

// endRelay ends the relay, if there is one. a.mu is held.
func (a *feeds) endRelay() {
	if a.stop != nil {
		a.stop()
		a.stop = nil
	}
}

// arm has f be told of what comes after its place, or be due at once if there
// may be something, as the log goes as far as last at least. a.mu is held.
func (a *feeds) arm(f *ChangeFeed, last int64) {
	expired := f.log.Err() != nil
	if _, open := a.open[f.query.UserID][f]; open && !expired && a.stop == nil {
		var ctx context.Context
		ctx, a.stop = context.WithCancel(context.Background())
		a.seen = max(f.place, last) // what f is behind it reads by itself, and keeps nobody waiting
		go a.relay(ctx, a.seen)
	}
	f.alone, f.due = false, false
	if expired || f.place < a.seen {
		f.ring()
	}
}

// ring has f be due, and tells who waits for that. feeds.mu is held.
func (f *ChangeFeed) ring() {
	f.due = true
	f.wake()
}

// wake tells who waits. feeds.mu is held.
func (f *ChangeFeed) wake() {
	if f.tell != nil {
		f.tell()
		f.tell = nil
	}
}

// ready reports whether f is due or ctx has ended, and otherwise has then be
// called.
func (a *feeds) ready(ctx context.Context, f *ChangeFeed, then func()) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if f.due || ctx.Err() != nil {
		return true
	}
	stop := context.AfterFunc(ctx, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		f.wake()
	})
	f.tell = func() {
		stop()
		go then()
	}
	return false
}

// begin tells, when f is to be read, from where, how far the log goes at least,
// and whether f has to watch it alone.
func (a *feeds) begin(f *ChangeFeed) (place, seen int64, alone bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.placeOf(f), a.seen, f.alone
}

// settle notes that f was read as far as place. The log has lost changes, in a
// failover of its database, where that is less than it had.
func (a *feeds) settle(f *ChangeFeed, place int64, lost bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if f.place = place; lost {
		a.endRelay()
	}
	a.arm(f, place)
}

// placeOf is the last change before all that f has yet to read. a.mu is held.
func (a *feeds) placeOf(f *ChangeFeed) int64 {
	if f.due {
		return f.place
	}
	return max(f.place, a.seen)
}
