package userfile

import (
	"fmt"
	"io"
	"slices"

	"github.com/userd/userd/service"
)

// Format is a form that users are written in.
type Format string

// The formats.
const (
	NDJSON Format = "ndjson"
	CSV    Format = "csv"
)

// MaxRow is the most bytes that a row may have.
const MaxRow = 64 * 1024

// Row is one row of a file.
type Row struct {
	// Line is where the row begins; the first line is 1.
	Line int
	// Bytes is how much of the file has been read when the row has been.
	Bytes int64
	// Input is what the row says, with what is wrong with its form.
	Input service.ImportInput
}

// Reader reads the rows of a file.
type Reader interface {
	// Read returns the next row, io.EOF after the last one, or what is wrong
	// with the file as a whole.
	Read() (Row, error)
}

// NewReader returns a reader of the rows of a file. For a CSV file whose first
// row is no good header it returns an error of one sentence.
func NewReader(r io.Reader, f Format) (Reader, error) {
	if f == CSV {
		return newCSVReader(r)
	}
	return &ndjsonReader{lines: newLineReader(r)}, nil
}

// setters take the text that a row has in the column of this name.
var setters = map[service.Field]func(*service.ImportInput, service.Optional[string]){
	service.FieldID:              func(in *service.ImportInput, s service.Optional[string]) { in.ID = s },
	service.FieldEmail:           func(in *service.ImportInput, s service.Optional[string]) { in.Email = s },
	service.FieldFirstName:       func(in *service.ImportInput, s service.Optional[string]) { in.FirstName = s },
	service.FieldLastName:        func(in *service.ImportInput, s service.Optional[string]) { in.LastName = s },
	service.FieldPassword:        func(in *service.ImportInput, s service.Optional[string]) { in.Password = s },
	service.FieldPasswordHash:    func(in *service.ImportInput, s service.Optional[string]) { in.PasswordHash = s },
	service.FieldCreatedAt:       func(in *service.ImportInput, s service.Optional[string]) { in.CreatedAt = s },
	service.FieldUpdatedAt:       func(in *service.ImportInput, s service.Optional[string]) { in.UpdatedAt = s },
	service.FieldEmailVerifiedAt: func(in *service.ImportInput, s service.Optional[string]) { in.EmailVerifiedAt = s },
}

// known tells whether there is a column of this name.
func known(f service.Field) bool {
	return setters[f] != nil || f == service.FieldIsActive || f == service.FieldVersion
}

// maxMistakes bounds how many mistakes are noted of a row, so that a short file
// cannot make a long report.
const maxMistakes = 20

// mistake notes what is wrong with a field of a row, or with the row as a whole
// where there is no field.
func mistake(in *service.ImportInput, f service.Field, code service.FieldCode, message string) {
	noted := slices.ContainsFunc(in.Mistakes, func(have service.FieldError) bool { return have.Field == f })
	if noted || len(in.Mistakes) == maxMistakes {
		return
	}
	in.Mistakes = append(in.Mistakes, service.FieldError{Field: f, Code: code, Message: message})
}

// tooLong is the input that a row is which is not read to its end.
func tooLong() (in service.ImportInput) {
	mistake(&in, "", service.FieldTooLong, fmt.Sprintf("A row has at most %d bytes.", MaxRow))
	return in
}
