package memory

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// tablesOf returns tables with these records, which come in the order of
// their ids. Sorting them for each index and filling it from left to right
// takes a fraction of the time that inserting one by one does.
func tablesOf(records []*service.Record) (*tables, error) {
	t := newTables()
	t.byID = make(map[uuid.UUID]*service.Record, len(records))
	var wg sync.WaitGroup
	wg.Go(func() {
		for _, r := range records {
			t.byID[r.User.ID] = r
		}
	})
	var err error
	wg.Go(func() {
		sorted := sortedBy(records, func(r *service.Record) string { return r.Keys.Email })
		t.fill(sorted, func(x *indexes) *tree { return x.email })
		err = findDuplicate(sorted)
		t.fill(slices.SortedStableFunc(slices.Values(records), byCreated), func(x *indexes) *tree { return x.created })
	})
	wg.Go(func() {
		t.fill(sortedBy(records, func(r *service.Record) string { return r.Keys.LastName }),
			func(x *indexes) *tree { return x.lastName })
		t.fill(sortedBy(records, func(r *service.Record) string { return r.Keys.FirstName }),
			func(x *indexes) *tree { return x.firstName })
	})
	wg.Wait()
	return t, err
}

// fill adds sorted records to the tree that is picked from the indexes which
// each belongs to.
func (t *tables) fill(sorted []*service.Record, pick func(*indexes) *tree) {
	for _, r := range sorted {
		pick(t.indexesOf(r)).Load(r)
	}
}

// findDuplicate returns an error when two records, sorted by e-mail key, have
// the same one.
func findDuplicate(sorted []*service.Record) error {
	for i := 1; i < len(sorted); i++ {
		if sorted[i-1].Keys.Email == sorted[i].Keys.Email {
			return fmt.Errorf("the users %s and %s have the same e-mail address",
				sorted[i-1].User.ID, sorted[i].User.ID)
		}
	}
	return nil
}

// sortedBy returns the records, which come in the order of their ids, ordered
// by key and then by id. Most comparisons are of the first eight bytes, which
// lie side by side, and not of texts all over the memory.
func sortedBy(records []*service.Record, key func(*service.Record) string) []*service.Record {
	type entry struct {
		head  uint64
		index int
	}
	entries := make([]entry, len(records))
	for i, r := range records {
		var head [8]byte
		copy(head[:], key(r))
		entries[i] = entry{binary.BigEndian.Uint64(head[:]), i}
	}
	slices.SortFunc(entries, func(a, b entry) int {
		if c := cmp.Compare(a.head, b.head); c != 0 {
			return c
		}
		if c := cmp.Compare(key(records[a.index]), key(records[b.index])); c != 0 {
			return c
		}
		return cmp.Compare(a.index, b.index)
	})
	sorted := make([]*service.Record, len(records))
	for i, e := range entries {
		sorted[i] = records[e.index]
	}
	return sorted
}
