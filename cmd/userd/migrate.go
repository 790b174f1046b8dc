package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/userd/userd/service/postgres"
)

// migrateCmd has the settings of a migration by hand.
type migrateCmd struct {
	databaseSettings
}

// Validate refuses what cannot work; kong calls it.
func (c *migrateCmd) Validate() error { return c.check() }

// run brings a PostgreSQL database's schema to this program's version, while
// servers may be running on it.
func (c *migrateCmd) run(ctx context.Context, stdout, stderr io.Writer) error {
	if c.DatabaseURL.scheme != inPostgres {
		return errors.New("only a PostgreSQL database is migrated by hand; a file is when the server opens it")
	}
	from, to, err := postgres.Migrate(ctx, c.postgres(newLogger(stderr, slog.LevelInfo, "auto")))
	if err != nil {
		return err
	}
	if from == to {
		fmt.Fprintf(stdout, "the schema is at version %d already\n", to)
		return nil
	}
	fmt.Fprintf(stdout, "migrated the schema from version %d to %d\n", from, to)
	return nil
}
