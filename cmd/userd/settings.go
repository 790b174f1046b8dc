package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

// storeSettings say where users are kept, and how. Every subcommand that opens
// the store has them: one with other settings would cut off the change log.
type storeSettings struct {
	DatabaseURL    databaseURL   `env:"DATABASE_URL" default:"file:userd.db" help:"Where users are kept: file:PATH, or memory: for a service that forgets."`
	KeepChanges    int           `env:"USERD_KEEP_CHANGES" default:"100000" help:"How many changes the change log keeps."`
	KeepChangesFor time.Duration `env:"USERD_KEEP_CHANGES_FOR" default:"720h" help:"How long it keeps them."`
}

// check refuses a log that keeps nothing.
func (s *storeSettings) check() error {
	return cmp.Or(
		positive(s.KeepChanges > 0, "keep-changes"),
		positive(s.KeepChangesFor > 0, "keep-changes-for"))
}

// open opens the store that the database URL names. Of c it sets what the
// settings say.
func (s *storeSettings) open(ctx context.Context, c memory.Config) (service.Store, error) {
	c.KeepChanges, c.KeepChangesFor = s.KeepChanges, s.KeepChangesFor
	if s.DatabaseURL.scheme == "memory" {
		return memory.NewWith(c), nil
	}
	return memory.Open(ctx, s.DatabaseURL.path, c)
}

// mustExist refuses a place that nobody keeps users in: opening it would make
// it one.
func (s *storeSettings) mustExist() error {
	switch s.DatabaseURL.scheme {
	case "memory":
		return errors.New("memory: keeps no users beyond a process; name where they are kept with --database-url")
	case "file":
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

// positive is the error for a flag that must be greater than zero, unless ok.
func positive(ok bool, flag string) error {
	if !ok {
		return fmt.Errorf("--%s must be greater than zero", flag)
	}
	return nil
}
