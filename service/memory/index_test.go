package memory

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// An index agrees with a sorted list, walked in either direction, while as many
// records come and go as make its runs split and join.
func TestIndexAgreesWithASortedList(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, tt := range []struct {
		name string
		next func(n int) int // the n-th record's place in the order
	}{
		{"in order", func(n int) int { return n }},
		{"in reverse", func(n int) int { return 1<<20 - n }},
		{"anywhere", func(int) int { return random.IntN(1 << 20) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tables := newTables()
			index := tables.active.email
			var want []*service.Record
			add := func(n int) {
				r := &service.Record{Keys: service.Keys{Email: fmt.Sprintf("%08d", tt.next(n))}}
				r.User.ID, r.User.IsActive = uuid.UUID{12: byte(n >> 24), 13: byte(n >> 16), 14: byte(n >> 8), 15: byte(n)}, true
				i, _ := slices.BinarySearchFunc(want, r, byEmail)
				want = slices.Insert(want, i, r)
				tables.replace(nil, r)
			}
			remove := func(i int) {
				tables.replace(want[i], nil)
				want = slices.Delete(want, i, i+1)
			}
			n := 0
			for ; n < 6*maxRun; n++ {
				add(n)
			}
			index.want(t, want)
			for ; len(want) > maxRun; n++ {
				remove(random.IntN(len(want)))
				if n%5 == 0 {
					add(n)
				}
			}
			index.want(t, want)
			tables.check(t)
			if most := 2 * len(want) / shortRun; len(index.runs) > most {
				t.Errorf("%d records are in %d runs", len(want), len(index.runs))
			}
			for len(want) > 0 {
				remove(len(want) - 1)
			}
			index.want(t, nil)
			if len(index.runs) != 0 || tables.users() != 0 || len(tables.free) != len(tables.records) {
				t.Errorf("of nobody there are %d runs and %d users, and %d of %d places are free", len(index.runs), tables.users(), len(tables.free), len(tables.records))
			}
		})
	}
}

// want holds x to records in this order.
func (x *index) want(t *testing.T, records []*service.Record) {
	t.Helper()
	if !slices.Equal(slices.Collect(x.from(spot{})), records) {
		t.Errorf("forwards it is not the list of %d records", len(records))
	}
	var backwards []*service.Record
	for s := x.previous(x.end()); x.at(s) != nil; s = x.previous(s) {
		backwards = append(backwards, x.at(s))
	}
	slices.Reverse(backwards)
	if !slices.Equal(backwards, records) || x.len != len(records) {
		t.Errorf("backwards it is not the list of %d records, or its length is not %d", len(records), x.len)
	}
	for i, r := range records {
		if s := x.seekRecord(r); x.at(s) != r || x.between(spot{}, s) != i || x.between(s, x.end()) != len(records)-i {
			t.Fatalf("record %d is found as number %d, before %d", i, x.between(spot{}, s), x.between(s, x.end()))
		}
	}
}
