package userfile

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/userd/userd/service"
)

// ndjsonReader reads one JSON object a line; blank lines do not count.
type ndjsonReader struct {
	lines *lineReader
	dec   jsontext.Decoder
}

func (r *ndjsonReader) Read() (Row, error) {
	for {
		line, whole, err := r.lines.next()
		if err != nil {
			return Row{}, err
		}
		if len(bytes.TrimSpace(line)) == 0 && whole {
			continue
		}
		row := Row{Line: r.lines.line, Bytes: r.lines.bytes, Input: tooLong()}
		if whole {
			row.Input = r.parse(line)
		}
		return row, nil
	}
}

// parse reads a row. jsontext does the hard part: it refuses duplicate names,
// ill-formed UTF-8 and nesting beyond a bound, and compares names exactly.
func (r *ndjsonReader) parse(line []byte) (in service.ImportInput) {
	r.dec.Reset(bytes.NewBuffer(line))
	token, err := r.dec.ReadToken()
	if err == nil && token.Kind() != '{' {
		err = errors.New("not an object")
	}
	for err == nil && r.dec.PeekKind() == '"' {
		err = r.member(&in)
	}
	if err == nil {
		_, err = r.dec.ReadToken() // the object's end
	}
	if err == nil {
		if _, err = r.dec.ReadToken(); err == io.EOF {
			return in
		}
	}
	in = service.ImportInput{}
	mistake(&in, "", service.FieldInvalid, "A line is one JSON object, in UTF-8, with no name given twice.")
	return in
}

func (r *ndjsonReader) member(in *service.ImportInput) error {
	token, err := r.dec.ReadToken()
	if err != nil {
		return err
	}
	name := service.Field(token.String())
	value, err := r.dec.ReadValue()
	if err != nil {
		return err
	}
	if set := setters[name]; set != nil {
		takeText(in, name, value, set)
		return nil
	}
	switch name {
	case service.FieldIsActive:
		takeBool(in, value)
	case service.FieldVersion:
		takeNumber(in, value)
	default:
		mistake(in, service.Field(service.Harmless(string(name))), service.FieldUnknown, "There is no such field.")
	}
	return nil
}

func takeText(in *service.ImportInput, f service.Field, value jsontext.Value, set func(*service.ImportInput, service.Optional[string])) {
	switch value.Kind() {
	case 'n':
		set(in, service.Null[string]())
	case '"':
		text, _ := jsontext.AppendUnquote(nil, value) // the decoder has looked at it
		set(in, service.Some(string(text)))
	default:
		mistake(in, f, service.FieldInvalid, "This field must be a string.")
	}
}

func takeBool(in *service.ImportInput, value jsontext.Value) {
	switch kind := value.Kind(); kind {
	case 'n':
		in.IsActive = service.Null[bool]()
	case 't', 'f':
		in.IsActive = service.Some(kind == 't')
	default:
		mistake(in, service.FieldIsActive, service.FieldInvalid, "This field must be true or false.")
	}
}

func takeNumber(in *service.ImportInput, value jsontext.Value) {
	n, err := strconv.ParseInt(string(value), 10, 64)
	switch {
	case value.Kind() == 'n':
		in.Version = service.Null[int64]()
	case err == nil:
		in.Version = service.Some(n)
	default:
		mistake(in, service.FieldVersion, service.FieldInvalid, "This field must be a whole number.")
	}
}
