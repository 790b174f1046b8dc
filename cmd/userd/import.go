package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"time"

	"github.com/userd/userd/internal/userfile"
	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
	"github.com/userd/userd/service/postgres"
)

// importCmd has the settings of an import.
type importCmd struct {
	storeSettings
	passwordSettings
	formatSetting
	OnConflict string `enum:"fail,skip,update" default:"fail" help:"What to do with a row whose user is there already, by id or else by e-mail address: fail, skip or update."`
	DryRun     bool   `help:"Say what would happen and change no user. The schema of a file is brought up to date all the same."`
	Rejects    string `placeholder:"FILE" help:"File to write the refused rows' mistakes to, which must not exist yet; by default the first ones go to standard error."`
	File       string `arg:"" help:"The file to read, or - for standard input."`
}

// Validate refuses impossible settings; kong calls it.
func (c *importCmd) Validate() error {
	if err := c.storeSettings.check(); err != nil {
		return err
	}
	return c.passwordSettings.check()
}

// run imports the rows of a file.
func (c *importCmd) run(ctx context.Context, stdout, stderr io.Writer) (err error) {
	if c.DatabaseURL.scheme == inMemory {
		return errors.New("memory: keeps no users beyond a process; name where to keep them with --database-url")
	}
	in, size, err := openInput(c.File)
	if err != nil {
		return err
	}
	defer in.Close()
	rows, err := userfile.NewReader(in, c.of(c.File))
	if err != nil {
		return usageError{fmt.Errorf("cannot read %s: %w", c.File, err)}
	}
	rejects, closeRejects, err := openRejects(c.Rejects, stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeRejects()) }()
	store, err := c.openStore(ctx, memory.Config{Log: newLogger(stderr, slog.LevelWarn, "text"), Importing: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	i := &importer{
		svc: c.service(store), options: service.ImportOptions{OnConflict: service.ConflictPolicy(c.OnConflict), DryRun: c.DryRun},
		rejects: rejects, progress: newProgress(stderr, isTerminal(stderr), size, time.Now), counts: make(map[service.ImportOutcome]int),
	}
	err = i.run(ctx, rows)
	fmt.Fprintln(stdout, i.summary())
	return cmp.Or(err, i.refused())
}

// openStore opens the store. A dry run makes no file and no tables where there
// are none, and looks at the rows alone; of what is there it leaves PostgreSQL's
// schema as it is, but not a file's.
func (c *importCmd) openStore(ctx context.Context, config memory.Config) (service.Store, error) {
	if c.DryRun && c.mustExist() != nil {
		return memory.NewWith(config), nil
	}
	c.AutoMigrate = c.AutoMigrate && !c.DryRun
	store, err := c.open(ctx, storeConfig{Config: config})
	if c.DryRun && errors.Is(err, postgres.ErrNoTables) {
		return memory.NewWith(config), nil
	}
	return store, err
}

// service hashes on all CPUs: nobody else has use for them, and nobody waits.
func (c *importCmd) service(store service.Store) *service.Service {
	return service.New(store, service.Config{
		Passwords: c.policy(),
		Hashing:   service.HashingLimits{Slots: runtime.GOMAXPROCS(0), Wait: time.Hour},
	})
}

// openInput opens a file, whose size is 0 where it is not known.
func openInput(name string) (in io.ReadCloser, size int64, err error) {
	if name == "-" {
		return io.NopCloser(os.Stdin), 0, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, usageError{fmt.Errorf("cannot read the file: %w", err)}
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a directory", name)
	}
	if err != nil {
		return nil, 0, usageError{errors.Join(err, f.Close())}
	}
	return f, info.Size(), nil
}

// importer carries an import through.
type importer struct {
	svc      *service.Service
	options  service.ImportOptions
	rejects  *rejects
	progress *progress
	counts   map[service.ImportOutcome]int
	line     int // the last one that is done
}

// run imports all rows, reading ahead while the store is at work. Once ctx has
// ended it finishes the batch in hand.
func (i *importer) run(ctx context.Context, rows userfile.Reader) error {
	defer i.progress.clear()
	reading, stop := context.WithCancel(ctx)
	defer stop()
	all := batches(reading, rows)
	for {
		var b *batch
		more := false
		select {
		case b, more = <-all:
		case <-ctx.Done(): // also while a pipe keeps the reader waiting
		}
		switch {
		case ctx.Err() != nil:
			return i.stopped(errors.New("interrupted"))
		case !more:
			return nil
		}
		if err := i.carryOut(context.WithoutCancel(ctx), b); err != nil {
			return i.stopped(err)
		}
	}
}

// stopped is the error for an import that has not come to its end.
func (i *importer) stopped(why error) error {
	if i.options.DryRun {
		return fmt.Errorf("stopped after line %d: %w", i.line, why)
	}
	return fmt.Errorf("stopped after line %d: %w; to go on, run it again with --on-conflict=skip or --on-conflict=update", i.line, why)
}

func (i *importer) carryOut(ctx context.Context, b *batch) error {
	ctx = service.WithActor(ctx, service.OperatorActor("userd import"))
	results, err := i.svc.Import(ctx, b.inputs, i.options)
	if err != nil {
		return err
	}
	for n, r := range results {
		i.counts[r.Outcome]++
		if r.Err != nil {
			i.progress.clear()
			i.rejects.add(b.lines[n], r.Err)
		}
		i.line = b.lines[n]
	}
	i.progress.add(int64(len(results)), b.bytes)
	return errors.Join(b.err, i.rejects.err)
}

// summary tells what became of the rows.
func (i *importer) summary() string {
	n := i.counts
	text := fmt.Sprintf("%d created, %d updated, %d unchanged, %d skipped, %d refused", n[service.ImportCreated], n[service.ImportUpdated],
		n[service.ImportUnchanged], n[service.ImportSkipped], n[service.ImportRefused])
	if i.options.DryRun {
		text = "no user was changed by this dry run; without it: " + text
	}
	return text
}

// refused is the error for rows that were refused, if there are any.
func (i *importer) refused() error {
	if n := i.counts[service.ImportRefused]; n > 0 {
		return fmt.Errorf("rows refused: %d", n)
	}
	return nil
}
