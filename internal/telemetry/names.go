package telemetry

import "sync"

// Clients name operations as they like, and each name costs memory here and in
// Prometheus for as long as it is kept.
const (
	maxNames      = 100
	maxNameLength = 64
)

// names are the operations' names that have a label of their own: the first
// ones. Whoever invents more than a hundred sees them under one.
type names struct {
	mu    sync.RWMutex
	known map[string]bool // guarded by mu
}

// label is the label for an operation of this name.
func (n *names) label(name string) string {
	switch {
	case name == "":
		return "(unnamed)"
	case len(name) > maxNameLength:
		return "(other)"
	case n.has(name) || n.add(name):
		return name
	}
	return "(other)"
}

func (n *names) has(name string) bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.known[name]
}

// add makes name known if there is room.
func (n *names) add(name string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.known == nil {
		n.known = make(map[string]bool)
	}
	if len(n.known) < maxNames {
		n.known[name] = true
	}
	return n.known[name]
}
