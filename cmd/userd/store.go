package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
	"github.com/userd/userd/service/postgres"
)

// databaseFlags say which database to use.
type databaseFlags struct {
	DatabaseURL          databaseURL   `env:"DATABASE_URL" default:"file:userd.db" help:"Where users are kept: file:PATH, postgres://USER@HOST/DATABASE, or memory: for a service that forgets."`
	DatabasePasswordFile string        `env:"USERD_DATABASE_PASSWORD_FILE" help:"File with PostgreSQL's password; read for each new connection."`
	DatabaseStartTimeout time.Duration `env:"USERD_DATABASE_START_TIMEOUT" default:"30s" help:"Time to wait at the start for a PostgreSQL server that is not up yet."`
}

// storeFlags say which store to open and how.
type storeFlags struct {
	databaseFlags
	AutoMigrate    bool          `env:"USERD_AUTO_MIGRATE" default:"true" negatable:"" help:"Bring PostgreSQL's schema up to date at the start; without it userd migrate has to be run first."`
	KeepChanges    int           `env:"USERD_KEEP_CHANGES" default:"100000" help:"How many changes the change log keeps."`
	KeepChangesFor time.Duration `env:"USERD_KEEP_CHANGES_FOR" default:"720h" help:"How long it keeps them."`
}

func (f *databaseFlags) validate() error {
	if f.DatabasePasswordFile != "" && f.DatabaseURL.scheme != inPostgres {
		return errors.New("--database-password-file is for PostgreSQL; a file or memory has no password")
	}
	return positive(f.DatabaseStartTimeout > 0, "database-start-timeout")
}

func (f *storeFlags) validate() error {
	return cmp.Or(f.databaseFlags.validate(),
		positive(f.KeepChanges > 0, "keep-changes"),
		positive(f.KeepChangesFor > 0, "keep-changes-for"))
}

// postgres is the configuration of a PostgreSQL database.
func (f *databaseFlags) postgres(log *slog.Logger) postgres.Config {
	return postgres.Config{URL: f.DatabaseURL.url, PasswordFile: f.DatabasePasswordFile, StartTimeout: f.DatabaseStartTimeout, Log: log}
}

// openStore opens the store that the database URL names.
func (f *storeFlags) openStore(ctx context.Context, log *slog.Logger) (service.Store, error) {
	inProcess := memory.Config{KeepChanges: f.KeepChanges, KeepChangesFor: f.KeepChangesFor, Log: log}
	switch f.DatabaseURL.scheme {
	case inMemory:
		return memory.NewWith(inProcess), nil
	case inFile:
		return memory.Open(ctx, f.DatabaseURL.path, inProcess)
	}
	c := f.postgres(log)
	c.KeepChanges, c.KeepChangesFor, c.ManualMigration = f.KeepChanges, f.KeepChangesFor, !f.AutoMigrate
	return postgres.Open(ctx, c)
}
