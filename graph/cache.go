package graph

import (
	"container/list"
	"sync"
)

// cache keeps the documents that were used last, as many as its budget of
// memory allows.
type cache struct {
	budget int

	mu      sync.Mutex
	used    int                          // guarded by mu
	entries map[documentID]*list.Element // guarded by mu
	order   *list.List                   // guarded by mu; of *entry, the last used first
}

type entry struct {
	id  documentID
	doc *document
}

func newCache(budget int) *cache {
	return &cache{budget: budget, entries: make(map[documentID]*list.Element), order: list.New()}
}

func (c *cache) get(id documentID) (*document, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[id]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*entry).doc, true
}

func (c *cache) add(id documentID, doc *document) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.entries[id]; ok {
		return // another request was quicker
	}
	c.entries[id] = c.order.PushFront(&entry{id, doc})
	c.used += doc.cost()
	for c.used > c.budget {
		last := c.order.Remove(c.order.Back()).(*entry)
		delete(c.entries, last.id)
		c.used -= last.doc.cost()
	}
}

// cost is about how many bytes d takes: what the parser makes of a text is
// some forty times its length.
func (d *document) cost() int { return 1024 + 40*len(d.text) }
