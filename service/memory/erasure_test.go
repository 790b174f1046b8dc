package memory_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

func TestValuesOfADeletedUserAreNowhereInTheFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "users.db")
	s, err := memory.Open(t.Context(), path, memory.Config{}.WithTidyInterval(time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := record(1)
	const secret = "Rumpelstiltskin"
	r.User.LastName, r.Keys.LastName = secret, secret
	r.User.Email, r.Keys.Email, r.PasswordHash = secret+"@example.com", secret+"@example.com", secret+"hash"
	create(t, s, r)
	item := service.Item{Kind: "session", User: r.User.ID, Value: []byte(secret)}
	if err := s.ChangeItems(t.Context(), r.User.CreatedAt, []service.ItemChange{{Kind: item.Kind, New: &item}}); err != nil {
		t.Fatal(err)
	}
	for i := range 50 { // so that its rows move from page to page
		create(t, s, record(100+i))
		rename(t, s, r, i)
	}
	if !found(t, dir, secret) {
		t.Fatal("the values of a user are not in the files in plain text; this test finds nothing")
	}
	remove(t, s, r)
	eventually(t, "the values to be gone", func() bool { return !found(t, dir, secret) })
	if s.Close(); found(t, dir, secret) {
		t.Error("they are back after the end")
	}
}

// found tells whether any file in dir contains text.
func found(t testing.TB, dir, text string) bool {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(f os.DirEntry) bool {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		return bytes.Contains(b, []byte(text))
	})
}

// TestCopiesThatSQLiteLeavesAreCleared: users of many lengths come in no order,
// so that pages are split, which leaves copies of rows of users in them.
func TestCopiesThatSQLiteLeavesAreCleared(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "users.db")
	s, err := memory.Open(t.Context(), path, memory.Config{}.WithTidyInterval(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	rows := make([]service.ImportRow, 2000)
	for i := range rows {
		r := record(i)
		for b := range r.User.ID {
			r.User.ID[b] = byte(random.Uint32())
		}
		r.User.LastName = strings.Repeat("x", random.IntN(200))
		rows[i].Record = r
	}
	for some := range slices.Chunk(rows, 50) {
		if _, err := s.ImportUsers(t.Context(), some, service.ImportOptions{OnConflict: service.ConflictFail, At: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	gone := rows[:1000]
	var deleting sync.WaitGroup
	for some := range slices.Chunk(gone, 50) {
		deleting.Go(func() {
			for i := range some {
				remove(t, s, some[i].Record)
			}
		})
	}
	deleting.Wait()
	left := func() (n int) {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := range gone {
			if bytes.Contains(file, []byte(gone[i].Record.Keys.Email)) {
				n++
			}
		}
		return n
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if left() == 0 {
		t.Fatal("deleted users leave nothing in the file even so: this test finds nothing")
	}
	s = reopened(t, s, path, memory.Config{}.WithTidyInterval(time.Millisecond))
	eventually(t, "the copies to be gone", func() bool { return left() == 0 })
	remove(t, s, rows[1999].Record)
}
