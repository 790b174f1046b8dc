package userfile

import (
	"bufio"
	"encoding/csv"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/userd/userd/service"
)

// timeLayout is RFC 3339 in UTC with all the microseconds that are kept.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// Writer writes users so that a [Reader] reads the same ones.
type Writer struct {
	buf    *bufio.Writer
	csv    *csv.Writer // nil for NDJSON
	hashes bool
	line   []byte
}

// NewWriter returns a writer to w. Only with hashes the file has the users'
// password hashes. Nothing is certain to be written before Flush.
func NewWriter(w io.Writer, f Format, hashes bool) (*Writer, error) {
	out := &Writer{buf: bufio.NewWriterSize(w, 64*1024), hashes: hashes}
	if f != CSV {
		return out, nil
	}
	out.csv = csv.NewWriter(out.buf)
	return out, out.csv.Write(out.names())
}

// names are those of the columns.
func (w *Writer) names() []string {
	names := []service.Field{service.FieldID, service.FieldEmail, service.FieldFirstName, service.FieldLastName,
		service.FieldIsActive, service.FieldVersion, service.FieldCreatedAt, service.FieldUpdatedAt}
	if w.hashes {
		names = append(names, service.FieldPasswordHash)
	}
	texts := make([]string, len(names))
	for i, n := range names {
		texts[i] = string(n)
	}
	return texts
}

// values are what the columns have of r, and whether each is a string in JSON.
func (w *Writer) values(r *service.Record) (values []string, quoted []bool) {
	u := &r.User
	values = []string{u.ID.String(), u.Email, u.FirstName, u.LastName,
		strconv.FormatBool(u.IsActive), strconv.Itoa(int(u.Version)),
		u.CreatedAt.UTC().Format(timeLayout), u.UpdatedAt.UTC().Format(timeLayout)}
	quoted = []bool{true, true, true, true, false, false, true, true}
	if w.hashes {
		values, quoted = append(values, r.PasswordHash), append(quoted, true)
	}
	return values, quoted
}

// Write writes one user.
func (w *Writer) Write(r service.Record) error {
	values, quoted := w.values(&r)
	if w.csv != nil {
		return w.csv.Write(values)
	}
	line := append(w.line[:0], '{')
	for i, name := range w.names() {
		if values[i] == "" {
			continue // a user without a password has no hash
		}
		if i > 0 {
			line = append(line, ',')
		}
		line = append(append(append(line, '"'), name...), '"', ':')
		if quoted[i] {
			line, _ = jsontext.AppendQuote(line, values[i]) // for ill-formed UTF-8, which is not stored, it appends U+FFFD
		} else {
			line = append(line, values[i]...)
		}
	}
	w.line = append(line, '}', '\n')
	_, err := w.buf.Write(w.line)
	return err
}

// Flush writes what is still in memory.
func (w *Writer) Flush() error {
	if w.csv != nil {
		w.csv.Flush()
		if err := w.csv.Error(); err != nil {
			return err
		}
	}
	return w.buf.Flush()
}
