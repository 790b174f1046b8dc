package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// completionCmd prints what makes a shell complete commands and flags.
type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

func (c completionCmd) run(_ context.Context, stdout, _ io.Writer) error {
	parser, err := newParser(io.Discard, func(int) {})
	if err != nil {
		return err
	}
	write := map[string]func(io.Writer, *kong.Application){"bash": completeBash, "zsh": completeZsh, "fish": completeFish}[c.Shell]
	write(stdout, parser.Model)
	return nil
}

// completeBash writes a function that offers the flags of the command that
// has been typed, or of the default one, and commands where none has been.
func completeBash(w io.Writer, app *kong.Application) {
	names := commandNames(app)
	fmt.Fprintf(w, `_userd() {
	local cur=${COMP_WORDS[COMP_CWORD]} command= flags= word
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $word in %s) command=$word; break ;; esac
	done
	case $command in
`, strings.Join(names, "|"))
	for _, command := range app.Leaves(true) {
		pattern := command.Name
		if command == app.DefaultCmd {
			pattern = "''|" + pattern
		}
		fmt.Fprintf(w, "\t%s) flags='%s' ;;\n", pattern, strings.Join(flagNames(app, command), " "))
	}
	fmt.Fprintf(w, `	esac
	COMPREPLY=()
	case $cur in
	-*) COMPREPLY=($(compgen -W "$flags" -- "$cur")) ;;
	*) [ -n "$command" ] || COMPREPLY=($(compgen -W '%s' -- "$cur")) ;;
	esac
}
complete -o default -F _userd userd
`, strings.Join(names, " "))
}

// completeZsh has zsh use the function for bash.
func completeZsh(w io.Writer, app *kong.Application) {
	fmt.Fprint(w, "#compdef userd\nautoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n")
	completeBash(w, app)
}

func completeFish(w io.Writer, app *kong.Application) {
	for _, command := range app.Leaves(true) {
		fmt.Fprintf(w, "complete -c userd -n __fish_use_subcommand -a %s -d %s\n", command.Name, quote(command.Help))
		condition := "__fish_seen_subcommand_from " + command.Name
		if command == app.DefaultCmd {
			condition += "; or __fish_use_subcommand"
		}
		for _, f := range command.Flags {
			fmt.Fprintf(w, "complete -c userd -n '%s' -l %s -d %s\n", condition, f.Name, quote(f.Help))
		}
	}
}

// quote makes text one word of a shell's.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `\'`) + "'" }

func commandNames(app *kong.Application) (names []string) {
	for _, command := range app.Leaves(true) {
		names = append(names, command.Name)
	}
	return names
}

// flagNames are the flags of a command and of all.
func flagNames(app *kong.Application, command *kong.Node) (names []string) {
	for _, flags := range [][]*kong.Flag{command.Flags, app.Flags} {
		for _, f := range flags {
			names = append(names, "--"+f.Name)
		}
	}
	return names
}
