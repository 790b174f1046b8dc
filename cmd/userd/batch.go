package main

import (
	"context"
	"fmt"
	"io"

	"github.com/userd/userd/internal/userfile"
	"github.com/userd/userd/service"
)

// What a batch has at most. Passwords bound it because hashing them takes its
// time, for which an interrupted import would go on.
const (
	maxBatchBytes     = 8 << 20
	maxBatchPasswords = 100
)

// batch is a part of a file's rows that is imported at once.
type batch struct {
	inputs    []service.ImportInput
	lines     []int
	bytes     int64
	passwords int
	err       error // why no batch follows, unless it is the file's end
}

func (b *batch) full() bool {
	return len(b.inputs) == service.MaxImportRows || b.bytes >= maxBatchBytes || b.passwords >= maxBatchPasswords
}

func (b *batch) add(row userfile.Row, from int64) {
	b.inputs, b.lines = append(b.inputs, row.Input), append(b.lines, row.Line)
	b.bytes = row.Bytes - from
	if _, ok := row.Input.Password.Get(); ok {
		b.passwords++
	}
}

// batches reads rows in a goroutine of its own, at most two batches ahead,
// until ctx ends.
func batches(ctx context.Context, rows userfile.Reader) <-chan *batch {
	out := make(chan *batch)
	go func() {
		defer close(out)
		var read int64
		for more := true; more; {
			b := readBatch(rows, read)
			read += b.bytes
			more = b.full() && b.err == nil
			select {
			case out <- b:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// readBatch reads rows until the batch is full or there are no more.
func readBatch(rows userfile.Reader, from int64) *batch {
	b := &batch{}
	for !b.full() {
		row, err := rows.Read()
		if err != nil {
			if err != io.EOF {
				b.err = fmt.Errorf("cannot read on: %w", err)
			}
			return b
		}
		b.add(row, from)
	}
	return b
}
