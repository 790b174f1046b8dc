package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// manCmd prints the manual page.
type manCmd struct{}

func (manCmd) run(_ context.Context, stdout, _ io.Writer) error {
	parser, err := newParser(io.Discard, func(int) {})
	if err != nil {
		return err
	}
	app := parser.Model
	fmt.Fprintf(stdout, ".TH USERD 1 \"\" \"userd %s\"\n.SH NAME\nuserd \\- serve the users of an application over GraphQL and REST\n", release)
	fmt.Fprintf(stdout, ".SH SYNOPSIS\n.B userd\n[\\fIcommand\\fR] [\\fIflags\\fR]\n.SH DESCRIPTION\n%s\n", roff(app.Help))
	fmt.Fprint(stdout, "Each flag that names a variable can be given by that instead.\n.SH COMMANDS\n")
	for _, command := range app.Leaves(true) {
		describe(stdout, command)
	}
	fmt.Fprint(stdout, ".SH EXIT STATUS\n0: it was done. 1: it could not be done. 2: it was asked for what makes no sense.\n")
	return nil
}

// describe writes a section on one command.
func describe(w io.Writer, command *kong.Node) {
	title := command.FullPath()
	for _, p := range command.Positional {
		title += " " + strings.ToUpper(p.Name)
	}
	fmt.Fprintf(w, ".SS %s\n%s\n", roff(title), roff(command.Help))
	for _, f := range command.Flags {
		fmt.Fprintf(w, ".TP\n.B \\-\\-%s\n%s\n", roff(f.Name), roff(about(f)))
	}
}

// about says what a flag does, by which variable it can be given, and what it
// is otherwise.
func about(f *kong.Flag) string {
	text := f.Help
	if len(f.Envs) > 0 {
		text += " Variable: " + strings.Join(f.Envs, ", ") + "."
	}
	if f.Default != "" {
		text += " Default: " + f.Default + "."
	}
	return text
}

// roff keeps text from being taken for commands.
func roff(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, `\`, `\e`), "-", `\-`)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}
