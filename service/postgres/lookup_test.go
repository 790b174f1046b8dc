package postgres

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// TestLookupsArePlannedOnce: however many users are asked for, the server soon
// keeps to one plan, which looks each of them up, even if it was made when there
// were no users.
func TestLookupsArePlannedOnce(t *testing.T) {
	_, conn := opened(t, Config{})
	exec(t, conn, "PREPARE look AS "+selectLookups)
	for n := range 50 {
		exec(t, conn, "EXECUTE look("+idsLiteral(n*4%200+1)+")")
	}
	var custom int
	if err := conn.QueryRow(t.Context(), "SELECT custom_plans FROM pg_prepared_statements WHERE name = 'look'").Scan(&custom); err != nil {
		t.Fatal(err)
	}
	if custom > 5 { // that is how many the server tries before it compares
		t.Errorf("%d plans were made for certain ids", custom)
	}
	exec(t, conn, `INSERT INTO userd_users SELECT gen_random_uuid(), i, 'F', 'L', true, 1, now(), now(), i, 'f', 'l', '' FROM generate_series(1, 20000) i`)
	for _, node := range explainedPlan(t, conn, "EXECUTE look("+idsLiteral(100)+")").all() {
		if node.Type == "Seq Scan" || node.Type == "Sort" {
			t.Errorf("%s of %v rows", node.Type, node.Actual*node.Loops)
		}
	}
}

func exec(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// explainedPlan is how the server carries out a statement.
func explainedPlan(t *testing.T, conn *pgx.Conn, sql string) planNode {
	t.Helper()
	var text []byte
	if err := conn.QueryRow(t.Context(), "EXPLAIN (ANALYZE, FORMAT JSON) "+sql, pgx.QueryExecModeSimpleProtocol).Scan(&text); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var plans []struct{ Plan planNode }
	if err := json.Unmarshal(text, &plans); err != nil {
		t.Fatal(err)
	}
	return plans[0].Plan
}

// idsLiteral is an array of n ids that no user has, as SQL has it.
func idsLiteral(n int) string {
	ids := make([]uuid.UUID, n)
	for i := range ids {
		ids[i] = uuid.New()
	}
	text := fmt.Sprintf("%s", ids)
	return "string_to_array('" + text[1:len(text)-1] + "', ' ')::uuid[]"
}
