package postgres

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/postgres/postgrestest"
)

// BenchmarkImportMillionUsers compares an import with COPY of the same rows
// into the same table, indexes and all, in transactions of the same size: the
// least that PostgreSQL has to do. Both run by turns on one server; the figure
// that counts is the ratio of the two rates.
//
//	go test ./service/postgres -run '^$' -bench ImportMillion -benchtime 3x -timeout 30m
func BenchmarkImportMillionUsers(b *testing.B) {
	server := postgrestest.Start(b)
	rows := importRows(1_000_000)
	var ratios, rates []float64
	for b.Loop() {
		s, conn := opened(b, Config{URL: server.NewSchema(b)})
		bare := seconds(func() { copyAll(b, conn, rows) })
		for _, sql := range []string{"TRUNCATE userd_users CASCADE", "VACUUM", "CHECKPOINT"} {
			if _, err := conn.Exec(b.Context(), sql); err != nil {
				b.Fatal(err)
			}
		}
		took := seconds(func() { importAll(b, s, rows) })
		ratios, rates = append(ratios, bare/took), append(rates, float64(len(rows))/took)
		if _, err := conn.Exec(b.Context(), "TRUNCATE userd_users, userd_changes CASCADE"); err != nil {
			b.Fatal(err)
		}
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

// importRows are n users with ids of their own and keys in no order.
func importRows(n int) []service.ImportRow {
	random := rand.New(rand.NewPCG(1, 1))
	rows := make([]service.ImportRow, n)
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range rows {
		email := fmt.Sprintf("%08x.%d@example.com", random.Uint32(), i)
		first, last := fmt.Sprintf("first%d", random.IntN(5000)), fmt.Sprintf("last%d", random.IntN(100_000))
		created := at.Add(time.Duration(i) * time.Millisecond)
		rows[i].Record = service.Record{
			User: service.User{ID: uuid.Must(uuid.NewV7()), Email: email, FirstName: first, LastName: last, IsActive: i%10 != 0, Version: 1,
				CreatedAt: created, UpdatedAt: created},
			Keys:         service.Keys{Email: email, FirstName: first, LastName: last},
			PasswordHash: "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		}
	}
	return rows
}

func importAll(b *testing.B, s *Store, rows []service.ImportRow) {
	b.Helper()
	for part := range slices.Chunk(rows, service.MaxImportRows) {
		results, err := s.ImportUsers(b.Context(), part, service.ImportOptions{OnConflict: service.ConflictFail, At: time.Now().UTC().Truncate(time.Microsecond)})
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

// copyAll sends rows by COPY.
func copyAll(b *testing.B, conn *pgx.Conn, rows []service.ImportRow) {
	b.Helper()
	for part := range slices.Chunk(rows, service.MaxImportRows) {
		_, err := conn.CopyFrom(b.Context(), pgx.Identifier{"userd_users"}, writtenNames, pgx.CopyFromSlice(len(part), func(i int) ([]any, error) {
			return recordValues(&part[i].Record), nil
		}))
		if err != nil {
			b.Fatal(err)
		}
	}
}
