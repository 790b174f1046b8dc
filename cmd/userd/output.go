package main

import (
	"fmt"
	"io"
)

// output is the standard output, and whether all of it arrived: a key that went
// to a full disk is a failure, whatever else went well.
type output struct {
	w   io.Writer
	err error
}

// Write implements [io.Writer].
func (o *output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if err != nil && o.err == nil {
		o.err = fmt.Errorf("cannot write the output: %w", err)
	}
	return n, err
}
