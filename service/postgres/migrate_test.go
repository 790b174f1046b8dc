package postgres

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/userd/userd/service/postgres/postgrestest"
)

func TestMigrateIsDoneOnce(t *testing.T) {
	url := postgrestest.URL(t)
	from := make([]int, 5)
	var copies sync.WaitGroup
	for i := range from {
		copies.Go(func() {
			var to int
			var err error
			if from[i], to, err = Migrate(t.Context(), Config{URL: url}); err != nil || to != len(migrations()) {
				t.Errorf("to %d, %v", to, err)
			}
		})
	}
	copies.Wait()
	slices.Sort(from)
	if from[0] != 0 || from[1] != len(migrations()) {
		t.Errorf("the copies found the versions %v; want one of them to find 0", from)
	}
}

// TestNextVersion follows a database through an upgrade: the old program goes
// on beside a schema that has only grown, and not beside one that lacks
// something.
func TestNextVersion(t *testing.T) {
	url := postgrestest.URL(t)
	old, conn := opened(t, Config{URL: url})
	expand := append(migrations(), migration{sql: `ALTER TABLE userd_users ADD COLUMN nickname text`, oldest: 1})
	known := len(migrations())
	if from, to, err := migrate(t.Context(), conn, expand); from != known || to != known+1 || err != nil {
		t.Fatalf("from %d to %d, %v", from, to, err)
	}
	r := newRecord("ada@example.com")
	if err := old.CreateUser(t.Context(), r); err != nil {
		t.Errorf("the old program: %v", err)
	}
	if _, err := old.User(t.Context(), r.User.ID); err != nil {
		t.Errorf("the old program: %v", err)
	}
	again, err := Open(t.Context(), Config{URL: url})
	if err != nil {
		t.Fatalf("the old program cannot be started again: %v", err)
	}
	again.Close()

	contract := append(expand, migration{sql: `ALTER TABLE userd_users DROP COLUMN first_name_key`, oldest: known + 2})
	if _, _, err := migrate(t.Context(), conn, contract); err != nil {
		t.Fatal(err)
	}
	for _, manual := range []bool{false, true} {
		if _, err := Open(t.Context(), Config{URL: url, ManualMigration: manual}); err == nil || !strings.Contains(err.Error(), "too old") {
			t.Errorf("the old program starts with %v", err)
		}
	}
}

// A migration that fails leaves everything as it was.
func TestFailedMigration(t *testing.T) {
	url := postgrestest.URL(t)
	_, conn := opened(t, Config{URL: url})
	broken := append(migrations(), migration{sql: `CREATE TABLE half_done (i int); SELECT 1 / 0`, oldest: 1})
	if _, _, err := migrate(t.Context(), conn, broken); sqlState(err) != "22012" {
		t.Errorf("the error is %v, want that of the division", err)
	}
	var version int
	var halfDone bool
	err := conn.QueryRow(t.Context(), `SELECT version, to_regclass('half_done') IS NOT NULL FROM userd_schema`).Scan(&version, &halfDone)
	if err != nil || version != len(migrations()) || halfDone {
		t.Errorf("the version is %d, the new table is there: %t, %v", version, halfDone, err)
	}
}

func TestManualMigration(t *testing.T) {
	url := postgrestest.URL(t)
	if _, err := Open(t.Context(), Config{URL: url, ManualMigration: true}); !errors.Is(err, ErrNoTables) {
		t.Errorf("an empty database is opened with %v", err)
	}
	if _, _, err := Migrate(t.Context(), Config{URL: url}); err != nil {
		t.Fatal(err)
	}
	opened(t, Config{URL: url, ManualMigration: true})
}

// TestOpenSaysWhatIsWrong: errors at the start are for people who set it up.
func TestOpenSaysWhatIsWrong(t *testing.T) {
	server := postgrestest.Shared(t)
	server.Exec(t, `CREATE ROLE stranger LOGIN`)
	for name, c := range map[string]struct{ url, want string }{
		"no URL":         {"postgres://ada:secret@127.0.0.1:99999/x", "cannot be read"},
		"no database":    {strings.Replace(server.URL(), "/postgres?", "/nowhere?", 1), `database "nowhere" does not exist`},
		"no schema":      {server.URL() + "&search_path=nowhere", "no schema has been selected"},
		"no rights":      {strings.Replace(server.URL(), "//postgres@", "//stranger@", 1), "permission denied"},
		"no such role":   {strings.Replace(server.URL(), "//postgres@", "//nobody-of-this-name@", 1), "does not exist"},
		"only a replica": {server.URL() + "&default_transaction_read_only=on", "read only"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(t.Context(), Config{URL: c.url, StartTimeout: 2 * time.Second})
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("the error is %v, want one that says %s", err, c.want)
			}
		})
	}
}

func TestOpenStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, Config{URL: "postgres://postgres@127.0.0.1:1/postgres"}); err == nil {
		t.Error("a store was opened on nothing")
	}
}
