package memory_test

import (
	"database/sql"
	"encoding/binary"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
	"github.com/userd/userd/service/memory/journal"
)

// numbered is an item of nobody that never ends.
func numbered(n int) service.Item {
	i := service.Item{Kind: "session", Value: []byte("a")}
	binary.BigEndian.PutUint64(i.Key[:], uint64(n))
	return i
}

func addItems(t *testing.T, s *memory.Store, items ...service.Item) {
	t.Helper()
	var changes []service.ItemChange
	for _, i := range items {
		changes = append(changes, service.ItemChange{Kind: i.Kind, Key: i.Key, New: &i})
	}
	for len(changes) > 0 {
		n := min(len(changes), service.MaxItemChanges)
		if err := s.ChangeItems(t.Context(), time.Time{}, changes[:n]); err != nil {
			t.Fatal(err)
		}
		changes = changes[n:]
	}
}

// itemsOf are the items of a store at a time.
func itemsOf(t *testing.T, s *memory.Store, q service.ItemQuery) []service.Item {
	t.Helper()
	q.Kind, q.Limit = "session", 10_000_000
	all, err := s.Items(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Items are there after reopening as they were, and go on to belong to their
// users.
func TestItemsAreThereAfterReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.db")
	s := open(t, path)
	ada, bob := create(t, s, record(1)), create(t, s, record(2))
	ofAda, ofBob, ends := numbered(1), numbered(2), numbered(3)
	ofAda.User, ofBob.User, ends.ExpiresAt = ada.User.ID, bob.User.ID, time.UnixMicro(1_900_000_000_000_001).UTC()
	addItems(t, s, ofAda, ofBob, ends)
	s = reopened(t, s, path, memory.Config{})
	if diff := cmp.Diff([]service.Item{ofAda, ofBob, ends}, itemsOf(t, s, service.ItemQuery{})); diff != "" {
		t.Error(diff)
	}
	remove(t, s, ada)
	s = reopened(t, s, path, memory.Config{})
	if diff := cmp.Diff([]service.Item{ofBob, ends}, itemsOf(t, s, service.ItemQuery{})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]service.Item{ofBob}, itemsOf(t, s, service.ItemQuery{User: bob.User.ID})); diff != "" {
		t.Error(diff)
	}
}

// TestItemsThatHaveEndedAreRemoved: more of them than one transaction removes
// go at one tick, and nothing else does.
func TestItemsThatHaveEndedAreRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.db")
	start := time.UnixMicro(1_700_000_000_000_000).UTC()
	var now clock
	now.set(start)
	config := memory.Config{Now: now.get}.WithTidyInterval(time.Millisecond)
	s, err := memory.Open(t.Context(), path, config)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var items []service.Item
	for n := range 2500 {
		i := numbered(n)
		i.ExpiresAt = start.Add(time.Hour)
		items = append(items, i)
	}
	items[7].ExpiresAt, items[8].ExpiresAt = time.Time{}, start.Add(time.Hour+time.Microsecond)
	addItems(t, s, items...)
	if got := len(itemsOf(t, s, service.ItemQuery{At: start})); got != len(items) {
		t.Fatalf("%d items are there", got)
	}
	now.set(start.Add(time.Hour))
	eventually(t, "the items to be removed", func() bool { return len(itemsOf(t, s, service.ItemQuery{At: start})) == 2 })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var kept []service.Item
	j, err := journal.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	err = j.Items(t.Context(), func(i *service.Item) { kept = append(kept, *i) })
	if diff := cmp.Diff(items[7:9], kept); diff != "" || err != nil {
		t.Errorf("the file, %v: %s", err, diff)
	}
}

// Changes of items that come at once share transactions with those of users.
func TestItemsShareTransactions(t *testing.T) {
	var mu sync.Mutex
	transactions, changes := 0, 0
	s, err := memory.Open(t.Context(), filepath.Join(t.TempDir(), "users.db"), memory.Config{Committed: func(n int, _ time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		transactions++
		changes += n
	}})
	if err != nil {
		t.Fatal(err)
	}
	const callers, each = 32, 20
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for n := range each {
				i := numbered(caller*each + n)
				if err := s.ChangeItems(t.Context(), time.Time{}, []service.ItemChange{{Kind: i.Kind, Key: i.Key, New: &i}}); err != nil {
					t.Error(err)
				}
				if n == 0 {
					create(t, s, record(caller))
				}
			}
		})
	}
	wg.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if changes != callers*(each+1) || transactions > changes/2 {
		t.Errorf("%d changes in %d transactions", changes, transactions)
	}
}

// A damaged item keeps the store from opening.
func TestFileWithADamagedItemIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.db")
	s := open(t, path)
	addItems(t, s, numbered(1))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("UPDATE items SET value = x'62'"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if s, err := memory.Open(t.Context(), path, memory.Config{}); err == nil {
		s.Close()
		t.Error("the file was opened")
	}
}
