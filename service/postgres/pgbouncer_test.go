package postgres_test

import (
	"testing"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/postgres"
	"github.com/userd/userd/service/postgres/postgrestest"
	"github.com/userd/userd/service/storetest"
)

// TestStoreBehindPgBouncer: behind a pooler that keeps nothing of a session, not
// even from one transaction to the next, the store is the same. The store finds
// that out by itself.
func TestStoreBehindPgBouncer(t *testing.T) {
	db := postgrestest.Start(t, "fsync=off", "max_connections=400")
	pooled := db.PgBouncer(t)
	storetest.Run(t, func(t *testing.T) service.Store {
		t.Parallel()
		return open(t, postgres.Config{URL: pooled.URL(db.NewDatabase(t))})
	})
}

// TestStoresShareThePoolersConnections: what one store leaves in a session is
// what the next one finds there.
func TestStoresShareThePoolersConnections(t *testing.T) {
	db := postgrestest.Start(t, "fsync=off")
	pooled := db.PgBouncer(t, "default_pool_size = 1")
	for range 3 {
		s := open(t, postgres.Config{URL: pooled.URL("postgres")})
		if err := s.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := s.ChangeLog(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
