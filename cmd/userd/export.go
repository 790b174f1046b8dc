package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"

	"github.com/userd/userd/internal/userfile"
	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory/newfile"
)

// formatSetting says which format a file has.
type formatSetting struct {
	Format string `enum:",ndjson,csv" default:"" help:"ndjson or csv; by default what the file's name ends in, or else ndjson."`
}

// of is the format of the file with this name.
func (s formatSetting) of(name string) userfile.Format {
	if s.Format == "csv" || s.Format == "" && strings.EqualFold(filepath.Ext(name), ".csv") {
		return userfile.CSV
	}
	return userfile.NDJSON
}

// exportCmd has the settings of an export.
type exportCmd struct {
	databaseSettings
	formatSetting
	WithPasswordHashes bool   `help:"Export the users' password hashes, too. Keep the file as safe as the users."`
	File               string `arg:"" optional:"" help:"The file to write, which must not exist yet; standard output when it is left out."`
}

// Validate refuses impossible settings; kong calls it.
func (c *exportCmd) Validate() error { return c.check() }

// run writes all users to a file or to standard output.
func (c *exportCmd) run(ctx context.Context, stdout, stderr io.Writer) (err error) {
	if err := c.mustExist(); err != nil {
		return err
	}
	store, err := c.openToRead(ctx, newLogger(stderr, slog.LevelWarn, "text"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	svc := service.New(store, service.Config{})
	ctx = service.WithActor(ctx, service.OperatorActor("userd export"))
	bar, err := newExportProgress(ctx, svc, stderr)
	if err != nil {
		return err
	}
	if c.File == "" {
		return c.write(ctx, svc, stdout, bar)
	}
	if err := newfile.Write(c.File, func(w io.Writer) error { return c.write(ctx, svc, w, bar) }); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d users written to %s\n", bar.rows, c.File)
	return nil
}

func (c *exportCmd) write(ctx context.Context, svc *service.Service, out io.Writer, bar *progress) error {
	defer bar.clear()
	w, err := userfile.NewWriter(out, c.of(c.File), c.WithPasswordHashes)
	if err != nil {
		return fmt.Errorf("cannot write the users: %w", err)
	}
	for r, err := range svc.Export(ctx) {
		if err != nil {
			return fmt.Errorf("cannot read the users: %w", err)
		}
		if err := w.Write(r); err != nil {
			return fmt.Errorf("cannot write the users: %w", err)
		}
		bar.add(1, 1)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("cannot write the users: %w", err)
	}
	return nil
}
