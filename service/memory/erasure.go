package memory

import "context"

// sweptPages is how many pages of the file are cleared in one turn, while
// changes wait: 2 ms or so.
const sweptPages = 256

// erasure is what is left to do until nothing of deleted users is in the file.
// It is the writer's own.
type erasure struct {
	due       bool // users were deleted, and no sweep of the file has begun since
	page      int  // the page that the sweep goes on with; 0 when none is under way
	moved     bool // something was written since the sweep began
	repeated  bool // it is the second one for that reason
	uncleared bool // the write-ahead log has what has left the file
}

// beginErasure begins what is due. A write-ahead log that could not be cleared,
// as a reader in another process was in the way, is tried again.
func (s *Store) beginErasure() {
	switch e := &s.erasure; {
	case s.journal == nil || s.diskError() != nil || e.page > 0:
	case e.due:
		*e = erasure{page: 1, uncleared: e.uncleared}
	case e.uncleared:
		s.clearLog()
	}
}

// sweep clears some pages of the file, and after the last the write-ahead log.
// It reports whether there are more. A page that SQLite splits meanwhile may change
// places with one that was swept before, so that it is done once more then.
func (s *Store) sweep() bool {
	e := &s.erasure
	if e.page == 0 || s.diskError() != nil {
		return false
	}
	next, err := s.journal.Sweep(e.page, sweptPages)
	if err != nil {
		s.diskFailed(err)
		e.due, e.page = true, 0
		return false
	}
	e.page = next
	if next == 0 && e.moved && !e.repeated {
		e.page, e.moved, e.repeated = 1, false, true
	}
	if e.page == 0 {
		s.clearLog()
	}
	return e.page > 0
}

func (s *Store) clearLog() {
	done, err := s.journal.Checkpoint(context.Background())
	if err != nil {
		s.config.Log.Error("cannot clear the write-ahead log of deleted values", "error", err)
	}
	s.erasure.uncleared = !done
}
