package memory

import (
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
}

// append adds changes, whose numbers follow last.
func (l *changeLog) append(changes []service.Change) {
	l.tail = append(l.tail, changes...)
	l.last += int64(len(changes))
	if len(l.tail) >= 2*l.keep { // seldom, so that a change costs no copy of all the others
		l.tail = append(make([]service.Change, 0, 2*l.keep), l.tail[len(l.tail)-l.keep:]...)
	}
}

// tailFirst is the oldest change in tail.
func (l *changeLog) tailFirst() int64 { return l.last - int64(len(l.tail)) + 1 }

// dropBefore forgets the changes before seq.
func (l *changeLog) dropBefore(seq int64) {
	l.first = max(l.first, min(seq, l.last+1))
	if n := l.first - l.tailFirst(); n > 0 {
		clear(l.tail[:n]) // let go of the values
		l.tail = l.tail[n:]
	}
}

// eraseFormer takes the values from all changes of the users with these ids
// that come before their newest creation: those of a deleted user. As long as
// nobody had the id, that there was nobody kept the values from being served.
func (l *changeLog) eraseFormer(ids map[uuid.UUID]bool) {
	if len(ids) == 0 {
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

// since returns the part of tail after seq.
func (l *changeLog) since(seq int64) []service.Change {
	return l.tail[max(0, seq-l.tailFirst()+1):]
}

// clone is a copy of l that does not change with it.
func (l *changeLog) clone() changeLog {
	c := *l
	c.tail = slices.Clone(l.tail)
	return c
}

func (l *changeLog) state() service.ChangeLogState {
	return service.ChangeLogState{ID: l.id, First: l.first, Last: l.last}
}
