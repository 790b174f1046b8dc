package memory

import (
	"github.com/userd/userd/service"
)

// walk yields the records of the listing's indexes, merged into its order,
// that stand strictly between its bounds.
func (l *listing) walk(yield func(*service.Record) bool) {
	heads := make([]*head, len(l.indexes))
	for i, x := range l.indexes {
		heads[i] = l.newHead(x)
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

// head is a spot in one of the indexes that are merged.
type head struct {
	index      *index
	descending bool
	spot       spot
	record     *service.Record // nil past the end
}

// newHead stands at the first of x's records that comes after l.after.
func (l *listing) newHead(x *index) *head {
	h := &head{index: x, descending: l.q.Order.Descending}
	switch {
	case h.descending && l.after == nil:
		h.spot = x.end()
	case h.descending:
		h.spot = x.seekRecord(l.after)
	case l.after != nil:
		h.spot = x.seek(func(r *service.Record) bool { return x.order(r, l.after) <= 0 })
	}
	if h.descending {
		h.spot = x.previous(h.spot)
	}
	h.record = x.at(h.spot)
	return h
}

func (h *head) advance() {
	if h.descending {
		h.spot = h.index.previous(h.spot)
	} else {
		h.spot = h.index.next(h.spot)
	}
	h.record = h.index.at(h.spot)
}
