package service

import (
	"runtime"
	"runtime/metrics"
	"sync"
)

// garbage has the memory of hashes collected as soon as there is enough of it to
// matter. Go on its own collects when the heap has doubled, which a few hashes
// side by side make several times as much as they need: too much for a small
// container.
type garbage struct {
	hash   uint64 // bytes that a hash leaves
	enough uint64 // bytes that are collected in any case

	mu     sync.Mutex
	cycles uint64 // guarded by mu; collections there had been when bytes began to be counted
	bytes  uint64 // guarded by mu; left since then
}

// add notes that a hash has been computed, and has its memory and that of those
// before collected if that is no less than the rest of the heap: what a
// collection costs grows with the rest.
func (g *garbage) add() {
	samples := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(samples)
	if g.note(samples[0].Value.Uint64()) >= max(g.enough, samples[1].Value.Uint64()) {
		runtime.GC()
	}
}

// note counts a hash after so many collections, and returns how much hashes have
// left since the last of them.
func (g *garbage) note(cycles uint64) uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cycles != cycles {
		g.cycles, g.bytes = cycles, 0
	}
	g.bytes += g.hash
	return g.bytes
}
