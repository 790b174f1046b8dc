package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/userd/userd/service/memory/journal"
)

// backupCmd has the settings of a backup.
type backupCmd struct {
	DatabaseURL databaseURL `env:"DATABASE_URL" default:"file:userd.db" help:"Where users are kept: file:PATH."`
	File        string      `arg:"" help:"The file to write; it must not exist yet."`
}

// run copies the users and the change log to a file, while a server may be
// running on them.
func (c *backupCmd) run(ctx context.Context, stdout, _ io.Writer) error {
	if c.DatabaseURL.scheme != inFile {
		return errors.New("only a file can be backed up; name it with --database-url=file:PATH (for PostgreSQL there is pg_dump)")
	}
	users, err := journal.Backup(ctx, c.DatabaseURL.path, c.File)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d users written to %s\n", users, c.File)
	return nil
}
