package memory

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/tidwall/btree"

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

// unindexedOf is tablesOf without the indexes.
func unindexedOf(records []*service.Record) (*tables, error) {
	t := newUnindexed()
	for _, r := range records {
		if other := t.emails[r.Keys.Email]; other != nil {
			return nil, errDuplicate(other, r)
		}
		t.replace(nil, r)
	}
	return t, nil
}

// fill adds sorted records to the tree that is picked from the indexes which
// each belongs to. Filling from left to right leaves each leaf half full, as a
// full one is split and its left half never seen again; hence a part of the
// records first, and the others into the room that is left. Of two halves the
// second would be too much for many a leaf, which would be split again.
func (t *tables) fill(sorted []*service.Record, pick func(*indexes) *tree) {
	first := func(i int) bool { return i%9 < 5 }
	var hint btree.PathHint
	for i, r := range sorted {
		if first(i) {
			pick(t.indexesOf(r)).Load(r)
		}
	}
	for i, r := range sorted {
		if !first(i) {
			pick(t.indexesOf(r)).SetHint(r, &hint)
		}
	}
}

// findDuplicate returns an error when two records, sorted by e-mail key, have
// the same one.
func findDuplicate(sorted []*service.Record) error {
	for i := 1; i < len(sorted); i++ {
		if sorted[i-1].Keys.Email == sorted[i].Keys.Email {
			return errDuplicate(sorted[i-1], sorted[i])
		}
	}
	return nil
}

func errDuplicate(a, b *service.Record) error {
	return fmt.Errorf("the users %s and %s have the same e-mail address", a.User.ID, b.User.ID)
}

// sortedBy returns the records, which come in the order of their ids, ordered
// by key and then by id.
func sortedBy(records []*service.Record, key func(*service.Record) string) []*service.Record {
	entries := make([]sortEntry, len(records))
	for i, r := range records {
		entries[i] = newSortEntry(key(r), i)
	}
	slices.SortFunc(entries, func(a, b sortEntry) int {
		if c := cmp.Compare(a.head, b.head); c != 0 {
			return c
		}
		if c := cmp.Compare(a.next, b.next); c != 0 {
			return c
		}
		if a.long || b.long {
			if c := cmp.Compare(key(records[a.index]), key(records[b.index])); c != 0 {
				return c
			}
		}
		return cmp.Compare(a.index, b.index)
	})
	sorted := make([]*service.Record, len(records))
	for i, e := range entries {
		sorted[i] = records[e.index]
	}
	return sorted
}

// sortEntry is what decides most comparisons, side by side in memory: texts lie
// all over it, and going there is what takes the time.
type sortEntry struct {
	head, next uint64 // the key's first 16 bytes
	index      uint32
	long       bool // the key has more bytes, or ends in NUL, which looks the same as a shorter one
}

func newSortEntry(key string, index int) sortEntry {
	var first [16]byte
	copy(first[:], key)
	return sortEntry{
		head: binary.BigEndian.Uint64(first[:8]), next: binary.BigEndian.Uint64(first[8:]),
		index: uint32(index), // #nosec G115 -- memory holds fewer users
		long:  len(key) > len(first) || strings.HasSuffix(key, "\x00"),
	}
}
