package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/postgres/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }

// populate fills userd_users with n users of whom one in a thousand is
// inactive, and as many have the prefix zoe.
func populate(t testing.TB, conn *pgx.Conn, n int) {
	t.Helper()
	const fill = `INSERT INTO userd_users SELECT gen_random_uuid(), 'user' || i || '@example.com', 'First', 'Last', mod(i, 1000) <> 0, 1,
			at, at, 'user' || i || '@example.com', CASE WHEN mod(i, 1000) = 7 THEN 'zoe' ELSE 'first' || mod(i, 97) END, 'last' || mod(i, 1009), '$argon2id$'
		FROM (SELECT i, timestamptz '2026-01-01Z' + i * interval '1 second' AS at FROM generate_series(1, %d) i) i`
	for _, sql := range []string{
		fmt.Sprintf(fill, n),
		`UPDATE userd_state SET active = (SELECT count(*) FROM userd_users WHERE is_active), inactive = (SELECT count(*) FROM userd_users WHERE NOT is_active)`,
		`VACUUM ANALYZE userd_users`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// opened is a store on a new schema, and a connection to look at it.
func opened(t testing.TB, c Config) (*Store, *pgx.Conn) {
	t.Helper()
	if c.URL == "" {
		c.URL = postgrestest.URL(t)
	}
	s, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	conn, err := pgx.Connect(t.Context(), c.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return s, conn
}

// planNode is a node of what EXPLAIN (FORMAT JSON) says.
type planNode struct {
	Type   string     `json:"Node Type"`
	Actual float64    `json:"Actual Rows"`
	Loops  float64    `json:"Actual Loops"`
	Read   int        `json:"Shared Read Blocks"`
	Hit    int        `json:"Shared Hit Blocks"`
	Plans  []planNode `json:"Plans"`
}

func (p planNode) all() []planNode {
	nodes := []planNode{p}
	for _, child := range p.Plans {
		nodes = append(nodes, child.all()...)
	}
	return nodes
}

// explained is how the server carries out a query, with a plan made for any
// arguments when generic is set, as the server comes to use for queries that
// are asked often.
func explained(t *testing.T, conn *pgx.Conn, generic bool, sql string, args ...any) planNode {
	t.Helper()
	mode := "force_custom_plan"
	if generic {
		mode = "force_generic_plan"
	}
	if _, err := conn.Exec(t.Context(), "SET plan_cache_mode = "+mode); err != nil {
		t.Fatal(err)
	}
	var text []byte
	if err := conn.QueryRow(t.Context(), "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "+sql, args...).Scan(&text); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var plans []struct{ Plan planNode }
	if err := json.Unmarshal(text, &plans); err != nil {
		t.Fatal(err)
	}
	return plans[0].Plan
}

// TestListsNeverScan: whatever the API can ask for, no plan reads the whole
// table or sorts more than a few pages of it.
func TestListsNeverScan(t *testing.T) {
	const users, page = 50_000, 51
	_, conn := opened(t, Config{})
	populate(t, conn, users)
	middle := service.Position{At: time.Date(2026, 1, 1, 6, 0, 0, 0, time.UTC), Key: "last500"}
	for _, q := range listQueries(page, &middle) {
		for _, generic := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s generic=%t", describe(q), generic), func(t *testing.T) {
				st := statementFor(q)
				for _, node := range explained(t, conn, generic, st.text(), st.args...).all() {
					read := node.Actual * node.Loops
					if node.Type == "Seq Scan" || strings.Contains(node.Type, "Sort") && read > 4*page || read > 10*page {
						t.Errorf("%s of %v rows", node.Type, read)
					}
				}
			})
		}
	}
}

// statementFor is what the store asks the server for q, once it knows whether
// few or many users have the prefix.
func statementFor(q service.ListQuery) *statement {
	st := listing()
	switch {
	case q.Filter.EmailKey != "":
		return st.byEmail(q)
	case q.Filter.Prefix == "zoe":
		return st.gather(q)
	case q.Filter.Prefix != "":
		return st.pick(q)
	}
	return st.walk(q, q.Limit)
}

// listQueries are all shapes of what the API can ask for, with a prefix that
// few users have and one that all do.
func listQueries(limit int, middle *service.Position) []service.ListQuery {
	var queries []service.ListQuery
	for _, f := range service.OrderFields() {
		for _, descending := range []bool{false, true} {
			for _, active := range []*bool{nil, new(true), new(false)} {
				for _, filter := range []service.Filter{{}, {Prefix: "zoe"}, {Prefix: "user"}, {EmailKey: "user77@example.com"}} {
					filter.IsActive = active
					q := service.ListQuery{Filter: filter, Order: service.Order{Field: f, Descending: descending}, Limit: limit}
					after, before := q, q
					after.After, before.Before = middle, middle
					queries = append(queries, q, after, before)
				}
			}
		}
	}
	return queries
}

func describe(q service.ListQuery) string {
	parts := []string{string(q.Order.Field), fmt.Sprintf("descending=%t", q.Order.Descending)}
	if q.Filter.IsActive != nil {
		parts = append(parts, fmt.Sprintf("active=%t", *q.Filter.IsActive))
	}
	for name, given := range map[string]bool{"prefix " + q.Filter.Prefix: q.Filter.Prefix != "", "email": q.Filter.EmailKey != "", "after": q.After != nil, "before": q.Before != nil} {
		if given {
			parts = append(parts, name)
		}
	}
	slices.Sort(parts[2:])
	return strings.Join(parts, " ")
}

// TestSearchForWhatManyHave: a prefix that many users have is found by walking
// along the order, and one that nobody near has is found all the same.
func TestSearchForWhatManyHave(t *testing.T) {
	s, conn := opened(t, Config{})
	populate(t, conn, maxWalk+5*fewMatches)
	for _, sql := range []string{
		`UPDATE userd_users SET first_name_key = 'far' WHERE created_at > timestamptz '2026-01-01Z' + interval '24000 seconds'`,
		`VACUUM ANALYZE userd_users`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	for prefix, want := range map[string]string{"user": "user1@example.com", "far": "user24001@example.com", "last1": "user1@example.com"} {
		found, err := s.ListUsers(t.Context(), service.ListQuery{Filter: service.Filter{Prefix: prefix}, Limit: 3})
		if err != nil || len(found) != 3 || found[0].Keys.Email != want {
			t.Errorf("%s finds %+v, %v", prefix, found, err)
		}
	}
	last := service.Position{At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add((maxWalk+5*fewMatches-2)*time.Second + time.Microsecond)}
	found, err := s.ListUsers(t.Context(), service.ListQuery{Filter: service.Filter{Prefix: "user"}, Limit: 3, After: &last})
	if err != nil || len(found) != 2 {
		t.Errorf("the end of the list is %+v, %v", found, err)
	}
}

// TestListsKeepTheirPlans: the server makes plans of pages that are asked for
// often once, and not anew each time.
func TestListsKeepTheirPlans(t *testing.T) {
	const users, often = 50_000, 10
	_, conn := opened(t, Config{})
	populate(t, conn, users)
	middle := service.Position{At: time.Date(2026, 1, 1, 6, 0, 0, 0, time.UTC), Key: "last500"}
	for _, page := range []int{2, service.DefaultPageSize + 1, service.MaxPageSize + 1} {
		for _, q := range listQueries(page, &middle) {
			if q.Filter.Prefix != "" {
				continue // which plan is best depends on the prefix
			}
			t.Run(fmt.Sprintf("%s limit=%d", describe(q), page), func(t *testing.T) {
				st := statementFor(q)
				for range often {
					if _, err := conn.Exec(t.Context(), st.text(), st.args...); err != nil {
						t.Fatal(err)
					}
				}
				const kept = `SELECT generic_plans > 0 FROM pg_prepared_statements WHERE statement = $1`
				var isKept bool
				if err := conn.QueryRow(t.Context(), kept, st.text()).Scan(&isKept); err != nil || !isKept {
					t.Errorf("no plan of %s is kept: %v", st.text(), err)
				}
			})
		}
	}
}
