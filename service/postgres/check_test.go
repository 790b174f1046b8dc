package postgres

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/userd/userd/service/postgres/postgrestest"
)

// TestOpenSaysWhatTablesLack: tables that cannot be served from end the start
// with a sentence about what an operator can do.
func TestOpenSaysWhatTablesLack(t *testing.T) {
	server := postgrestest.Shared(t)
	server.Exec(t, "CREATE ROLE clerk LOGIN")
	for _, tt := range []struct {
		name   string
		spoil  string
		config Config
		says   string
	}{
		{"no tables", `DROP TABLE userd_users, userd_changes, userd_state, userd_keys, userd_items, userd_schema`, Config{ManualMigration: true}, "run userd migrate"},
		{"older tables", `UPDATE userd_schema SET version = 1`, Config{ManualMigration: true}, "is older than this userd"},
		{"no state", `DELETE FROM userd_state`, Config{}, "userd_state is empty"},
		{"no version", `DELETE FROM userd_schema`, Config{}, "userd_schema is empty"},
		{"may only read", `GRANT SELECT ON ALL TABLES IN SCHEMA %s TO clerk`, Config{},
			`"clerk" lacks privileges: INSERT on userd_users, UPDATE on userd_users, DELETE on userd_users, INSERT on userd_changes, ` +
				`UPDATE on userd_changes, DELETE on userd_changes, INSERT on userd_keys, UPDATE on userd_keys, UPDATE on userd_state, INSERT on userd_items, UPDATE on userd_items, DELETE on userd_items; GRANT`},
		{"may do all but one", `GRANT ALL ON ALL TABLES IN SCHEMA %s TO clerk; REVOKE UPDATE ON userd_keys FROM clerk`,
			Config{}, "lacks privileges: UPDATE on userd_keys;"},
		{"may do what the documentation says", `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %s TO clerk`, Config{}, ""},
		{"may only read and does no more", `GRANT SELECT ON ALL TABLES IN SCHEMA %s TO clerk`, Config{ReadOnly: true}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url := server.NewSchema(t)
			_, conn := opened(t, Config{URL: url})
			_, schema, _ := strings.Cut(url, "search_path=")
			for _, sql := range []string{"GRANT USAGE ON SCHEMA " + schema + " TO clerk", strings.ReplaceAll(tt.spoil, "%s", schema)} {
				if _, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
					t.Fatal(err)
				}
			}
			tt.config.URL = url
			if strings.Contains(tt.spoil, "clerk") {
				tt.config.URL = strings.Replace(url, "postgres@", "clerk@", 1)
			}
			s, err := Open(t.Context(), tt.config)
			if err == nil {
				s.Close()
			}
			if tt.says == "" && err != nil || tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)) {
				t.Errorf("Open says %v, want %q", err, tt.says)
			}
			if tt.name == "no tables" && !errors.Is(err, ErrNoTables) {
				t.Errorf("%v is not ErrNoTables", err)
			}
		})
	}
}

// TestPrivilegesOfAllTablesAreChecked: a table that comes with a migration must
// not be forgotten.
func TestPrivilegesOfAllTablesAreChecked(t *testing.T) {
	_, conn := opened(t, Config{URL: postgrestest.URL(t)})
	rows, err := conn.Query(t.Context(), `SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'userd_schema'`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 5 {
		t.Fatal(tables, err)
	}
	for _, table := range tables {
		if !strings.Contains(missingPrivileges, "'"+table+"'") {
			t.Errorf("what serving takes of %s is not checked", table)
		}
	}
}
