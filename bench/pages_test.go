package bench

import (
	"slices"
	"strings"
	"testing"

	"github.com/userd/userd/service/postgres/postgrestest"
)

// pages are the kinds of pages that are asked for.
var pages = []string{
	"/users",
	"/users?sort=-created_at&is_active=true",
	"/users?sort=last_name",
	"/users?sort=email&q=user",
}

// few is how many users are few.
const few = 1000

// slowestPages are, for each round, the greatest ratio that any kind of page
// has: its time among many users, of that among few. Pages are the ones after
// ten others.
func (l *lab) slowestPages(t *testing.T, title string, small, large *server) []float64 {
	slowest := make([]float64, l.rounds)
	for _, path := range pages {
		turns := l.contend(t, title+": "+path, l.turn/3,
			contender{name: "among few users", server: small, script: getting(tenPagesOn(t, small, path)), clients: 1},
			contender{name: "among many users", server: large, script: getting(tenPagesOn(t, large, path)), clients: 1})
		for round, r := range ratios(turns, "among few users", "among many users") {
			slowest[round] = max(slowest[round], r)
		}
	}
	return slowest
}

// tenPagesOn is the path of the page that follows ten others.
func tenPagesOn(t testing.TB, s *server, path string) string {
	t.Helper()
	for range 10 {
		header, _ := get(t, s.base+path)
		links := strings.Split(header.Get("Link"), ",")
		next := slices.IndexFunc(links, func(l string) bool { return strings.Contains(l, `rel="next"`) })
		if next < 0 {
			t.Fatalf("no page follows %s: %q", path, links)
		}
		_, url, _ := strings.Cut(links[next], "<")
		path, _, _ = strings.Cut(url, ">")
	}
	return path
}

// postgres compares pages among few and many users, and the service with
// pgbench.
func (l *lab) postgres(t *testing.T) {
	db := postgrestest.Start(t, "max_wal_size=4GB", "shared_buffers=1GB")
	small, large := db.NewSchema(t), db.NewSchema(t)
	l.fill(t, small, few)
	l.fill(t, large, l.manyUsers)
	db.Exec(t, "VACUUM ANALYZE")
	many := l.startUserd(t, "--database-url="+large)
	l.note(t, named(pagesSQL, l.manyUsers), l.slowestPages(t, "Pages of 50, PostgreSQL", l.startUserd(t, "--database-url="+small), many)...)
	l.statements(t, db, large, many)
}
