package journal

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/uuid"
)

// TestHistoryIsThatOfAScan compares the history with looking through all
// changes, while changes come and go.
func TestHistoryIsThatOfAScan(t *testing.T) {
	const users = 3000
	random := rand.New(rand.NewPCG(1, 1))
	h := newHistory(1)
	var all []uuid.UUID // of change 1 and those after it
	first := int64(1)
	for range 300 {
		var entries []Entry
		for range random.IntN(40) {
			u := *user(0)
			n := random.IntN(users)
			u.User.ID[0], u.User.ID[1] = byte(n>>8), byte(n)
			entries = append(entries, step(0, nil, &u))
			all = append(all, u.User.ID)
		}
		last := int64(len(all))
		if first = max(first, last-random.Int64N(200)); random.IntN(20) == 0 {
			first = last + 1
		}
		h.commit(entries, first)
		id, after, through, limit := uuid.Max, random.Int64N(last+1), random.Int64N(last+1), 1+random.IntN(3)
		if last > 0 {
			id = all[random.IntN(len(all))]
		}
		if got, want := h.of(id, after, through, limit), scan(all, id, max(after, first-1), through, limit); !slices.Equal(got, want) {
			t.Fatalf("of %s over %d up to %d, from %d on: %v, want %v", id, after, through, first, got, want)
		}
	}
	if n := len(h.newest); n > 2*len(h.previous)+1000 {
		t.Errorf("%d users are remembered for %d changes", n, len(h.previous))
	}
}

func scan(all []uuid.UUID, id uuid.UUID, after, through int64, limit int) (found []int64) {
	for seq := after + 1; seq <= through && len(found) < limit; seq++ {
		if all[seq-1] == id {
			found = append(found, seq)
		}
	}
	return found
}
