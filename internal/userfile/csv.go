package userfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/userd/userd/service"
)

// csvReader reads CSV with a header that names the columns, in any order. An
// empty cell says nothing.
type csvReader struct {
	lines   *lineReader
	columns []service.Field
}

func newCSVReader(r io.Reader) (*csvReader, error) {
	c := &csvReader{lines: newLineReader(r)}
	text, _, whole, err := c.record()
	if err == io.EOF {
		return nil, errors.New("the file is empty; a CSV file begins with a header")
	}
	if err != nil {
		return nil, err
	}
	cells, ok := parseRecord(text)
	if !ok || !whole {
		return nil, errors.New("the file does not begin with a CSV header")
	}
	return c, c.setColumns(cells)
}

func (c *csvReader) setColumns(names []string) error {
	for _, name := range names {
		f := service.Field(name)
		if !known(f) {
			return fmt.Errorf("there is no column %q; columns are separated by commas", service.Harmless(name))
		}
		if slices.Contains(c.columns, f) {
			return fmt.Errorf("the column %s is there twice", f)
		}
		c.columns = append(c.columns, f)
	}
	for _, f := range []service.Field{service.FieldEmail, service.FieldFirstName, service.FieldLastName} {
		if !slices.Contains(c.columns, f) {
			return fmt.Errorf("the column %s is missing", f)
		}
	}
	return nil
}

func (c *csvReader) Read() (Row, error) {
	text, line, whole, err := c.record()
	if err != nil {
		return Row{}, err
	}
	row := Row{Line: line, Bytes: c.lines.bytes, Input: tooLong()}
	if whole {
		row.Input = c.parse(text)
	}
	return row, nil
}

// record returns the text of the next line that is not blank. No field may have
// a line break in it, so that a row is a line: a quote that is never closed then
// costs its own row and none of those behind it.
func (c *csvReader) record() (text []byte, line int, whole bool, err error) {
	for len(text) == 0 {
		if text, whole, err = c.lines.next(); err != nil || !whole {
			return nil, c.lines.line, whole, err
		}
	}
	return text, c.lines.line, true, nil
}

// parseRecord takes a record apart.
func parseRecord(text []byte) (cells []string, ok bool) {
	if !bytes.ContainsRune(text, '"') {
		return strings.Split(string(text), ","), true
	}
	r := csv.NewReader(bytes.NewReader(text))
	cells, err := r.Read()
	return cells, err == nil
}

func (c *csvReader) parse(text []byte) (in service.ImportInput) {
	cells, ok := parseRecord(text)
	switch {
	case !ok:
		mistake(&in, "", service.FieldInvalid, "A cell with quotes in it stands in quotes, they are doubled, and all of it is on one line.")
		return in
	case len(cells) != len(c.columns):
		mistake(&in, "", service.FieldInvalid, "A row has as many cells as the header.")
		return in
	}
	for i, f := range c.columns {
		if cells[i] != "" {
			setCell(&in, f, cells[i])
		}
	}
	return in
}

func setCell(in *service.ImportInput, f service.Field, cell string) {
	switch f {
	case service.FieldIsActive:
		text := strings.ToLower(cell) // spreadsheets write TRUE
		if text != "true" && text != "false" {
			mistake(in, f, service.FieldInvalid, "This field must be true or false.")
			return
		}
		in.IsActive = service.Some(text == "true")
	case service.FieldVersion:
		n, err := strconv.ParseInt(cell, 10, 64)
		if err != nil {
			mistake(in, f, service.FieldInvalid, "This field must be a whole number.")
			return
		}
		in.Version = service.Some(n)
	default:
		setters[f](in, service.Some(cell))
	}
}
