package userfile

import (
	"bufio"
	"encoding/csv"
	"io"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/userd/userd/service"
)

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
		service.FieldIsActive, service.FieldVersion, service.FieldCreatedAt, service.FieldUpdatedAt, service.FieldEmailVerifiedAt}
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
		timeText(&u.CreatedAt), timeText(&u.UpdatedAt), timeText(u.VerifiedAt())}
	quoted = []bool{true, true, true, true, false, false, true, true, true}
	if w.hashes {
		values, quoted = append(values, r.PasswordHash), append(quoted, true)
	}
	return values, quoted
}

// timeText writes a time, or nothing where there is none.
func timeText(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(service.TimeLayout)
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
			continue // without a password there is no hash, without a verification no time of it
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
