package memory_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

func importUsers(t *testing.T, s *memory.Store, from, n int) {
	t.Helper()
	rows := make([]service.ImportRow, n)
	for i := range rows {
		rows[i].Record = record(from + i)
	}
	o := service.ImportOptions{OnConflict: service.ConflictFail, At: time.UnixMicro(1_800_000_000_000_000).UTC()}
	results, err := s.ImportUsers(context.Background(), rows, o)
	if err != nil || results[n-1].Outcome != service.ImportCreated {
		t.Fatal(results, err)
	}
}

func TestImportThatTheLogHolds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.db")
	config := memory.Config{KeepChanges: 10}
	s, err := memory.Open(t.Context(), path, config)
	if err != nil {
		t.Fatal(err)
	}
	importUsers(t, s, 0, 4)
	importUsers(t, s, 4, 6)
	for range 2 { // as it is, and after a restart
		if l := everything(t, s); l.Log.First != 1 || l.Log.Last != 10 || len(l.Changes) != 10 || len(l.Users) != 10 {
			t.Errorf("the log holds %+v of %d users", l.Log, len(l.Users))
		}
		s = reopened(t, s, path, config)
	}
}

// TestUsersOfManySmallBatchesAreLogged: a server creates users by imports of a
// few each, and who follows it misses none of them.
func TestUsersOfManySmallBatchesAreLogged(t *testing.T) {
	s, err := memory.Open(t.Context(), filepath.Join(t.TempDir(), "users.db"), memory.Config{KeepChanges: 10})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range 12 {
		importUsers(t, s, 3*i, 3)
		slice, err := s.Changes(t.Context(), service.ChangeQuery{After: int64(3 * i), Limit: 10})
		if err != nil || len(slice.Changes) != 3 {
			t.Errorf("after import %d the log has %d changes more, %v", i+1, len(slice.Changes), err)
		}
	}
	if l := everything(t, s); len(l.Changes) != 10 || l.Log.Last != 36 {
		t.Errorf("the log holds %+v", l.Log)
	}
}

// Who follows the log must see that it has been cut off, and what comes next
// without a gap.
func TestImportThatTheLogDoesNotHoldCutsItOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.db")
	config := memory.Config{KeepChanges: 10, Importing: true}
	s, err := memory.Open(t.Context(), path, config)
	if err != nil {
		t.Fatal(err)
	}
	ada := create(t, s, record(1000))
	importUsers(t, s, 0, 4)
	importUsers(t, s, 4, 8)
	importUsers(t, s, 12, 3)
	for range 2 {
		if l := everything(t, s); l.Log.First != 17 || l.Log.Last != 16 || len(l.Changes) != 0 || len(l.Users) != 16 {
			t.Errorf("the log holds %+v of %d users", l.Log, len(l.Users))
		}
		for _, after := range []int64{0, 5, 15} {
			if _, err := s.Changes(t.Context(), service.ChangeQuery{After: after, Limit: 1}); !errors.Is(err, &service.CursorExpiredError{}) {
				t.Errorf("reading on from change %d: %v", after, err)
			}
		}
		s = reopened(t, s, path, config)
	}
	rename(t, s, ada, 1)
	importUsers(t, s, 15, 9)
	before := everything(t, s)
	if before.Log.First != 17 || before.Log.Last != 26 || len(before.Changes) != 10 {
		t.Errorf("the log holds %+v", before.Log)
	}
	if diff := cmp.Diff(before, everything(t, reopened(t, s, path, config))); diff != "" {
		t.Error(diff)
	}
}

func TestClosedStoreWithoutIndexesHasNoLists(t *testing.T) {
	s, err := memory.Open(t.Context(), filepath.Join(t.TempDir(), "users.db"), memory.Config{Importing: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, listErr := s.ListUsers(t.Context(), service.ListQuery{Limit: 1})
	_, countErr := s.CountUsers(t.Context(), service.Filter{})
	_, recordsErr := s.Records(t.Context(), nil, 1)
	if listErr == nil || countErr == nil || recordsErr == nil {
		t.Error(listErr, countErr, recordsErr)
	}
}
