package service

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"
)

// HashingLimits bound how much hashing happens at once. Hashing takes a whole
// CPU and much memory on purpose; without a bound a burst of it starves every
// other request and may exhaust the memory. The zero value is the default.
type HashingLimits struct {
	// Slots is how many hashes are computed at once; zero means one less than
	// there are CPUs, which leaves a CPU for the rest, or as many as Memory has
	// room for if that is less, and at least one.
	Slots int
	// Memory is how many bytes hashing may take; zero means any number. It has a
	// say where Slots has none.
	Memory int64
	// Queue is how many callers may wait for a slot; zero means 16.
	Queue int
	// Wait is how long one of them waits at most; zero means 5 seconds.
	Wait time.Duration
}

// withDefaults are the limits where each hash takes so many bytes.
func (l HashingLimits) withDefaults(hash int64) HashingLimits {
	if l.Slots == 0 {
		l.Slots = runtime.GOMAXPROCS(0) - 1
		if l.Memory > 0 {
			l.Slots = min(l.Slots, int(l.Memory/hash))
		}
		l.Slots = max(1, l.Slots)
	}
	if l.Queue == 0 {
		l.Queue = 16
	}
	if l.Wait == 0 {
		l.Wait = 5 * time.Second
	}
	return l
}

// gate lets at most limits.Slots callers in at once and limits.Queue wait.
type gate struct {
	limits  HashingLimits
	slots   chan struct{}
	garbage garbage
	waiting atomic.Int64

	entered, refused, waited atomic.Int64 // since it was made; waited in nanoseconds
}

// HashingLoad is how busy a service is with hashing passwords.
type HashingLoad struct {
	// Running and Waiting are how many callers hash, or wait to, right now.
	Running, Waiting int
	// Entered and Refused are how many callers were let in, and how many told to
	// try again later, since the service was made.
	Entered, Refused int64
	// Waited is how long callers have waited in all, whether they were let in or not.
	Waited time.Duration
}

func (g *gate) load() HashingLoad {
	return HashingLoad{
		Running: len(g.slots), Waiting: int(g.waiting.Load()),
		Entered: g.entered.Load(), Refused: g.refused.Load(), Waited: time.Duration(g.waited.Load()),
	}
}

// newGate makes a gate for hashes that take so many bytes of memory each.
func newGate(l HashingLimits, hash int64) *gate {
	l = l.withDefaults(hash)
	return &gate{limits: l, slots: make(chan struct{}, l.Slots),
		garbage: garbage{hash: uint64(hash), enough: uint64(l.Slots) * uint64(hash)}}
}

// run calls f in a slot. Its errors are those of enter.
func (g *gate) run(ctx context.Context, f func()) error {
	if err := g.enter(ctx); err != nil {
		return err
	}
	defer g.leave() // also when f panics
	f()
	g.garbage.add()
	return nil
}

// enter waits for a slot. It returns *UnavailableError when too many wait
// already or it takes too long, and ctx's error when that ends first. After
// nil the caller must leave.
func (g *gate) enter(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case g.slots <- struct{}{}:
		g.entered.Add(1)
		return nil
	default:
	}
	return g.queue(ctx)
}

// queue waits for a slot.
func (g *gate) queue(ctx context.Context) error {
	defer g.waiting.Add(-1)
	if g.waiting.Add(1) > int64(g.limits.Queue) {
		g.refused.Add(1)
		return errHashingBusy()
	}
	start := time.Now()
	defer func() { g.waited.Add(int64(time.Since(start))) }()
	timer := time.NewTimer(g.limits.Wait)
	defer timer.Stop()
	select {
	case g.slots <- struct{}{}:
		g.entered.Add(1)
		return nil
	case <-timer.C:
		g.refused.Add(1)
		return errHashingBusy()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (g *gate) leave() { <-g.slots }

func errHashingBusy() error {
	return &UnavailableError{Reason: "Too many passwords are being processed; try again in a moment.", RetryAfter: time.Second}
}
