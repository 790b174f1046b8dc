package postgres

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/postgres/postgrestest"
)

// BenchmarkPagesOfAMillionUsers compares pages of 50 among 1 000 000 users with
// the same among 1 000: from the beginning and from the middle, by each order,
// with and without filters. They take turns on one server; the figure that
// counts is the ratio of the times, its median over the kinds of pages and its
// range, each taken as the median of many.
//
//	go test ./service/postgres -run '^$' -bench PagesOfAMillion -benchtime 1x -timeout 30m
func BenchmarkPagesOfAMillionUsers(b *testing.B) {
	const repeats = 101
	server := postgrestest.Start(b, "fsync=off", "max_wal_size=4GB", "shared_buffers=1GB")
	few, conn := opened(b, Config{URL: server.NewSchema(b)})
	populate(b, conn, 1000)
	many, conn := opened(b, Config{URL: server.NewSchema(b)})
	populate(b, conn, 1_000_000)
	var ratios []float64
	for b.Loop() {
		for _, q := range pages() {
			var short, long []float64
			for range repeats {
				short, long = append(short, pageTime(b, few, q)), append(long, pageTime(b, many, q))
			}
			slices.Sort(short)
			slices.Sort(long)
			ratios = append(ratios, long[repeats/2]/short[repeats/2])
			b.Logf("%-60s %6.0f µs among a million, %6.0f µs among a thousand", describe(q), 1e6*long[repeats/2], 1e6*short[repeats/2])
		}
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "ratio")
	b.ReportMetric(ratios[0], "ratio-min")
	b.ReportMetric(ratios[len(ratios)-1], "ratio-max")
	b.ReportMetric(0, "ns/op")
}

// pages are the kinds of pages that both stores are asked for; all of them are
// full in the large one.
func pages() []service.ListQuery {
	var queries []service.ListQuery
	middle := &service.Position{At: time.Date(2026, 1, 1, 0, 5, 0, 0, time.UTC), Key: "last500"}
	for _, f := range service.OrderFields() {
		for _, filter := range []service.Filter{{}, {IsActive: new(true)}, {Prefix: "user"}} {
			for _, after := range []*service.Position{nil, middle} {
				queries = append(queries, service.ListQuery{Filter: filter, Order: service.Order{Field: f}, After: after, Limit: 51})
			}
		}
	}
	return queries
}

func pageTime(b *testing.B, s *Store, q service.ListQuery) float64 {
	b.Helper()
	began := time.Now()
	users, err := s.ListUsers(b.Context(), q)
	if err != nil || len(users) != q.Limit {
		b.Fatal(fmt.Errorf("%s: %d users, %w", describe(q), len(users), err))
	}
	return time.Since(began).Seconds()
}
