package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/userd/userd/service"
)

// Why a store cannot be opened.
var (
	// ErrNoTables says that nobody has kept users in this database yet.
	ErrNoTables = errors.New("the database has no tables of userd's yet; run userd migrate first")

	errNotMigrated = errors.New("the database's schema is older than this userd; run userd migrate first")
	errNoVersion   = errors.New("the database's table userd_schema is empty; somebody has emptied it by hand: restore the database from a backup")
	errNoState     = errors.New("the database's table userd_state is empty, without which userd can neither number changes nor count users; " +
		"somebody has emptied it by hand: restore the database from a backup")
)

// missingPrivileges lists what the role that is connected may not do of what
// serving takes.
const missingPrivileges = `SELECT coalesce(string_agg(privilege || ' on ' || name, ', ' ORDER BY n), '') FROM (VALUES
	(1, 'userd_users', '{SELECT,INSERT,UPDATE,DELETE}'::text[]), (2, 'userd_changes', '{SELECT,INSERT,UPDATE,DELETE}'),
	(3, 'userd_keys', '{SELECT,INSERT,UPDATE}'), (4, 'userd_state', '{SELECT,UPDATE}'), (5, 'userd_items', '{SELECT,INSERT,UPDATE,DELETE}')) AS t (n, name, needed), unnest(needed) AS privilege
	WHERE NOT has_table_privilege(name, privilege)`

// checkPrivileges refuses a role that would fail at the first request.
func checkPrivileges(ctx context.Context, conn *pgx.Conn) error {
	var missing string
	if err := conn.QueryRow(ctx, missingPrivileges, pgx.QueryExecModeSimpleProtocol).Scan(&missing); err != nil {
		return err
	}
	if missing != "" {
		return fmt.Errorf("the database role %q lacks privileges: %s; GRANT them, or name another role in the database URL", conn.Config().User, missing)
	}
	return nil
}

// firstState reads the state of a log that has to be there.
func firstState(ctx context.Context, conn *pgx.Conn) (service.ChangeLogState, error) {
	log, err := logState(ctx, conn)
	if errors.Is(err, pgx.ErrNoRows) {
		err = errNoState
	}
	return log, err
}
