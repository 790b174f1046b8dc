package memory

import (
	"slices"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// place is where a record stands on the shelf. Indexes hold places and not
// pointers, which the garbage collector would follow one by one, all over the
// memory: with a million users that was most of its work.
type place uint32

// shelf holds the records, each at its place for as long as there is the user.
type shelf struct {
	records []*service.Record // nil where nothing stands
	places  map[uuid.UUID]place
	free    []place // where nothing stands
}

func newShelf() *shelf { return &shelf{places: make(map[uuid.UUID]place)} }

// Record implements [plan.Source].
func (s *shelf) Record(id uuid.UUID) *service.Record {
	if p, there := s.places[id]; there {
		return s.records[p]
	}
	return nil
}

// users is how many there are.
func (s *shelf) users() int { return len(s.places) }

// sorted returns the records in the order of their ids.
func (s *shelf) sorted() []*service.Record {
	records := slices.DeleteFunc(slices.Clone(s.records), func(r *service.Record) bool { return r == nil })
	slices.SortFunc(records, byID)
	return records
}

// placeOf returns the place of r, or one that is free when r is nil.
func (s *shelf) placeOf(r *service.Record) place {
	if r != nil {
		return s.places[r.User.ID]
	}
	if last := len(s.free) - 1; last >= 0 {
		p := s.free[last]
		s.free = s.free[:last]
		return p
	}
	s.records = append(s.records, nil)
	return place(len(s.records) - 1) // #nosec G115 -- memory holds fewer users
}

// put puts new in the place p of old, the same user before. Either may be nil.
func (s *shelf) put(p place, old, new *service.Record) {
	s.records[p] = new
	if new != nil {
		s.places[new.User.ID] = p
		return
	}
	delete(s.places, old.User.ID)
	s.free = append(s.free, p)
}
