package journal

import (
	"maps"
	"slices"
	"sync"

	"github.com/google/uuid"
)

// history knows which changes are of which user. An index in the file would
// know it, too, but each change would then write to a page of it that no other
// change of the batch needs: it took a third of a commit.
type history struct {
	mu sync.RWMutex
	// first is the number of the change that previous begins with.
	first int64
	// previous has for each change the one before it of the same user, or 0.
	previous []int64
	// newest is each user's newest change; it may be one that was dropped.
	newest map[uuid.UUID]int64
}

func newHistory(first int64) *history {
	return &history{first: first, newest: make(map[uuid.UUID]int64)}
}

// add notes the next change, which is the user's.
func (h *history) add(user uuid.UUID) {
	h.previous = append(h.previous, h.newest[user])
	h.newest[user] = h.first + int64(len(h.previous)) - 1
}

// commit notes what a transaction has added and dropped.
func (h *history) commit(entries []Entry, first int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range entries {
		h.add(entries[i].Change.UserID)
	}
	h.previous, h.first = h.previous[first-h.first:], first
	if len(h.newest) > 2*len(h.previous)+1000 { // seldom, so that a change costs no look at all the users
		maps.DeleteFunc(h.newest, func(_ uuid.UUID, seq int64) bool { return seq < first })
	}
}

// of returns the numbers of the user's first changes, at most limit, over after
// and up to through.
func (h *history) of(user uuid.UUID, after, through int64, limit int) []int64 {
	h.mu.RLock()
	defer h.mu.RUnlock()
	var found []int64
	for seq := h.newest[user]; seq > after && seq >= h.first; seq = h.previous[seq-h.first] {
		if seq <= through {
			found = append(found, seq)
		}
	}
	slices.Reverse(found)
	return found[:min(len(found), limit)]
}
