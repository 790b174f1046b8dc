// Package teststore opens the store that the tests of the transports run on.
// The environment variable TEST_STORE names it: memory (the default), file or
// postgres. All of them must pass the same tests.
package teststore

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
	"github.com/userd/userd/service/postgres"
	"github.com/userd/userd/service/postgres/postgrestest"
)

// Main runs m's tests with what the store needs; call it from TestMain.
func Main(m *testing.M) int {
	if os.Getenv("TEST_STORE") == "postgres" {
		return postgrestest.Main(m)
	}
	return m.Run()
}

// Open returns an empty store that is closed when t ends. Its log keeps that
// many changes; zero means the default.
func Open(t testing.TB, keepChanges int) service.Store {
	t.Helper()
	s, err := open(t, keepChanges)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func open(t testing.TB, keepChanges int) (service.Store, error) {
	inProcess := memory.Config{KeepChanges: keepChanges}
	switch engine := os.Getenv("TEST_STORE"); engine {
	case "", "memory":
		return memory.NewWith(inProcess), nil
	case "file":
		return memory.Open(t.Context(), filepath.Join(t.TempDir(), "users.db"), inProcess)
	case "postgres":
		return postgres.Open(t.Context(), postgres.Config{URL: postgrestest.URL(t), KeepChanges: keepChanges})
	default:
		t.Fatalf("TEST_STORE is %q; it has to be memory, file or postgres", engine)
		return nil, nil
	}
}
