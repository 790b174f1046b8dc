package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
	"github.com/userd/userd/service/postgres"
)

// databaseSettings say where users are kept.
type databaseSettings struct {
	DatabaseURL          databaseURL   `env:"DATABASE_URL" default:"file:userd.db" help:"Where users are kept: file:PATH, postgres://USER@HOST/DATABASE, or memory: for a service that forgets."`
	DatabasePasswordFile string        `env:"USERD_DATABASE_PASSWORD_FILE" help:"File with PostgreSQL's password; read for each new connection."`
	DatabaseStartTimeout time.Duration `env:"USERD_DATABASE_START_TIMEOUT" default:"30s" help:"Time to wait at the start for a PostgreSQL server that is not up yet."`
}

// check refuses a password for what has none.
func (s *databaseSettings) check() error {
	if s.DatabasePasswordFile != "" && s.DatabaseURL.scheme != inPostgres {
		return errors.New("--database-password-file is for PostgreSQL; a file or memory has no password")
	}
	return positive(s.DatabaseStartTimeout > 0, "database-start-timeout")
}

// postgres is the configuration of a PostgreSQL database.
func (s *databaseSettings) postgres(log *slog.Logger) postgres.Config {
	return postgres.Config{URL: s.DatabaseURL.url, PasswordFile: s.DatabasePasswordFile, StartTimeout: s.DatabaseStartTimeout, Log: log}
}

// storeSettings say where users are kept, and how. Every subcommand that opens
// the store has them: one with other settings would cut off the change log.
type storeSettings struct {
	databaseSettings
	AutoMigrate    bool          `env:"USERD_AUTO_MIGRATE" default:"true" negatable:"" help:"Bring PostgreSQL's schema up to date at the start; without it userd migrate has to be run first."`
	KeepChanges    int           `env:"USERD_KEEP_CHANGES" default:"100000" help:"How many changes the change log keeps."`
	KeepChangesFor time.Duration `env:"USERD_KEEP_CHANGES_FOR" default:"720h" help:"How long it keeps them."`
}

// check refuses a log that keeps nothing.
func (s *storeSettings) check() error {
	return cmp.Or(s.databaseSettings.check(),
		positive(s.KeepChanges > 0, "keep-changes"),
		positive(s.KeepChangesFor > 0, "keep-changes-for"))
}

// storeConfig has what a store is told besides the settings.
type storeConfig struct {
	memory.Config // holds for other stores where they have the same
	// Spans is where spans of SQL statements go; nil means nowhere.
	Spans trace.TracerProvider
	// ReadOnly is for who makes no changes.
	ReadOnly bool
}

// open opens the store that the database URL names.
func (s *storeSettings) open(ctx context.Context, c storeConfig) (service.Store, error) {
	c.KeepChanges, c.KeepChangesFor = s.KeepChanges, s.KeepChangesFor
	switch s.DatabaseURL.scheme {
	case inMemory:
		return memory.NewWith(c.Config), nil
	case inFile:
		return memory.Open(ctx, s.DatabaseURL.path, c.Config)
	}
	pg := s.postgres(c.Log)
	pg.KeepChanges, pg.KeepChangesFor, pg.ManualMigration, pg.Committed = c.KeepChanges, c.KeepChangesFor, !s.AutoMigrate, c.Committed
	pg.Spans, pg.ReadOnly = c.Spans, c.ReadOnly
	return postgres.Open(ctx, pg)
}

// openToRead opens the store for somebody who changes no user: PostgreSQL's
// schema is left as it is, and no change is too old to be kept. A file's schema is
// brought up to date all the same, after which older programs refuse the file.
func (s *databaseSettings) openToRead(ctx context.Context, log *slog.Logger) (service.Store, error) {
	all := storeSettings{databaseSettings: *s, KeepChanges: math.MaxInt32, KeepChangesFor: math.MaxInt64}
	return all.open(ctx, storeConfig{Config: memory.Config{Log: log}, ReadOnly: true})
}

// mustExist refuses a place that nobody keeps users in: opening it would make
// it one.
func (s *databaseSettings) mustExist() error {
	switch s.DatabaseURL.scheme {
	case inMemory:
		return errors.New("memory: keeps no users beyond a process; name where they are kept with --database-url")
	case inFile:
		if _, err := os.Stat(s.DatabaseURL.path); err != nil {
			return fmt.Errorf("there is nothing to export: %w", err)
		}
	}
	return nil
}

// passwordSettings say which passwords are good enough.
type passwordSettings struct {
	PasswordMinLength int `env:"USERD_PASSWORD_MIN_LENGTH" default:"8" help:"Fewest characters of a password."`
	PasswordMaxLength int `env:"USERD_PASSWORD_MAX_LENGTH" default:"128" help:"Most characters of a password."`
}

// check refuses lengths that no password has.
func (s *passwordSettings) check() error {
	if s.PasswordMinLength < 1 || s.PasswordMaxLength < s.PasswordMinLength {
		return errors.New("--password-min-length must be at least 1 and at most --password-max-length")
	}
	return nil
}

func (s *passwordSettings) policy() service.PasswordPolicy {
	return service.PasswordPolicy{MinLength: s.PasswordMinLength, MaxLength: s.PasswordMaxLength}
}

// tokenSettings say how long one-time tokens are good.
type tokenSettings struct {
	PasswordResetLifetime     time.Duration `env:"USERD_PASSWORD_RESET_LIFETIME" default:"1h" help:"Time in which a token that resets a password can be redeemed, 1m to 24h."`
	EmailConfirmationLifetime time.Duration `env:"USERD_EMAIL_CONFIRMATION_LIFETIME" default:"24h" help:"Time in which a token that confirms an e-mail address can be redeemed, 1m to 720h."`
}

// check refuses times that are too short for mail, or too long for a secret in a mailbox.
func (s *tokenSettings) check() error {
	return cmp.Or(
		within(s.PasswordResetLifetime, service.MaxPasswordResetLifetime, "password-reset-lifetime"),
		within(s.EmailConfirmationLifetime, service.MaxEmailConfirmationLifetime, "email-confirmation-lifetime"))
}

func (s *tokenSettings) lifetimes() service.TokenLifetimes {
	return service.TokenLifetimes{PasswordReset: s.PasswordResetLifetime, EmailConfirmation: s.EmailConfirmationLifetime}
}

// within is the error for a flag that is no time for which a token can be good.
func within(d, most time.Duration, flag string) error {
	if d < service.MinTokenLifetime || d > most {
		return fmt.Errorf("--%s must be from %s to %s", flag, service.MinTokenLifetime, most)
	}
	return nil
}

// positive is the error for a flag that must be greater than zero, unless ok.
func positive(ok bool, flag string) error {
	if !ok {
		return fmt.Errorf("--%s must be greater than zero", flag)
	}
	return nil
}
