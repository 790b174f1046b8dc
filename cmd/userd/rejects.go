package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/go-json-experiment/json"

	"github.com/userd/userd/service"
)

// maxShown bounds how many mistakes are shown where no file was named for them.
const maxShown = 100

// rejects writes what is wrong with refused rows, one JSON object a mistake,
// and nothing of what the rows hold.
type rejects struct {
	out   io.Writer
	most  int // 0: all
	wrote int
	whole int64 // bytes of whole lines in out
	// truncate cuts the file behind what it holds, where out is one of ours.
	truncate func(size int64) error
	err      error
}

// reject is one mistake in one row.
type reject struct {
	Line    int           `json:"line"`
	Field   service.Field `json:"field,omitempty"`
	Code    string        `json:"code"`
	Message string        `json:"message"`
}

// openRejects opens the file with this name, which must not exist; without a
// name the first mistakes go to stderr.
func openRejects(name string, stderr io.Writer) (*rejects, func() error, error) {
	if name == "" {
		return &rejects{out: stderr, most: maxShown}, func() error { return nil }, nil
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot create the file for refused rows: %w", err)
	}
	return &rejects{out: f, truncate: f.Truncate}, f.Close, nil
}

// add writes why the row in this line was refused.
func (r *rejects) add(line int, why error) {
	var invalid *service.InvalidInputError
	if errors.As(why, &invalid) {
		for _, f := range invalid.Fields {
			r.write(reject{line, f.Field, string(f.Code), f.Message})
		}
		return
	}
	field, message := service.FieldEmail, "Another user has this e-mail address."
	if errors.Is(why, &service.IDTakenError{}) {
		field, message = service.FieldID, "A user with this id is there already."
	}
	r.write(reject{line, field, string(service.CodeOf(why)), message})
}

func (r *rejects) write(m reject) {
	r.wrote++
	switch {
	case r.err != nil:
		return
	case r.most > 0 && r.wrote > r.most:
		if r.wrote == r.most+1 {
			fmt.Fprintln(r.out, "further mistakes are not shown; name a file for them with --rejects")
		}
		return
	}
	text, _ := json.Marshal(m) // texts of our own: cannot fail
	n, err := r.out.Write(append(text, '\n'))
	if err == nil {
		r.whole += int64(n)
		return
	}
	r.err = fmt.Errorf("cannot write the refused rows from line %d on: %w", m.Line, err)
	if r.truncate != nil { // the disk may have taken half a line
		r.err = errors.Join(r.err, r.truncate(r.whole))
	}
}
