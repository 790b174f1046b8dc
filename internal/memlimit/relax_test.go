package memlimit

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

func TestPercentLeavesTheHeadroomAndNoMoreThanTwice(t *testing.T) {
	for _, tt := range []struct {
		inUse uint64
		want  int
	}{{0, 800}, {1 << 20, 800}, {4 << 20, 800}, {8 << 20, 400}, {16 << 20, 200}, {20 << 20, 150}, {32 << 20, 100}, {1 << 30, 100}, {1 << 50, 100}} {
		if got := percentFor(tt.inUse); got != tt.want {
			t.Errorf("%d bytes: %d %%, want %d", tt.inUse, got, tt.want)
		}
	}
}

// percentNow is GOGC as it is in force.
func percentNow() uint64 {
	s := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// collectUntil collects garbage until ok.
func collectUntil(t *testing.T, what string, ok func(percent uint64) bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(percentNow()); runtime.GC() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s: GOGC is %d", what, percentNow())
		}
	}
}

func TestRelaxFollowsTheHeap(t *testing.T) {
	t.Setenv("GOGC", "")
	before := percentNow()
	stop := Relax()
	defer stop()
	collectUntil(t, "a small heap to be relaxed about", func(p uint64) bool { return p > 200 })
	users := make([]byte, 2*headroom)
	collectUntil(t, "a large heap to be collected as ever", func(p uint64) bool { return p == 100 })
	runtime.KeepAlive(users)
	collectUntil(t, "the heap to be small again", func(p uint64) bool { return p > 200 })
	stop()
	runtime.GC()
	if now := percentNow(); now != before {
		t.Errorf("GOGC was %d and is %d in the end", before, now)
	}
}

func TestGOGCHasTheLastWord(t *testing.T) {
	before := debug.SetGCPercent(70)
	defer debug.SetGCPercent(before)
	t.Setenv("GOGC", "70")
	stop := Relax()
	defer stop()
	runtime.GC()
	if now := percentNow(); now != 70 {
		t.Errorf("GOGC is %d", now)
	}
}
