package memory

import (
	"iter"

	"github.com/tidwall/btree"

	"github.com/userd/userd/service"
)

// walk yields the records of trees, all in the order less, strictly between
// after and before (nil: the end), merged into that order or its reverse.
func walk(trees []*tree, less func(a, b *service.Record) bool, descending bool, after, before *service.Record) iter.Seq[*service.Record] {
	if descending {
		forward := less
		less = func(a, b *service.Record) bool { return forward(b, a) }
	}
	return func(yield func(*service.Record) bool) {
		heads := make([]*head, len(trees))
		for i, t := range trees {
			heads[i] = newHead(t, descending, after)
		}
		for {
			h := first(heads, less)
			if h == nil || before != nil && !less(h.record, before) || !yield(h.record) {
				return
			}
			h.advance()
		}
	}
}

// head is a place in one of the trees that are merged.
type head struct {
	iter       btree.IterG[*service.Record]
	descending bool
	record     *service.Record // nil past the end
}

// newHead stands at the first record strictly after after.
func newHead(t *tree, descending bool, after *service.Record) *head {
	h := &head{iter: t.Iter(), descending: descending}
	switch {
	case after == nil && descending:
		h.set(h.iter.Last())
	case after == nil:
		h.set(h.iter.First())
	case descending:
		h.set(h.seekBefore(after))
	default:
		h.set(h.iter.Seek(after))
		if h.record != nil && !t.Less(after, h.record) {
			h.advance()
		}
	}
	return h
}

// seekBefore goes to the last record before r.
func (h *head) seekBefore(r *service.Record) bool {
	if h.iter.Seek(r) {
		return h.iter.Prev()
	}
	return h.iter.Last()
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

// first returns the head whose record comes first, or nil when all are past
// the end.
func first(heads []*head, less func(a, b *service.Record) bool) *head {
	var best *head
	for _, h := range heads {
		if h.record != nil && (best == nil || less(h.record, best.record)) {
			best = h
		}
	}
	return best
}
