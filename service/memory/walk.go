package memory

import (
	"github.com/tidwall/btree"

	"github.com/userd/userd/service"
)

// walk yields the records of the listing's trees, merged into its order,
// that stand strictly between its bounds.
func (l *listing) walk(yield func(*service.Record) bool) {
	heads := make([]*head, len(l.trees))
	for i, t := range l.trees {
		heads[i] = l.newHead(t)
	}
	for {
		h := l.first(heads)
		if h == nil || l.before != nil && l.compare(h.record, l.before) >= 0 || !yield(h.record) {
			return
		}
		h.advance()
	}
}

// first returns the head whose record comes first, or nil when all are past
// the end.
func (l *listing) first(heads []*head) *head {
	var best *head
	for _, h := range heads {
		if h.record != nil && (best == nil || l.compare(h.record, best.record) < 0) {
			best = h
		}
	}
	return best
}

// head is a place in one of the trees that are merged.
type head struct {
	iter       btree.IterG[*service.Record]
	descending bool
	record     *service.Record // nil past the end
}

// newHead stands at the first of t's records that comes after l.after.
func (l *listing) newHead(t *tree) *head {
	h := &head{iter: t.Iter(), descending: l.q.Order.Descending}
	switch {
	case l.after == nil && h.descending:
		h.set(h.iter.Last())
	case l.after == nil:
		h.set(h.iter.First())
	case !h.iter.Seek(l.after): // every record's place in t is before l.after
		h.set(h.descending && h.iter.Last())
	default: // the iterator is at l.after's place in t, or right behind it
		h.set(true)
		if h.descending || l.compare(h.record, l.after) == 0 {
			h.advance()
		}
	}
	return h
}

func (h *head) advance() {
	if h.descending {
		h.set(h.iter.Prev())
	} else {
		h.set(h.iter.Next())
	}
}

func (h *head) set(ok bool) {
	h.record = nil
	if ok {
		h.record = h.iter.Item()
	}
}
