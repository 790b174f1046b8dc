package postgres

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// migration leads from one version of the schema to the next.
type migration struct {
	sql string
	// oldest is the oldest version whose programs can go on serving beside this
	// one. A migration that only adds leaves it where it was; one that takes
	// something away raises it, a release after the last program that needed it.
	oldest int
}

//go:embed migrations/0001_users.sql
var migration1 string

//go:embed migrations/0002_keys.sql
var migration2 string

//go:embed migrations/0003_items.sql
var migration3 string

//go:embed migrations/0004_email_verified.sql
var migration4 string

// migrations are all versions of the schema, the first one first. They are
// only ever added to.
func migrations() []migration {
	return []migration{{sql: migration1, oldest: 1}, {sql: migration2, oldest: 1}, {sql: migration3, oldest: 1}, {sql: migration4, oldest: 1}}
}

// migrationLock is the advisory lock under which one copy at a time looks at
// and changes the schema ("userd" and a number, as bytes).
const migrationLock = 0x7573657264_01

// Migrate brings the database's schema to this program's version, in one
// transaction, and returns the versions before and after; they are the same
// when there was nothing to do. Several may run at once: each sees what the one
// before it has done. It leaves a newer schema alone, as long as this program
// can serve with it.
func Migrate(ctx context.Context, c Config) (from, to int, err error) {
	err = c.withConn(ctx, func(conn *pgx.Conn) error {
		from, to, err = migrate(ctx, conn, migrations())
		return err
	})
	return from, to, err
}

func migrate(ctx context.Context, conn *pgx.Conn, all []migration) (from, to int, err error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer tx.Rollback(ctx) // does nothing after a commit
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(migrationLock)); err != nil {
		return 0, 0, err
	}
	s, err := schemaOf(ctx, tx)
	if err == nil {
		err = s.canServe(len(all))
	}
	if err != nil || s.version >= len(all) {
		return s.version, s.version, err
	}
	if err := upgrade(ctx, tx, all, s.version); err != nil {
		return s.version, s.version, err
	}
	return s.version, len(all), tx.Commit(ctx)
}

// upgrade runs the migrations that the schema has not seen.
func upgrade(ctx context.Context, tx pgx.Tx, all []migration, from int) error {
	for i, m := range all[from:] {
		if _, err := tx.Conn().PgConn().Exec(ctx, m.sql).ReadAll(); err != nil {
			return fmt.Errorf("migration %d: %w", from+i+1, err)
		}
	}
	if from == 0 {
		if _, err := tx.Exec(ctx, `INSERT INTO userd_state VALUES (true, $1, 1, 0, 0, 0, 0)`, rand.Text()); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `CREATE TABLE userd_schema (version integer NOT NULL, oldest integer NOT NULL);
			INSERT INTO userd_schema VALUES (0, 0)`, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `UPDATE userd_schema SET version = $1, oldest = $2`, len(all), all[len(all)-1].oldest)
	return err
}

// schema is the version of a database's schema, and the oldest one whose
// programs can serve with it.
type schema struct{ version, oldest int }

// schemaOf reads the version; an empty database has 0.
func schemaOf(ctx context.Context, tx pgx.Tx) (s schema, err error) {
	var there bool
	if err := tx.QueryRow(ctx, `SELECT to_regclass('userd_schema') IS NOT NULL`).Scan(&there); err != nil || !there {
		return s, err
	}
	err = tx.QueryRow(ctx, `SELECT version, oldest FROM userd_schema`).Scan(&s.version, &s.oldest)
	return s, err
}

// canServe tells whether a program that knows the versions up to known can
// serve with the schema, once it is migrated that far.
func (s schema) canServe(known int) error {
	if s.oldest > known {
		return fmt.Errorf("the database's schema is at version %d, which this userd is too old for; start a newer one", s.version)
	}
	return nil
}

// errNotMigrated is why a store cannot be opened without migrating.
var errNotMigrated = errors.New("the database's schema is older than this userd; run userd migrate first")

// checkSchema tells whether the schema is there and can be served with.
func checkSchema(ctx context.Context, conn *pgx.Conn) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		s, err := schemaOf(ctx, tx)
		switch {
		case err != nil:
			return err
		case s.version < len(migrations()):
			return errNotMigrated
		}
		return s.canServe(len(migrations()))
	})
}
