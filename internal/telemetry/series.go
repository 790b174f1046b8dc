package telemetry

import "sync"

// series keeps the metrics of each of a few keys: to have a library look them
// up by their labels, each time, takes longer than to count.
type series[K comparable, V any] struct {
	make func(K) V

	mu   sync.RWMutex
	made map[K]V // guarded by mu
}

func newSeries[K comparable, V any](make func(K) V) *series[K, V] {
	return &series[K, V]{make: make, made: map[K]V{}}
}

// of returns the metrics of k.
func (s *series[K, V]) of(k K) V {
	s.mu.RLock()
	v, ok := s.made[k]
	s.mu.RUnlock()
	if !ok {
		v = s.make(k)
		s.mu.Lock()
		s.made[k] = v
		s.mu.Unlock()
	}
	return v
}
