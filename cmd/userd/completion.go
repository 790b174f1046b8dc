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

// completeBash writes a function that finds out which command has been typed so
// far, and offers its flags, or those of the default command where none has
// been, and the commands below it. zsh has to understand it, too: a length that
// begins with a letter it takes for a modifier.
func completeBash(w io.Writer, app *kong.Application) {
	var cases strings.Builder
	var typed []string
	for _, n := range withCommandsBelow(app.Node) {
		words := quote(strings.TrimPrefix(n.FullPath(), app.Name)) // with a space before each
		if n != app.Node {
			typed = append(typed, words)
		}
		fmt.Fprintf(&cases, "\t%s) below='%s' flags='%s' ;;\n", words, commandNames(n), strings.Join(flagNames(app, n), " "))
	}
	fmt.Fprintf(w, `_userd() {
	local cur=${COMP_WORDS[COMP_CWORD]} command= below= flags= word
	for word in "${COMP_WORDS[@]:1:$((COMP_CWORD-1))}"; do
		case "$command $word" in %s) command="$command $word" ;; esac
	done
	case $command in
%s	esac
	case $cur in
	-*) COMPREPLY=($(compgen -W "$flags" -- "$cur")) ;;
	*) COMPREPLY=($(compgen -W "$below" -- "$cur")) ;;
	esac
}
complete -o default -F _userd userd
`, strings.Join(typed, "|"), cases.String())
}

// completeZsh has zsh use the function for bash.
func completeZsh(w io.Writer, app *kong.Application) {
	fmt.Fprint(w, "#compdef userd\nautoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n")
	completeBash(w, app)
}

func completeFish(w io.Writer, app *kong.Application) {
	for _, n := range withCommandsBelow(app.Node)[1:] {
		fmt.Fprintf(w, "complete -c userd -n '%s' -a %s -d %s\n", nextInFish(n.Parent), n.Name, quote(n.Help))
		condition := typedInFish(n)
		if n == app.DefaultCmd {
			condition += "; or __fish_use_subcommand"
		}
		for _, f := range n.Flags {
			fmt.Fprintf(w, "complete -c userd -n '%s' -l %s -d %s\n", condition, f.Name, quote(f.Help))
		}
	}
}

// typedInFish is fish's condition for a command having been typed.
func typedInFish(n *kong.Node) string {
	return "__fish_seen_subcommand_from " + strings.Join(strings.Fields(n.Path()), "; and __fish_seen_subcommand_from ")
}

// nextInFish is fish's condition for a command below n being next.
func nextInFish(n *kong.Node) string {
	if n.Type == kong.ApplicationNode {
		return "__fish_use_subcommand"
	}
	return typedInFish(n) + "; and not __fish_seen_subcommand_from " + commandNames(n)
}

// quote makes text one word of a shell's.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `\'`) + "'" }

// withCommandsBelow are a command and all below it, but hidden ones.
func withCommandsBelow(n *kong.Node) []*kong.Node {
	all := []*kong.Node{n}
	for _, child := range n.Children {
		if !child.Hidden {
			all = append(all, withCommandsBelow(child)...)
		}
	}
	return all
}

// commandNames are the commands that can follow n, with spaces between.
func commandNames(n *kong.Node) string {
	var names []string
	for _, child := range n.Children {
		if !child.Hidden {
			names = append(names, child.Name)
		}
	}
	return strings.Join(names, " ")
}

// flagNames are the flags of a command and of all. Where no command has been
// typed they are those of the default one.
func flagNames(app *kong.Application, n *kong.Node) (names []string) {
	if n == app.Node {
		n = app.DefaultCmd
	}
	for _, flags := range [][]*kong.Flag{n.Flags, app.Flags} {
		for _, f := range flags {
			names = append(names, "--"+f.Name)
		}
	}
	return names
}
