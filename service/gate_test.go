package service

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// entering tries to enter g in the background and returns what came of it.
func entering(ctx context.Context, g *gate) <-chan error {
	entered := make(chan error, 1)
	go func() { entered <- g.enter(ctx) }()
	synctest.Wait()
	return entered
}

func wantEntered(t *testing.T, entered <-chan error) {
	t.Helper()
	select {
	case err := <-entered:
		if err != nil {
			t.Errorf("refused: %v", err)
		}
	default:
		t.Error("still waiting")
	}
}

func wantWaiting(t *testing.T, entered <-chan error) {
	t.Helper()
	select {
	case err := <-entered:
		t.Errorf("not waiting any more: %v", err)
	default:
	}
}

func wantBusy(t *testing.T, err error) {
	t.Helper()
	var unavailable *UnavailableError
	if !errors.As(err, &unavailable) || unavailable.RetryAfter <= 0 {
		t.Errorf("the error is %v, want an UnavailableError with RetryAfter", err)
	}
}

func TestGateLetsInAsManyAsThereAreSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(HashingLimits{Slots: 2, Queue: 1, Wait: time.Minute}, 1<<10)
		wantEntered(t, entering(t.Context(), g))
		wantEntered(t, entering(t.Context(), g))
		third := entering(t.Context(), g)
		wantWaiting(t, third)
		g.leave()
		synctest.Wait()
		wantEntered(t, third)
	})
}

func TestGateNeverHasMoreInsideThanSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const slots, callers = 3, 50
		g := newGate(HashingLimits{Slots: slots, Queue: callers, Wait: time.Hour}, 1<<10)
		var inside, done atomic.Int64
		for range callers {
			go func() {
				if err := g.enter(t.Context()); err != nil {
					t.Error(err)
					return
				}
				if n := inside.Add(1); n > slots {
					t.Errorf("%d are inside at once", n)
				}
				time.Sleep(time.Second) // in the bubble's time, which costs none
				inside.Add(-1)
				done.Add(1)
				g.leave()
			}()
		}
		time.Sleep(time.Hour)
		if done.Load() != callers {
			t.Errorf("%d of %d got in", done.Load(), callers)
		}
	})
}

func TestGateRefusesAtOnceWhenTheQueueIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(HashingLimits{Slots: 1, Queue: 1, Wait: time.Minute}, 1<<10)
		wantEntered(t, entering(t.Context(), g))
		second := entering(t.Context(), g)
		start := time.Now()
		wantBusy(t, g.enter(t.Context()))
		if waited := time.Since(start); waited != 0 {
			t.Errorf("the third caller waited %v", waited)
		}
		wantBusy(t, g.enter(t.Context()))
		wantWaiting(t, second)
		g.leave()
		synctest.Wait()
		wantEntered(t, second)
		wantWaiting(t, entering(t.Context(), g)) // those who were refused take no place in the queue
		g.leave()
	})
}

func TestGateGivesUpAfterWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(HashingLimits{Slots: 1, Queue: 1, Wait: 5 * time.Second}, 1<<10)
		wantEntered(t, entering(t.Context(), g))
		start := time.Now()
		wantBusy(t, g.enter(t.Context()))
		if waited := time.Since(start); waited != 5*time.Second {
			t.Errorf("the second caller waited %v, want 5s", waited)
		}
		again := entering(t.Context(), g) // the queue's place is free again
		wantWaiting(t, again)
		g.leave()
		synctest.Wait()
		wantEntered(t, again)
	})
}

func TestGateStopsWaitingWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(HashingLimits{Slots: 1, Queue: 1, Wait: time.Minute}, 1<<10)
		wantEntered(t, entering(t.Context(), g))
		hungUp := errors.New("the caller hung up")
		ctx, cancel := context.WithCancelCause(t.Context())
		second := entering(ctx, g)
		cancel(hungUp)
		synctest.Wait()
		if err := <-second; !errors.Is(err, hungUp) {
			t.Errorf("the error is %v, want the context's cause", err)
		}
		wantWaiting(t, entering(t.Context(), g)) // the queue's place is free again
		g.leave()
	})
}

func TestGateHashesNothingForWhoIsGone(t *testing.T) {
	g := newGate(HashingLimits{Slots: 1, Queue: 1, Wait: time.Minute}, 1<<10)
	hungUp := errors.New("the caller hung up")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(hungUp)
	if err := g.enter(ctx); !errors.Is(err, hungUp) {
		t.Errorf("the error is %v, want the context's cause", err)
	}
	if len(g.slots) != 0 {
		t.Error("a slot is taken")
	}
}

func TestGateRunsInASlot(t *testing.T) {
	g := newGate(HashingLimits{Slots: 1, Queue: 1, Wait: time.Minute}, 1<<10)
	ran := false
	err := g.run(t.Context(), func() {
		ran = true
		if len(g.slots) != 1 {
			t.Error("no slot is taken")
		}
	})
	if err != nil || !ran || len(g.slots) != 0 {
		t.Errorf("ran: %v, %v, and %d slots are taken afterwards", ran, err, len(g.slots))
	}
}

// A panic in one request must not take a slot away from all later ones.
func TestGateIsLeftOnPanic(t *testing.T) {
	s := New(nil, Config{Hashing: HashingLimits{Slots: 1}})
	s.argon2.Passes = 0 // which argon2 panics at
	func() {
		defer func() {
			if recover() == nil {
				t.Error("hashing did not panic")
			}
		}()
		s.hashPassword(t.Context(), "correct horse battery staple")
	}()
	if len(s.gate.slots) != 0 {
		t.Error("the slot is still taken")
	}
}

func TestHashingLimitsDefaults(t *testing.T) {
	want := HashingLimits{Slots: max(1, runtime.GOMAXPROCS(0)-1), Queue: 16, Wait: 5 * time.Second}
	if got := (HashingLimits{}).withDefaults(19 << 20); got != want {
		t.Errorf("the defaults are %+v, want %+v", got, want)
	}
	given := HashingLimits{Slots: 1, Queue: 2, Wait: 3}
	if got := given.withDefaults(19 << 20); got != given {
		t.Errorf("%+v becomes %+v", given, got)
	}
}

// What hashes leave behind is collected before it is as much as two of them, unless
// the rest of the heap is larger: then it does not matter.
func TestGarbageOfHashesIsCollected(t *testing.T) {
	cycles := func() uint32 {
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.NumGC
	}
	big := newGate(HashingLimits{Slots: 2, Queue: 1, Wait: time.Minute}, 1<<40)
	before := cycles()
	for range 8 {
		if err := big.run(t.Context(), func() {}); err != nil {
			t.Fatal(err)
		}
	}
	if n := cycles() - before; n < 4 {
		t.Errorf("%d collections for eight hashes in two slots", n)
	}
	g := garbage{hash: 19, enough: 38}
	for _, c := range []struct{ cycles, want uint64 }{{1, 19}, {1, 38}, {1, 57}, {2, 19}, {4, 19}, {4, 38}} {
		if got := g.note(c.cycles); got != c.want {
			t.Errorf("after %d collections %d bytes are left, want %d", c.cycles, got, c.want)
		}
	}
}

// A small container of a large machine has few slots.
func TestSlotsFitIntoMemory(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(16))
	for memory, want := range map[int64]int{0: 15, 1 << 40: 15, 100 << 20: 5, 39 << 20: 2, 20 << 20: 1, 1: 1} {
		if got := (HashingLimits{Memory: memory}).withDefaults(19 << 20).Slots; got != want {
			t.Errorf("%d slots in %d bytes, want %d", got, memory, want)
		}
	}
	if got := (HashingLimits{Memory: 1, Slots: 7}).withDefaults(19 << 20).Slots; got != 7 {
		t.Errorf("%d slots although 7 are asked for", got)
	}
}

func TestGateTellsItsLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(HashingLimits{Slots: 1, Queue: 1, Wait: time.Minute}, 1<<10)
		wantLoad := func(want HashingLoad) {
			t.Helper()
			if got := g.load(); got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
		}
		wantEntered(t, entering(t.Context(), g))
		second := entering(t.Context(), g)
		wantBusy(t, <-entering(t.Context(), g))
		wantLoad(HashingLoad{Running: 1, Waiting: 1, Entered: 1, Refused: 1})
		time.Sleep(time.Second) // of the bubble's time
		g.leave()
		synctest.Wait()
		wantEntered(t, second)
		wantLoad(HashingLoad{Running: 1, Entered: 2, Refused: 1, Waited: time.Second})
		third := entering(t.Context(), g)
		time.Sleep(time.Minute)
		wantBusy(t, <-third)
		wantLoad(HashingLoad{Running: 1, Entered: 2, Refused: 2, Waited: time.Minute + time.Second})
	})
}
