//go:build !race

// The race detector allocates, too.

package main

import "testing"

// TestHotPathsAllocateLittle: what is asked most makes no more garbage than it
// has to; a tenth more than it did is too much.
func TestHotPathsAllocateLittle(t *testing.T) {
	h, id := hotHandler(t)
	for _, p := range hotPaths {
		t.Run(p.name, func(t *testing.T) {
			if n := testing.AllocsPerRun(1000, asker(t, h, pathOf(p.path, id))); n > 1.1*p.allocations {
				t.Errorf("%v allocations, where %v were enough", n, p.allocations)
			}
		})
	}
}
