// Command userd serves the users of an application over GraphQL and REST.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// Exit statuses of the process.
const (
	exitOK      = 0
	exitFailure = 1 // it was asked for something sensible and could not do it
	exitUsage   = 2 // it was asked for something that makes no sense
)

// run does what the command line args ask for and returns the exit status.
// The first SIGINT or SIGTERM ends ctx; a second one ends the process at once.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // from now on the signals have their usual effect

	out := &output{w: stdout}
	command, err := parse(args, environ, stdout)
	if err != nil {
		fmt.Fprintf(stderr, "userd: %v\n", err)
		return exitUsage
	}
	if err = cmp.Or(command(ctx, out, stderr), out.err); err == nil {
		return exitOK
	}
	fmt.Fprintf(stderr, "userd: %v\n", err)
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	return exitFailure
}

// usageError is the error of a command that was asked for something that makes
// no sense, which it could not know before it ran.
type usageError struct{ error }
