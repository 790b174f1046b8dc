package memory

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// numbered is an id.
func numbered(n int) (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[:], uint64(n))
	return id
}

// TestDeletionsAreThoseInTheTail: whatever is added, cut off for want of room or
// dropped, and none is kept longer than the changes that it is about.
func TestDeletionsAreThoseInTheTail(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	l := newChangeLog(20)
	snapshot := l.clone()
	for range 2000 {
		var changes []service.Change
		for range random.IntN(12) {
			kinds := []service.ChangeKind{service.ChangeCreated, service.ChangeUpdated, service.ChangeDeleted}
			changes = append(changes, service.Change{Kind: kinds[random.IntN(3)], UserID: numbered(random.IntN(8))})
		}
		l.append(changes)
		if random.IntN(4) == 0 {
			l.dropBefore(l.first + random.Int64N(9))
		}
		want := make(map[uuid.UUID]int)
		for _, c := range l.tail {
			if c.Kind == service.ChangeDeleted {
				want[c.UserID]++
			}
		}
		if diff := cmp.Diff(want, l.deletions); diff != "" {
			t.Fatalf("the deletions (-want +got):\n%s", diff)
		}
	}
	if len(snapshot.deletions) != 0 {
		t.Errorf("a copy has changed with the log: %v", snapshot.deletions)
	}
}

// BenchmarkImportedIDs is what an import of new users costs readers, who wait:
// the lock is held.
func BenchmarkImportedIDs(b *testing.B) {
	for _, deletions := range []int{0, 1000} {
		b.Run(fmt.Sprintf("deletions=%d", deletions), func(b *testing.B) {
			l := newChangeLog(maxTail)
			for i := range maxTail {
				c := service.Change{Kind: service.ChangeUpdated, UserID: numbered(i)}
				if i < deletions {
					c.Kind = service.ChangeDeleted
				}
				l.append([]service.Change{c})
			}
			ids := make(map[uuid.UUID]bool)
			for i := range 10 {
				ids[numbered(-1-i)] = true
			}
			for b.Loop() {
				l.eraseFormer(ids)
			}
		})
	}
}
