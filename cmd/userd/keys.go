package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/userd/userd/internal/keyfile"
	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

// keysCmd has the commands about API keys.
type keysCmd struct {
	Add    keysAddCmd    `cmd:"" help:"Make a key and print it, this once. The first one closes the service."`
	List   keysListCmd   `cmd:"" help:"List the keys, revoked ones among them."`
	Revoke keysRevokeCmd `cmd:"" help:"Make a key worthless."`
	Make   keysMakeCmd   `cmd:"" help:"Make a key for a file: print it, and the line for USERD_API_KEYS_FILE."`
}

// keyRing is who keeps the keys: the service on a store, or a server.
type keyRing interface {
	CreateKey(ctx context.Context, in service.KeyInput) (service.Key, string, error)
	Keys(ctx context.Context) ([]service.Key, error)
	RevokeKey(ctx context.Context, name string) error
	RotateSigningKey(ctx context.Context) (service.PublicKey, error)
}

// keyRingSettings say where the keys are kept.
type keyRingSettings struct {
	storeSettings
	Server  string `env:"USERD_SERVER" placeholder:"URL" help:"Go through the server at this URL, which has the file open, instead of the database."`
	KeyFile string `env:"USERD_KEY_FILE" placeholder:"FILE" help:"File with the API key, of the scope admin, to show to that server; not needed for one that is open."`
}

// Validate refuses impossible settings; kong calls it.
func (s *keyRingSettings) Validate() error {
	if s.KeyFile != "" && s.Server == "" {
		return errors.New("--key-file is for --server")
	}
	return s.check()
}

// with calls do with the keys that are there, as the command of this name.
func (s *keyRingSettings) with(ctx context.Context, command string, stderr io.Writer, do func(context.Context, keyRing) error) error {
	if s.Server == "" && s.DatabaseURL.scheme == inFile {
		if _, err := os.Stat(s.DatabaseURL.path); err != nil {
			return fmt.Errorf("nothing is kept there: %w", err)
		}
	}
	return s.withNew(ctx, command, stderr, do)
}

// withNew is with where there may be nothing yet.
func (s *keyRingSettings) withNew(ctx context.Context, command string, stderr io.Writer, do func(context.Context, keyRing) error) (err error) {
	if s.Server != "" {
		client, err := newKeysClient(s.Server, s.KeyFile)
		if err != nil {
			return err
		}
		return do(ctx, client)
	}
	if s.DatabaseURL.scheme == inMemory {
		return errors.New("memory: keeps no keys beyond a process; name a running server with --server")
	}
	store, err := s.open(ctx, storeConfig{Config: memory.Config{Log: newLogger(stderr, slog.LevelWarn, "text")}})
	if err != nil && s.DatabaseURL.scheme == inFile {
		return fmt.Errorf("%w; if a server runs on it, name that with --server=http://HOST:PORT", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return do(service.WithActor(ctx, service.OperatorActor(command)), service.New(store, service.Config{}))
}

// newKeySettings say what a new key is to be.
type newKeySettings struct {
	Name  string   `arg:"" help:"What the key is called: lower-case letters, digits, dots, hyphens and underscores."`
	Scope []string `required:"" help:"What it allows: users:read, users:write, users:verify, changes:read, or admin for everything. Give it once for each."`
}

func (s *newKeySettings) input() service.KeyInput {
	return service.KeyInput{Name: s.Name, Scopes: s.Scope}
}

// keysAddCmd makes a key.
type keysAddCmd struct {
	keyRingSettings
	newKeySettings
}

func (c *keysAddCmd) run(ctx context.Context, stdout, stderr io.Writer) error {
	return c.withNew(ctx, "userd keys", stderr, func(ctx context.Context, keys keyRing) error {
		_, text, err := keys.CreateKey(ctx, c.input())
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(stdout, text); err != nil {
			return cmp.Or(keys.RevokeKey(ctx, c.Name), fmt.Errorf("the key could not be shown, and is revoked: %w", err))
		}
		fmt.Fprintln(stderr, "this is the only time that the key is shown")
		return nil
	})
}

// keysListCmd lists the keys.
type keysListCmd struct{ keyRingSettings }

func (c *keysListCmd) run(ctx context.Context, stdout, stderr io.Writer) error {
	return c.with(ctx, "userd keys", stderr, func(ctx context.Context, ring keyRing) error {
		keys, err := ring.Keys(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "NAME\tSCOPES\tCREATED\tLAST USED\tREVOKED")
		for _, k := range keys {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", k.Name, scopeList(k), when(k.CreatedAt), when(k.LastUsedAt), when(k.RevokedAt))
		}
		return w.Flush()
	})
}

func scopeList(k service.Key) string {
	var scopes []string
	for _, s := range k.Scopes {
		scopes = append(scopes, string(s))
	}
	return strings.Join(scopes, ",")
}

// when writes a time for people; a dash is never.
func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// keysRevokeCmd makes a key worthless.
type keysRevokeCmd struct {
	keyRingSettings
	Name string `arg:"" help:"The key's name."`
}

func (c *keysRevokeCmd) run(ctx context.Context, stdout, stderr io.Writer) error {
	return c.with(ctx, "userd keys", stderr, func(ctx context.Context, keys keyRing) error {
		if err := keys.RevokeKey(ctx, c.Name); err != nil {
			return err
		}
		fmt.Fprintf(stdout, "%s is revoked\n", c.Name)
		return nil
	})
}

// keysMakeCmd makes a key that nobody keeps yet.
type keysMakeCmd struct{ newKeySettings }

func (c *keysMakeCmd) run(_ context.Context, stdout, stderr io.Writer) error {
	k, wrong := service.CheckKey(c.input())
	if len(wrong) > 0 {
		return usageError{errors.New(wrong[0].Message)}
	}
	text := service.NewKeyText()
	k.Hash = service.HashKey(text)
	fmt.Fprintln(stdout, text)
	fmt.Fprintln(stdout, keyfile.Line(k))
	fmt.Fprintln(stderr, "the first line is the key, which is shown this once; the second goes into the file")
	return nil
}
