package postgres_test

import (
	"testing"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/postgres"
	"github.com/userd/userd/service/postgres/postgrestest"
	"github.com/userd/userd/service/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) service.Store {
		t.Parallel()
		return open(t, postgres.Config{URL: postgrestest.URL(t)})
	})
}

func open(t testing.TB, c postgres.Config) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), c)
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
