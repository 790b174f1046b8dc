package service

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// problem is what is wrong with a value, before it is known which field has it.
type problem struct {
	code    FieldCode
	message string
}

// checker collects what is wrong with an input, at most one problem a field,
// so that a caller hears of all of them at once.
type checker struct {
	fields []FieldError
}

// add notes p, if it is one, for field, unless it has one already.
func (c *checker) add(field Field, p *problem) {
	noted := slices.ContainsFunc(c.fields, func(f FieldError) bool { return f.Field == field })
	if p != nil && !noted {
		c.fields = append(c.fields, FieldError{Field: field, Code: p.code, Message: p.message})
	}
}

// err returns nil, or an *InvalidInputError with all that was noted.
func (c *checker) err() error {
	if len(c.fields) == 0 {
		return nil
	}
	return &InvalidInputError{Fields: c.fields}
}

// invalid is the error for one wrong field.
func invalid(field Field, p *problem) error {
	return &InvalidInputError{Fields: []FieldError{{Field: field, Code: p.code, Message: p.message}}}
}

// bidiControl reports the characters that turn the direction of the text
// around them (Unicode TR9): they let one name look like another.
func bidiControl(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }

// unstorable reports what no text field may hold: control characters, line and
// paragraph separators, and what reorders the text around it.
func unstorable(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || bidiControl(r) || r == utf8.RuneError
}
