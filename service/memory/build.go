package memory

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// tablesOf returns tables with these records, which come in the order of
// their ids. Sorting them for each index and filling it from left to right
// takes a fraction of the time that inserting one by one does.
func tablesOf(records []*service.Record) (*tables, error) {
	t := newTablesOn(&shelf{records: records, places: make(map[uuid.UUID]place, len(records))})
	var wg sync.WaitGroup
	wg.Go(func() {
		for p, r := range records {
			t.places[r.User.ID] = place(p) // #nosec G115 -- memory holds fewer users
		}
	})
	var err error
	wg.Go(func() {
		sorted := sortedBy(records, func(r *service.Record) string { return r.Keys.Email })
		t.fill(sorted, func(x *indexes) *index { return x.email })
		err = t.findDuplicate(sorted)
		t.fill(sortedByCreation(records), func(x *indexes) *index { return x.created })
	})
	wg.Go(func() {
		t.fill(sortedBy(records, func(r *service.Record) string { return r.Keys.LastName }),
			func(x *indexes) *index { return x.lastName })
		t.fill(sortedBy(records, func(r *service.Record) string { return r.Keys.FirstName }),
			func(x *indexes) *index { return x.firstName })
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

// fill adds sorted records to the index that is picked from the indexes which
// each belongs to.
func (t *tables) fill(sorted []place, pick func(*indexes) *index) {
	for _, p := range sorted {
		pick(t.indexesOf(t.records[p])).add(p, builtRun)
	}
}

// findDuplicate returns an error when two records, sorted by e-mail key, have
// the same one.
func (t *tables) findDuplicate(sorted []place) error {
	for i := 1; i < len(sorted); i++ {
		if a, b := t.records[sorted[i-1]], t.records[sorted[i]]; a.Keys.Email == b.Keys.Email {
			return errDuplicate(a, b)
		}
	}
	return nil
}

func errDuplicate(a, b *service.Record) error {
	return fmt.Errorf("the users %s and %s have the same e-mail address", a.User.ID, b.User.ID)
}

// sortedByCreation returns the places of the records, which come in the order
// of their ids, in the order of their creation.
func sortedByCreation(records []*service.Record) []place {
	sorted := make([]place, len(records))
	for i := range sorted {
		sorted[i] = place(i) // #nosec G115 -- memory holds fewer users
	}
	slices.SortFunc(sorted, func(a, b place) int { return byCreated(records[a], records[b]) })
	return sorted
}

// sortedBy returns the places of the records, which come in the order of their
// ids, ordered by key and then by id.
func sortedBy(records []*service.Record, key func(*service.Record) string) []place {
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
			if c := cmp.Compare(key(records[a.place]), key(records[b.place])); c != 0 {
				return c
			}
		}
		return cmp.Compare(a.place, b.place)
	})
	sorted := make([]place, len(records))
	for i, e := range entries {
		sorted[i] = e.place
	}
	return sorted
}

// sortEntry is what decides most comparisons, side by side in memory: texts lie
// all over it, and going there is what takes the time.
type sortEntry struct {
	head, next uint64 // the key's first 16 bytes
	place      place
	long       bool // the key has more bytes, or ends in NUL, which looks the same as a shorter one
}

func newSortEntry(key string, index int) sortEntry {
	var first [16]byte
	copy(first[:], key)
	return sortEntry{
		head: binary.BigEndian.Uint64(first[:8]), next: binary.BigEndian.Uint64(first[8:]),
		place: place(index), // #nosec G115 -- memory holds fewer users
		long:  len(key) > len(first) || strings.HasSuffix(key, "\x00"),
	}
}
