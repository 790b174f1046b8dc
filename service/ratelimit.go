package service

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

// RateLimits bound how often one actor calls: a key, a token's subject, or
// whoever is anonymous at one network address. What counts is each operation
// that is executed, however it has come. Each process counts for itself.
type RateLimits struct {
	// Writes is how many operations a second may change something or try a
	// password; zero means any number.
	Writes int
	// Reads is how many operations a second may read; zero means any number.
	Reads int
}

const (
	// saved is for how many seconds an actor that has not called for a while has
	// operations saved up, which it may call at once.
	saved = 10
	// maxSpenders bounds how many actors a limiter knows. Who has saved up
	// everything need not be known.
	maxSpenders = 1 << 14
	// evictable is among how many of them one is chosen to be forgotten.
	evictable = 8
)

// budget is one of those that operations are counted against.
type budget int

const (
	reads budget = iota
	writes
)

// budget is the one against which an operation counts that needs s.
func (s Scope) budget() budget {
	if s == ScopeUsersRead || s == ScopeChangesRead {
		return reads
	}
	return writes
}

// spender is who operations are counted for. One of both is set.
type spender struct {
	actor  string
	client netip.Prefix
}

func spenderOf(ctx context.Context) spender {
	if a := ActorOf(ctx); !a.isAnonymous() {
		return spender{actor: a.name}
	}
	return spender{client: ClientOf(ctx)}
}

// spend counts an operation of ctx's actor. It returns *RateLimitedError when
// the actor has none left.
func (s *Service) spend(ctx context.Context, b budget) error {
	l := s.rates[b]
	if l.cost == 0 {
		return nil
	}
	if wait := l.take(spenderOf(ctx), s.now()); wait > 0 {
		return &RateLimitedError{Reason: "There were too many requests of late; try again later.", RetryAfter: wait}
	}
	return nil
}

// owe counts n more operations than the one that was let in, whether the actor
// has so many left or not: it waits for them before its next one.
func (s *Service) owe(ctx context.Context, b budget, n int) {
	if l := s.rates[b]; l.cost > 0 && n > 0 {
		l.owe(spenderOf(ctx), n, s.now())
	}
}

// limiter holds a token bucket for each spender, as the time at which it is
// full again.
type limiter struct {
	cost time.Duration // of an operation: how long it takes until another one is saved up; zero means no limit

	mu   sync.Mutex
	full map[spender]time.Time // guarded by mu
}

func newLimiter(perSecond int) *limiter {
	l := &limiter{full: make(map[spender]time.Time)}
	if perSecond > 0 {
		l.cost = max(time.Second/time.Duration(perSecond), 1)
	}
	return l
}

// take takes an operation out of who's bucket at the time now. When there is
// none in it, it returns how long it takes until there is one.
func (l *limiter) take(who spender, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	full, known := l.full[who]
	full = later(full, now).Add(l.cost)
	if wait := full.Sub(now) - saved*time.Second; wait > 0 {
		return wait
	}
	if !known && len(l.full) >= maxSpenders {
		l.forget()
	}
	l.full[who] = full
	return 0
}

// owe takes n operations out of the bucket of who has just taken one.
func (l *limiter) owe(who spender, n int, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if full, known := l.full[who]; known {
		l.full[who] = later(full, now).Add(time.Duration(n) * l.cost)
	}
}

// forget forgets the spender with the fullest bucket among a few that are
// chosen at random, so that a crowd of new ones lets nobody off.
func (l *limiter) forget() {
	var fullest spender
	seen := 0
	for who, full := range l.full {
		if seen == 0 || full.Before(l.full[fullest]) {
			fullest = who
		}
		if seen++; seen == evictable {
			break
		}
	}
	delete(l.full, fullest)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
