package memory

import (
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// maxTail bounds how many changes are held in memory when a journal has them all.
const maxTail = 16 * 1024

// changeLog is the newest part of the change log, the part that live readers
// are served from. The store's lock guards it.
type changeLog struct {
	// id tells this log from every other.
	id string
	// first and last are the oldest and newest change that can be read, here or
	// in the journal; an empty log has first one more than last.
	first, last int64
	// tail holds the changes up to last without a gap.
	tail []service.Change
	// keep is how many changes tail holds at most.
	keep int
	// deletions counts those in tail, by user.
	deletions map[uuid.UUID]int
}

// newChangeLog is a log without changes, of which tail may hold this many.
func newChangeLog(keep int) *changeLog {
	return &changeLog{first: 1, keep: keep, deletions: make(map[uuid.UUID]int)}
}

// append adds changes, whose numbers follow last.
func (l *changeLog) append(changes []service.Change) {
	l.tail = append(l.tail, changes...)
	l.last += int64(len(changes))
	l.count(changes, 1)
	if n := len(l.tail) - l.keep; n >= l.keep { // seldom, so that a change costs no copy of all the others
		l.count(l.tail[:n], -1)
		l.tail = append(make([]service.Change, 0, 2*l.keep), l.tail[n:]...)
	}
}

// count notes that the deletions among changes have come, or gone with step -1.
func (l *changeLog) count(changes []service.Change, step int) {
	for i := range changes {
		if c := &changes[i]; c.Kind == service.ChangeDeleted {
			if l.deletions[c.UserID] += step; l.deletions[c.UserID] == 0 {
				delete(l.deletions, c.UserID)
			}
		}
	}
}

// tailFirst is the oldest change in tail.
func (l *changeLog) tailFirst() int64 { return l.last - int64(len(l.tail)) + 1 }

// dropBefore forgets the changes before seq.
func (l *changeLog) dropBefore(seq int64) {
	l.first = max(l.first, min(seq, l.last+1))
	if n := l.first - l.tailFirst(); n > 0 {
		l.count(l.tail[:n], -1)
		clear(l.tail[:n]) // let go of the values
		l.tail = l.tail[n:]
	}
}

// eraseFormer takes the values from all changes of the users with these ids
// that come before their newest creation: those of a deleted user. As long as
// nobody had the id, that there was nobody kept the values from being served.
// Where tail holds no deletion of any of them there is nothing to look for.
func (l *changeLog) eraseFormer(ids map[uuid.UUID]bool) {
	if !l.hasDeleted(ids) {
		return
	}
	created := make(map[uuid.UUID]bool, len(ids))
	for i, c := range slices.Backward(l.tail) {
		switch {
		case created[c.UserID]:
			l.tail[i] = c.Erased()
		case ids[c.UserID] && c.Kind == service.ChangeCreated:
			created[c.UserID] = true
		}
	}
}

func (l *changeLog) hasDeleted(ids map[uuid.UUID]bool) bool {
	for id := range ids {
		if l.deletions[id] > 0 {
			return true
		}
	}
	return false
}

// since returns the part of tail after seq.
func (l *changeLog) since(seq int64) []service.Change {
	return l.tail[max(0, seq-l.tailFirst()+1):]
}

// clone is a copy of l that does not change with it.
func (l *changeLog) clone() changeLog {
	c := *l
	c.tail, c.deletions = slices.Clone(l.tail), maps.Clone(l.deletions)
	return c
}

func (l *changeLog) state() service.ChangeLogState {
	return service.ChangeLogState{ID: l.id, First: l.first, Last: l.last}
}
