package main

import (
	"context"
	"fmt"
	"io"

	"github.com/userd/userd/internal/userfile"
	"github.com/userd/userd/service"
)

// seedRows are the users that a server for tests begins with.
type seedRows []*batch

// readSeed reads a file of users as userd import does.
func readSeed(name string) (seedRows, error) {
	in, _, err := openInput(name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	rows, err := userfile.NewReader(in, formatSetting{}.of(name))
	if err != nil {
		return nil, usageError{fmt.Errorf("cannot read %s: %w", name, err)}
	}
	var all seedRows
	for read, more := int64(0), true; more; {
		b := readBatch(rows, read)
		if b.err != nil {
			return nil, usageError{fmt.Errorf("cannot read %s: %w", name, b.err)}
		}
		all = append(all, b)
		read, more = read+b.bytes, b.full()
	}
	return all, nil
}

// importInto creates the users. When some of them are refused it says why, on
// stderr, as userd import does.
func (s seedRows) importInto(ctx context.Context, svc *service.Service, stderr io.Writer) error {
	ctx = service.WithActor(ctx, service.OperatorActor("userd serve"))
	wrong := &rejects{out: stderr, most: maxShown}
	for _, b := range s {
		results, err := svc.Import(ctx, b.inputs, service.ImportOptions{OnConflict: service.ConflictFail})
		if err != nil {
			return fmt.Errorf("the seed: %w", err)
		}
		for n, r := range results {
			if r.Err != nil {
				wrong.add(b.lines[n], r.Err)
			}
		}
	}
	if wrong.wrote > 0 {
		return usageError{fmt.Errorf("the seed has mistakes: %d", wrong.wrote)}
	}
	return nil
}
