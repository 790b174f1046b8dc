package memory_test

import (
	"path/filepath"
	"testing"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
	"github.com/userd/userd/service/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) service.Store { return closedAtTheEnd(t, memory.New()) })
}

func TestStoreOnAFile(t *testing.T) { testStoreOnAFile(t, memory.Config{}) }

func TestStoreOnAFileWithoutIndexes(t *testing.T) {
	testStoreOnAFile(t, memory.Config{Importing: true})
}

func testStoreOnAFile(t *testing.T, c memory.Config) {
	storetest.Run(t, func(t *testing.T) service.Store {
		s, err := memory.Open(t.Context(), filepath.Join(t.TempDir(), "users.db"), c)
		if err != nil {
			t.Fatal(err)
		}
		return closedAtTheEnd(t, s)
	})
}

func closedAtTheEnd(t *testing.T, s *memory.Store) *memory.Store {
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
