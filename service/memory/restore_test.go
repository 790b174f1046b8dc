package memory_test

import (
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

func TestRestoreGoesBackToASnapshot(t *testing.T) {
	s := closedAtTheEnd(t, memory.NewWith(memory.Config{LogID: "TEST"}))
	ada, bob := create(t, s, record(1)), create(t, s, record(2))
	rename(t, s, ada, 3)
	remove(t, s, bob)
	session := service.Item{Kind: "session", Key: service.ItemKey{1}, User: ada.User.ID, Value: []byte("1")}
	addItems(t, s, session)
	before, snapshot := everything(t, s), s.Snapshot()
	for range 2 { // the snapshot is good for any number of times
		addItems(t, s, service.Item{Kind: "session", Key: service.ItemKey{2}, Value: []byte("2")})
		create(t, s, record(4))
		create(t, s, record(2))
		rename(t, s, ada, 5)
		remove(t, s, ada)
		if err := s.CreateKey(t.Context(), service.Key{Name: "app", CreatedAt: time.Now()}); err != nil {
			t.Fatal(err)
		}
		if err := s.Restore(snapshot); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, everything(t, s)); diff != "" {
			t.Errorf("(-before +after):\n%s", diff)
		}
		if diff := cmp.Diff([]service.Item{session}, itemsOf(t, s, service.ItemQuery{})); diff != "" {
			t.Errorf("items (-before +after):\n%s", diff)
		}
		if keys, err := s.Keys(t.Context()); err != nil || len(keys) > 0 {
			t.Errorf("keys %v %v", keys, err)
		}
	}
	if state, err := s.ChangeLog(t.Context()); err != nil || state != (service.ChangeLogState{ID: "TEST", First: 1, Last: 4}) {
		t.Errorf("%+v %v", state, err)
	}
}

// Changes that come while the store is restored are before it or after it, and
// none is half of either.
func TestRestoreWhileUsersAreCreated(t *testing.T) {
	const writers, each = 8, 50
	s := closedAtTheEnd(t, memory.New())
	create(t, s, record(0))
	snapshot := s.Snapshot()
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for n := range each {
				if err := s.CreateUser(t.Context(), record(1+w*each+n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 20 {
		if err := s.Restore(snapshot); err != nil {
			t.Error(err)
		}
	}
	all.Wait()
	users, err := s.CountUsers(t.Context(), service.Filter{})
	state, err2 := s.ChangeLog(t.Context())
	slice, err3 := s.Changes(t.Context(), service.ChangeQuery{Limit: 2 * writers * each})
	if err := errors.Join(err, err2, err3); err != nil {
		t.Fatal(err)
	}
	if users != len(slice.Changes) || int64(users) != state.Last {
		t.Errorf("%d users, %d changes, %+v", users, len(slice.Changes), state)
	}
	for i, c := range slice.Changes {
		if c.Seq != int64(i)+1 {
			t.Fatalf("change %d has the number %d", i+1, c.Seq)
		}
	}
}

func TestStoresThatAreNotRestored(t *testing.T) {
	onFile := open(t, filepath.Join(t.TempDir(), "users.db"))
	defer onFile.Close()
	ended := memory.New()
	snapshot := ended.Snapshot()
	if err := ended.Close(); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*memory.Store{"on a file": onFile, "closed": ended} {
		if err := s.Restore(snapshot); err == nil {
			t.Errorf("%s: it is restored", name)
		}
	}
}
