package memory_test

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

// BenchmarkImportMillionUsers compares an import into a file with the least
// that SQLite has to do to hold the same rows: insert them into the same table,
// without checksums, change log and indexes, in transactions of the same size
// and as durable. Both run by turns on the same disk; the figure that counts is
// the ratio of the two rates.
//
//	go test ./service/memory -run '^$' -bench ImportMillion -benchtime 3x -timeout 30m
func BenchmarkImportMillionUsers(b *testing.B) {
	const n = 1_000_000
	random := rand.New(rand.NewPCG(1, 1))
	rows := make([]service.ImportRow, n)
	for i := range rows {
		rows[i].Record = *somebody(random, i)
	}
	var ratios, rates []float64
	for b.Loop() {
		bare := seconds(func() { loadBare(b, filepath.Join(b.TempDir(), "bare.db"), rows) })
		took := seconds(func() { importAll(b, filepath.Join(b.TempDir(), "users.db"), rows) })
		ratios, rates = append(ratios, bare/took), append(rates, n/took)
	}
	slices.Sort(ratios)
	slices.Sort(rates)
	b.ReportMetric(ratios[len(ratios)/2], "ratio")
	b.ReportMetric(ratios[0], "ratio-min")
	b.ReportMetric(ratios[len(ratios)-1], "ratio-max")
	b.ReportMetric(rates[len(rates)/2], "users/s")
	b.ReportMetric(0, "ns/op")
}

func seconds(f func()) float64 {
	began := time.Now()
	f()
	return time.Since(began).Seconds()
}

// importAll imports rows into a new file, as the subcommand does.
func importAll(b *testing.B, path string, rows []service.ImportRow) {
	b.Helper()
	s, err := memory.Open(b.Context(), path, memory.Config{Importing: true})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for part := range slices.Chunk(rows, service.MaxImportRows) {
		o := service.ImportOptions{OnConflict: service.ConflictFail, At: time.Now().UTC().Truncate(time.Microsecond)}
		results, err := s.ImportUsers(context.Background(), part, o)
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range results {
			if r.Outcome != service.ImportCreated {
				b.Fatal(r)
			}
		}
	}
}

// loadBare inserts rows into a new SQLite file as a script would.
func loadBare(b *testing.B, path string, rows []service.ImportRow) {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`CREATE TABLE users (
		id BLOB PRIMARY KEY NOT NULL, email TEXT NOT NULL, first_name TEXT NOT NULL, last_name TEXT NOT NULL,
		is_active INTEGER NOT NULL, version INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
		email_key TEXT NOT NULL, first_name_key TEXT NOT NULL, last_name_key TEXT NOT NULL, password_hash TEXT NOT NULL
	) STRICT, WITHOUT ROWID`); err != nil {
		b.Fatal(err)
	}
	for part := range slices.Chunk(rows, service.MaxImportRows) {
		insertBare(b, db, part)
	}
}

func insertBare(b *testing.B, db *sql.DB, rows []service.ImportRow) {
	b.Helper()
	tx, err := db.Begin()
	if err != nil {
		b.Fatal(err)
	}
	insert, err := tx.Prepare(`INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		b.Fatal(err)
	}
	for i := range rows {
		r := &rows[i].Record
		u, k := &r.User, &r.Keys
		if _, err := insert.Exec(u.ID[:], u.Email, u.FirstName, u.LastName, u.IsActive, u.Version,
			u.CreatedAt.UnixMicro(), u.UpdatedAt.UnixMicro(), k.Email, k.FirstName, k.LastName, r.PasswordHash); err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
}
