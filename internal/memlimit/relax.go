package memlimit

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// headroom is how many bytes of garbage may always gather before they are
// collected. Go's own rule, as many as are in use, has a server with few users
// collect a hundred times a second for the sake of 4 MB.
const headroom = 32 << 20

// Go's default for GOGC, and the most that this package sets: with it Go lets
// even an empty heap grow to the headroom, as it begins with 4 MiB at 100.
const (
	leastPercent = 100
	mostPercent  = headroom / (4 << 20) * 100
)

// Relax has the garbage collector leave at least the headroom, and where more
// than that is in use as much again, as ever. So it costs at most the headroom.
// Memory limits stay in force. GOGC in the environment has the last word: then
// Relax does nothing. stop ends it.
func Relax() (stop func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	r := &relaxed{before: debug.SetGCPercent(mostPercent), percent: mostPercent}
	r.follow()
	return r.stop
}

// relaxed adjusts the garbage collector after each collection.
type relaxed struct {
	before int

	mu      sync.Mutex
	percent int  // guarded by mu; as it is set
	stopped bool // guarded by mu
}

// follow has adjust be called after the next collection.
func (r *relaxed) follow() {
	type garbage struct{ _ [2]*byte } // with pointers: tiny objects share their memory with others, and live as long
	runtime.AddCleanup(new(garbage), (*relaxed).adjust, r)
}

func (r *relaxed) adjust() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return
	}
	if p := percentFor(inUse()); p != r.percent {
		r.percent = p
		debug.SetGCPercent(p)
	}
	r.follow()
}

func (r *relaxed) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.stopped {
		r.stopped = true
		debug.SetGCPercent(r.before)
	}
}

// percentFor is GOGC for a heap of which this many bytes are in use. It is
// rounded, as to set it stops the program for a moment.
func percentFor(inUse uint64) int {
	return int(min(max(headroom*100/max(inUse, 1), leastPercent), mostPercent)) / 50 * 50
}

// inUse are the bytes that GOGC is a percentage of, as of the last collection.
func inUse() (bytes uint64) {
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"}}
	metrics.Read(samples)
	for _, s := range samples {
		bytes += s.Value.Uint64()
	}
	return bytes
}
