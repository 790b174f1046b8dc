package journal

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
)

// TestSweptFileHasNothingOfDeletedUsers: users of many lengths come in no
// order, so that pages are split, which leaves copies of rows in them.
func TestSweptFileHasNothingOfDeletedUsers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.db")
	j, _ := mustReady(t, path)
	random := rand.New(rand.NewPCG(1, 2))
	users := make([]*service.Record, 2000)
	for i := range users {
		r := user(i)
		for b := range r.User.ID {
			r.User.ID[b] = byte(random.Uint32())
		}
		r.Keys.Email = fmt.Sprintf("former-%d@example.com", i)
		r.User.Email, r.User.LastName = r.Keys.Email, strings.Repeat("x", random.IntN(200))
		users[i] = r
	}
	gone, kept := users[:1000], users[1000:]
	seq := int64(0)
	commit := func(users []*service.Record, entry func(*service.Record) Entry) {
		for some := range slices.Chunk(users, 50) {
			var entries []Entry
			for _, r := range some {
				seq++
				entries = append(entries, entry(r))
			}
			must(t, j.Commit(entries, 0))
		}
	}
	commit(users, func(r *service.Record) Entry { return step(seq, nil, r) })
	commit(gone, func(r *service.Record) Entry { return step(seq, r, nil) })

	if left(t, j, path, gone) == 0 {
		t.Fatal("deleted users leave nothing in the file even so: this test finds nothing")
	}
	if turns := sweep(t, j, 100); turns < 3 {
		t.Errorf("swept in %d turns, want several", turns)
	}
	if n := left(t, j, path, gone); n != 0 {
		t.Errorf("%d deleted users are still in the file", n)
	}
	sweep(t, j, 1000)
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() != 0 {
		t.Errorf("sweeping what is swept has written %d bytes, %v", info.Size(), err)
	}
	closed(t, j)
	_, found := mustReady(t, path) // which checks the file's structure
	byID := func(a, b service.Record) int { return bytes.Compare(a.User.ID[:], b.User.ID[:]) }
	var want []service.Record
	for _, r := range kept {
		want = append(want, *r)
	}
	slices.SortFunc(want, byID)
	slices.SortFunc(found, byID)
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("users after sweeping: %s", diff)
	}
}

// left is how many of the users have left something in the file.
func left(t *testing.T, j *Journal, path string, users []*service.Record) (n int) {
	t.Helper()
	if done, err := j.Checkpoint(t.Context()); !done || err != nil {
		t.Fatal(done, err)
	}
	file := content(path)
	for _, r := range users {
		if strings.Contains(file, r.Keys.Email) {
			n++
		}
	}
	return n
}

// sweep sweeps the whole file, some pages at a time.
func sweep(t *testing.T, j *Journal, pages int) (turns int) {
	t.Helper()
	for page := 1; page != 0; turns++ {
		var err error
		page, err = j.Sweep(page, pages)
		must(t, err)
	}
	return turns
}

func TestSweepThatIsRefusedSaysSo(t *testing.T) {
	path, j := newFile(t)
	run(t, path, "UPDATE state SET last_seq = 99")
	if _, err := j.Sweep(1, 10); err != errForeign {
		t.Errorf("sweeping a file that another process has changed: %v", err)
	}
}

func TestOnlyWhatIsUnusedIsCleared(t *testing.T) {
	page := func(kind, cells, content byte, at int) []byte {
		p := bytes.Repeat([]byte{0xff}, 512)
		copy(p[at:], []byte{kind, 0, 0, 0, cells, content, 0, 0})
		return p
	}
	for _, c := range []struct {
		name     string
		page     []byte
		first    bool
		from, to int // what is cleared
	}{
		{"leaf of an index", page(10, 3, 1, 0), false, 8 + 6, 256},
		{"leaf of a table", page(13, 0, 1, 0), false, 8, 256},
		{"interior page of an index", page(2, 3, 1, 0), false, 12 + 6, 256},
		{"interior page of a table", page(5, 100, 1, 0), false, 12 + 200, 256},
		{"the first page", page(13, 3, 1, 100), true, 108 + 6, 256},
		{"nothing unused", page(13, 124, 1, 0), false, 0, 0},
		{"another kind of page", page(0, 3, 1, 0), false, 0, 0},
		{"pointers that run into cells", page(13, 125, 1, 0), false, 0, 0},
		{"cells behind the end", page(13, 3, 3, 0), false, 0, 0},
		{"cells at 65536", page(13, 3, 0, 0), false, 0, 0},
		{"no page", nil, true, 0, 0},
		{"half a header", []byte{13, 0, 0, 0, 3}, false, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := bytes.Clone(c.page)
			clear(want[c.from:c.to])
			for _, cleared := range []bool{c.to > 0, false} { // the second time there is nothing left
				if got := clearUnused(c.page, c.first); got != cleared || !bytes.Equal(c.page, want) {
					t.Errorf("cleared: %t, want %t; %x, want %x", got, cleared, c.page, want)
				}
			}
		})
	}
}
