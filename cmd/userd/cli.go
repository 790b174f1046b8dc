package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// cli is the command line: every subcommand with its flags, each of which can
// also be given by the environment variable it names.
type cli struct {
	Serve       serveCmd       `cmd:"" default:"withargs" help:"Serve the API; the default command."`
	Backup      backupCmd      `cmd:"" help:"Write the users and the change log to a new file, also while the server runs."`
	Export      exportCmd      `cmd:"" help:"Write all users as NDJSON or CSV. The schema of a file is brought up to date first."`
	Import      importCmd      `cmd:"" help:"Read users from NDJSON or CSV."`
	Keys        keysCmd        `cmd:"" help:"Make, list and revoke API keys."`
	Sessions    sessionsCmd    `cmd:"" help:"Replace the key that signs access tokens."`
	Migrate     migrateCmd     `cmd:"" help:"Bring a PostgreSQL database's schema up to date."`
	Healthcheck healthcheckCmd `cmd:"" help:"Ask a running userd whether it is ready; status 0 if so, 1 if not."`
	Completion  completionCmd  `cmd:"" help:"Print what makes a shell complete commands and flags."`
	Man         manCmd         `cmd:"" hidden:"" help:"Print the manual page."`
	Version     versionCmd     `cmd:"" help:"Print the version."`

	ShowVersion kong.VersionFlag `name:"version" help:"Print the version."`
}

// command is a subcommand with its settings, ready to run.
type command func(ctx context.Context, stdout, stderr io.Writer) error

// runner is what each subcommand's settings implement.
type runner interface {
	run(ctx context.Context, stdout, stderr io.Writer) error
}

// parse reads the command line and the environment. The errors are single
// sentences for the person who typed.
func parse(args, environ []string, stdout io.Writer) (command, error) {
	done := false
	parser, err := newParser(stdout, func(int) { done = true }) // asked for help, which is printed by now
	if err != nil {
		return nil, err // a defect in the tags above; TestHelp would show it
	}
	if err := refuseUnknownVariables(parser.Model, environ); err != nil {
		return nil, err
	}
	parsed, err := parser.Parse(args)
	if done {
		return func(context.Context, io.Writer, io.Writer) error { return nil }, nil
	}
	if err != nil {
		return nil, plain(err)
	}
	selected, ok := parsed.Selected().Target.Addr().Interface().(runner)
	if !ok {
		return nil, fmt.Errorf("%s is not a command", parsed.Command())
	}
	return selected.run, nil
}

// newParser makes the parser of the command line.
func newParser(stdout io.Writer, exit func(int)) (*kong.Kong, error) {
	return kong.New(new(cli), kong.Name("userd"), kong.Writers(stdout, stdout), kong.Exit(exit), kong.Vars{"version": fullVersion()},
		kong.Description("A user management service: users over GraphQL and REST, from one binary."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Help(help))
}

// help prints the commands or one of them; beside the commands also the
// settings of the default one, which are what most people look for.
func help(options kong.HelpOptions, selected *kong.Context) error {
	if err := kong.DefaultHelpPrinter(options, selected); err != nil || selected.Selected() != nil {
		return err
	}
	serve, err := kong.Trace(selected.Kong, []string{"serve"})
	if err != nil {
		return err
	}
	fmt.Fprintln(selected.Stdout)
	return kong.DefaultHelpPrinter(options, serve)
}

// plain drops from a parser's error what names the parser instead of the
// mistake, and the value of the variable at fault: it may be a secret.
func plain(err error) error {
	var parseErr *kong.ParseError
	if errors.As(err, &parseErr) {
		err = parseErr.Unwrap()
	}
	return errors.New(fromVariable.ReplaceAllString(err.Error(), "(from $1)"))
}

var fromVariable = regexp.MustCompile(`(?s)\(from envar (\w+)=.*\)`)

// refuseUnknownVariables finds USERD_ variables that mean nothing: a misspelt
// setting must not silently stay at its default.
func refuseUnknownVariables(app *kong.Application, environ []string) error {
	known := make(map[string]bool)
	for _, command := range app.Leaves(false) {
		for _, flag := range command.Flags {
			for _, env := range flag.Envs {
				known[env] = true
			}
		}
	}
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "USERD_") && !known[name] {
			return fmt.Errorf("there is no setting %s; the settings are %s",
				name, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
	}
	return nil
}
